// `Delivery`: the sending half: takes batches from the recorder's queue and gives them to the sink, in one place at a time.
//
// Driven by the client's loop: `step` does what is due and says how long to wait. What the sink neither acknowledged nor
// rejected stays in the batch and is offered again. Its counts are the exact fate of every event that was queued. Guarded
// by its own mutexes, so that `stats()` sees no event twice or never. Source: EVENTS.md, "Producing".
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <string>

#include "expplat/base/clock.hpp"
#include "expplat/config.hpp"
#include "expplat/exposure/batcher.hpp"
#include "expplat/exposure/queue.hpp"
#include "expplat/exposure/sink.hpp"

namespace expplat::runtime {

class Delivery {
public:
    struct Counts {
        std::uint64_t acknowledged = 0;
        std::uint64_t dead_lettered = 0;
        std::uint64_t dropped_shutdown = 0;
        std::uint64_t batches = 0;
        std::uint64_t failed = 0;
    };

    Delivery(std::unique_ptr<exposure::EventSink> sink, exposure::EventQueue& queue, const Config& config,
             std::shared_ptr<const Clock> clock);

    /// Sends what is due (`everything`: what is queued, due or not) and returns in how many milliseconds to look again.
    [[nodiscard]] std::int64_t step(bool everything);

    /// Nothing is queued or waits to be offered again.
    [[nodiscard]] bool idle() const;

    /// Counts what is left as dropped. Nothing is sent any more.
    void abandon();

    /// Counts, and how many events were ever queued, at one moment.
    [[nodiscard]] Counts counts(exposure::EventQueue::Totals& totals) const;

    /// Held over a fork, so that the child's copy is whole: first `delivering()`, then `mutex()`.
    [[nodiscard]] std::mutex& delivering() noexcept { return delivering_; }
    [[nodiscard]] std::mutex& mutex() noexcept { return mutex_; }
    /// Forgets the parent's batch and counts. The caller holds both.
    void reset_after_fork();

private:
    void log_overflow();
    void take_batch();
    bool offer();
    [[nodiscard]] exposure::EventId make_id(std::int64_t time_ms);

    exposure::EventQueue& queue_;
    std::shared_ptr<const Clock> clock_;
    Logger logger_;
    std::size_t batch_events_;

    std::mutex delivering_;  // guards what only a step uses; held while the sink works
    std::unique_ptr<exposure::EventSink> sink_;
    exposure::Batcher batcher_;
    exposure::Batch batch_;  // taken from the queue; its last `waiting_` events are to be offered
    std::mt19937_64 random_;
    std::uint64_t logged_refused_ = 0;
    std::int64_t overflow_logged_at_ms_ = 0;

    mutable std::mutex mutex_;  // guards what others look at; taken after `delivering_`
    std::size_t waiting_ = 0;
    Counts counts_;
    bool abandoned_ = false;
};

}  // namespace expplat::runtime
