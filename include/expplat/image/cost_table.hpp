// `CostTable`: what was proved so far about the work of an image's entities.
//
// Made by `verify` for the time that it goes through an image, and used by it alone. It allocates once, 24 bytes an entity.
// Next: `verify.hpp`.
#pragma once

#include <cstddef>
#include <cstdint>

#include "expplat/image/layout.hpp"

namespace expplat::image {

/// What an evaluation of one entity or segment may cost.
struct Cost {
    std::uint64_t steps = 0;  // saturating at `limits::steps` + 1
    std::uint32_t depth = 0;  // calls that may be open at once
    bool patterns = false;    // it reaches a `matches`
};

/// Keeps the cost of what was verified, by offset, for what refers to it. The costs live in the image's own
/// order, so a lower offset is always known.
class CostTable {
public:
    explicit CostTable(std::size_t entries) : entries_(new Entry[entries > 0 ? entries : 1]) {}
    CostTable(const CostTable&) = delete;
    CostTable& operator=(const CostTable&) = delete;
    ~CostTable() { delete[] entries_; }

    void add(Offset offset, const Cost& cost) noexcept { entries_[count_++] = {offset, cost}; }

    /// The cost of what starts exactly there, or null.
    [[nodiscard]] const Cost* find(Offset offset) const noexcept {
        std::size_t low = 0;
        std::size_t high = count_;
        while (low < high) {
            const std::size_t middle = low + (high - low) / 2;
            if (entries_[middle].offset < offset) low = middle + 1;
            else high = middle;
        }
        return low < count_ && entries_[low].offset == offset ? &entries_[low].cost : nullptr;
    }

private:
    struct Entry {
        Offset offset = 0;
        Cost cost;
    };
    Entry* entries_;
    std::size_t count_ = 0;
};

}  // namespace expplat::image
