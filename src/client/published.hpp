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
#include <optional>
#include <utility>
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
    /// The same; and the image's memory, where this was the last reference.
    [[nodiscard]] std::optional<image::Buffer> release_memory() noexcept {
        if (references.fetch_sub(1, std::memory_order_acq_rel) != 1) return {};
        std::optional<image::Buffer> memory = std::move(image).take_buffer();
        delete this;
        return memory;
    }
};

class Publication {
public:
    /// `keeps_spare`: images are made one after the other, so the memory of one that is freed is kept for the next.
    explicit Publication(bool keeps_spare) noexcept : keeps_spare_(keeps_spare) {}
    Publication(const Publication&) = delete;
    Publication& operator=(const Publication&) = delete;
    /// Nobody may be reading any more.
    ~Publication();

    /// The current ruleset, or null. Under a `ReadGuard`, and valid as long as that.
    [[nodiscard]] const Published* current() const noexcept {
        return current_.load(std::memory_order_seq_cst);
    }

    /// Makes it the current one and frees replaced ones that nobody reads. Writer only.
    void publish(Published* next);
    /// Frees replaced rulesets that nobody reads any more. Writer only.
    void reclaim();
    /// The memory of the one that was freed last; nothing where none is kept. Writer only.
    [[nodiscard]] std::optional<image::Buffer> take_spare() noexcept {
        return std::exchange(spare_, std::nullopt);
    }
    /// Rulesets that are allocated: the current one, and replaced ones that a reader or a snapshot still holds.
    [[nodiscard]] std::uint64_t live() const noexcept { return live_->load(std::memory_order_relaxed); }
    [[nodiscard]] const std::shared_ptr<LiveCount>& counter() const noexcept { return live_; }

    /// A number for the next `Published`: never 0, unique in the process until 2^32 rulesets later.
    [[nodiscard]] static std::uint32_t next_serial() noexcept;

private:
    struct Retired {
        Published* published;
        std::uint64_t epoch;
    };

    std::atomic<Published*> current_{nullptr};
    std::vector<Retired> retired_;
    std::optional<image::Buffer> spare_;
    bool keeps_spare_;
    std::shared_ptr<LiveCount> live_ = std::make_shared<LiveCount>(0);
};

}  // namespace expplat::runtime
