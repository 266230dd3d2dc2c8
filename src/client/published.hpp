// `Published`: one adopted ruleset with everything an evaluation needs; `Publication`: the place where the current one
// stands, and where replaced ones wait until nobody reads them.
//
// One writer at a time (the caller holds a lock), any number of wait-free readers under a `ReadGuard`. A `Snapshot` holds a
// counted reference; readers hold none.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "expplat/eval/pattern.hpp"
#include "expplat/image/image.hpp"
#include "src/client/epoch.hpp"
#include "src/ruleset/pattern_table.hpp"

namespace expplat::runtime {

struct Published {
    Published(image::Image adopted, const ruleset::PatternTable* before, std::uint32_t serial_number)
        : image(std::move(adopted)),
          view(image.view()),
          table(view, before),
          patterns(table.patterns()),
          serial(serial_number) {}

    image::Image image;
    image::View view;
    ruleset::PatternTable table;
    eval::Patterns patterns;
    std::uint32_t serial;                              // of all rulesets of the process; never 0
    mutable std::atomic<std::uint32_t> references{1};  // the publication's own, and those of snapshots

    void hold() const noexcept { references.fetch_add(1, std::memory_order_relaxed); }
    void release() const noexcept {
        if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            live_count.fetch_sub(1, std::memory_order_relaxed);
            delete this;
        }
    }
    static std::atomic<std::uint64_t> live_count;  // of the process, for tests
};

class Publication {
public:
    Publication() = default;
    Publication(const Publication&) = delete;
    Publication& operator=(const Publication&) = delete;
    /// Nobody may be reading any more.
    ~Publication();

    /// The current ruleset, or null. Under a `ReadGuard`, and valid as long as that.
    [[nodiscard]] const Published* current() const noexcept {
        return current_.load(std::memory_order_seq_cst);
    }

    /// Makes it the current one and frees replaced ones that nobody reads. Writer only.
    void publish(const Published* next);
    /// Frees replaced rulesets that nobody reads any more. Writer only.
    void reclaim();
    /// Rulesets that are still allocated on behalf of this publication, pinned ones aside. Writer only.
    [[nodiscard]] std::size_t live() const noexcept {
        return retired_.size() + (current_.load(std::memory_order_relaxed) != nullptr);
    }

    /// A number for the next `Published`: never 0, unique in the process until 2^32 rulesets later.
    [[nodiscard]] static std::uint32_t next_serial() noexcept;

private:
    struct Retired {
        const Published* published;
        std::uint64_t epoch;
    };

    std::atomic<const Published*> current_{nullptr};
    std::vector<Retired> retired_;
};

}  // namespace expplat::runtime
