// `Recorder`: takes note of exposures and track events on the threads that evaluate.
//
// It deduplicates, copies into the queue, and counts; the loop (`delivery.hpp`) does the rest. No allocation once a
// thread has recorded its first event. Thread-safe. Source: EVENTS.md, "Producing".
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/base/clock.hpp"
#include "expplat/base/user.hpp"
#include "expplat/eval/evaluate.hpp"
#include "expplat/exposure/dedupe.hpp"
#include "expplat/exposure/queue.hpp"

namespace expplat::runtime {

class Recorder {
public:
    struct Limits {
        std::size_t queue_events = limits::queue_events;
        std::size_t wake_at_events = limits::batch_events;
        std::int64_t dedupe_window_ms = limits::dedupe_window_ms;
        std::pmr::memory_resource* memory = nullptr;  // of the queue; null: `new`
    };

    Recorder(const Limits& limits, const std::vector<std::string>& attributes,
             std::shared_ptr<const Clock> clock);

    /// Records what `answer` says must be counted, unless it was lately. True: the loop should be woken. `stripe` spreads
    /// the counters of threads.
    bool exposure(const image::View& view, const eval::Answer& answer, const User& user,
                  std::uint32_t stripe) noexcept;
    /// True: the loop should be woken.
    bool track(std::string_view environment, std::string_view event, const User& user,
               std::optional<double> value, std::string_view properties) noexcept;

    [[nodiscard]] std::uint64_t deduplicated() const noexcept;
    [[nodiscard]] exposure::EventQueue& queue() noexcept { return queue_; }
    [[nodiscard]] const exposure::EventQueue& queue() const noexcept { return queue_; }
    void reset_counts() noexcept;

private:
    [[nodiscard]] std::string_view attributes_json(const User& user) const;
    bool push(const exposure::Event& event) noexcept;

    static constexpr std::size_t stripes = 16;
    struct alignas(64) Counter {
        std::atomic<std::uint64_t> count{0};
    };

    std::size_t wake_at_events_;
    std::shared_ptr<const Clock> clock_;
    std::vector<std::string> attributes_;
    exposure::DedupeTable dedupe_;
    exposure::EventQueue queue_;
    std::array<Counter, stripes> deduplicated_;
};

}  // namespace expplat::runtime
