// Sets of strings: whether a text is in one, by its hash and then its bytes.
//
// The lists of targets, segments and `in` are such sets. Pure. Used by `eval/condition.hpp` and `eval/evaluate.hpp`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "expplat/base/bytes.hpp"
#include "expplat/base/inline.hpp"
#include "expplat/eval/text.hpp"
#include "expplat/image/view.hpp"

namespace expplat::eval {

using image::array_at;
using image::at;
using image::text_at;

/// `find_in` for sets that are folded or have slots.
EXPPLAT_NOINLINE inline const image::SetEntry* find_in_large(const std::byte* base,
                                                             const image::StringSet& set,
                                                             std::string_view text,
                                                             std::uint64_t hash) noexcept {
    const auto* const entries = reinterpret_cast<const image::SetEntry*>(base + set.entries);
    if (set.order == image::SetOrder::folded) {
        std::uint32_t low = 0;
        std::uint32_t high = set.count;
        while (low < high) {
            const std::uint32_t middle = low + (high - low) / 2;
            const int order = compare_folded(text_at(base, entries[middle].text), text);
            if (order == 0) return &entries[middle];
            if (order < 0) low = middle + 1;
            else high = middle;
        }
        return nullptr;
    }
    const auto* const slots = reinterpret_cast<const std::uint32_t*>(base + set.slots);
    for (auto slot = static_cast<std::uint32_t>(hash) & set.slot_mask;; slot = (slot + 1) & set.slot_mask) {
        if (slots[slot] == 0) return nullptr;
        const image::SetEntry& entry = entries[slots[slot] - 1];
        if (entry.hash == hash && same_bytes(text_at(base, entry.text), text)) return &entry;
    }
}

/// The entry of that text, or null. `hash` is `hash64(text)`; a folded set does not use it.
EXPPLAT_INLINE const image::SetEntry* find_in(const std::byte* base, const image::StringSet& set,
                                              std::string_view text, std::uint64_t hash) noexcept {
    if (set.order == image::SetOrder::folded || set.slots != 0) return find_in_large(base, set, text, hash);
    // All hashes are compared, without a branch for each: where a match stands is random, so it would be guessed wrong.
    // The hashes of a set without slots differ.
    const auto* const entries = reinterpret_cast<const image::SetEntry*>(base + set.entries);
    const image::SetEntry* found = nullptr;
    for (std::uint32_t i = 0; i < set.count; ++i) found = entries[i].hash == hash ? &entries[i] : found;
    return found != nullptr && same_bytes(text_at(base, found->text), text) ? found : nullptr;
}

}  // namespace expplat::eval
