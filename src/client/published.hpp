// `Published`: one adopted ruleset with everything an evaluation needs; `Publication`: the place where the current one
// stands, and where replaced ones wait until nobody reads them.
//
// One writer at a time (the caller holds a lock), any number of wait-free readers under a `ReadGuard`. A `Snapshot` holds a
// counted reference; readers hold none.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "expplat/eval/pattern.hpp"
#include "expplat/image/image.hpp"
#include "src/client/epoch.hpp"
#include "src/ruleset/pattern_table.hpp"

namespace expplat::runtime {

/// How many rulesets of one publication are allocated, whoever holds them.
using LiveCount = std::atomic<std::uint64_t>;

struct Published {
    Published(std::shared_ptr<LiveCount> count, image::Image adopted, const ruleset::PatternTable* before,
              std::uint32_t serial_number, bool is_ready)
        : live(std::move(count)),
          image(std::move(adopted)),
          view(image.view()),
          table(view, before),
          patterns(table.patterns()),
          serial(serial_number),
          ready(is_ready) {
        live->fetch_add(1, std::memory_order_relaxed);
    }
    ~Published() { live->fetch_sub(1, std::memory_order_relaxed); }
    Published(const Published&) = delete;
    Published& operator=(const Published&) = delete;

    std::shared_ptr<LiveCount> live;  // of its publication
    image::Image image;
    image::View view;
    ruleset::PatternTable table;
    eval::Patterns patterns;
    std::uint32_t serial;                              // of all rulesets of the process; never 0
    bool ready;                                        // false: stands in until there is a ruleset
    mutable std::atomic<std::uint32_t> references{1};  // the publication's own, and those of snapshots

    void hold() const noexcept { references.fetch_add(1, std::memory_order_relaxed); }
    void release() const noexcept {
        if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }
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
    /// Rulesets that are allocated: the current one, and replaced ones that a reader or a snapshot still holds.
    [[nodiscard]] std::uint64_t live() const noexcept { return live_->load(std::memory_order_relaxed); }
    [[nodiscard]] const std::shared_ptr<LiveCount>& counter() const noexcept { return live_; }

    /// A number for the next `Published`: never 0, unique in the process until 2^32 rulesets later.
    [[nodiscard]] static std::uint32_t next_serial() noexcept;

private:
    struct Retired {
        const Published* published;
        std::uint64_t epoch;
    };

    std::atomic<const Published*> current_{nullptr};
    std::vector<Retired> retired_;
    std::shared_ptr<LiveCount> live_ = std::make_shared<LiveCount>(0);
};

}  // namespace expplat::runtime
