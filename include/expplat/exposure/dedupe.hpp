// `DedupeTable`: which exposures were recorded lately.
//
// An exposure is recorded once for each (experiment, unit) and window; a change of variant always is. Fixed size: a
// full table forgets its oldest and may record again, never fewer. Lock-free, for many threads; of two threads that
// come at once with the same exposure one records. Used by the client's recorder. Source: EVENTS.md, "Producing".
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "expplat/base/hash.hpp"

namespace expplat::exposure {

class DedupeTable {
public:
    /// `entries` is rounded up to a power of two; `window_ms` of 0 or less records everything.
    DedupeTable(std::size_t entries, std::int64_t window_ms)
        : sets_(std::bit_ceil(entries < ways ? std::size_t{1} : entries / ways)),
          window_s_(window_ms <= 0 ? 0 : static_cast<std::uint32_t>((window_ms + 999) / 1000 + 1)),
          entries_(std::make_unique<Set[]>(sets_)) {}

    /// True where the exposure must be recorded now. `subject` identifies experiment and unit, `variant` the
    /// variant, both as 64-bit hashes; `now_ms` is a steady time.
    [[nodiscard]] bool admit(std::uint64_t subject, std::uint64_t variant, std::int64_t now_ms) noexcept {
        if (window_s_ == 0) return true;
        const std::uint64_t identity = subject != 0 ? subject : 1;
        const auto now_s = static_cast<std::uint32_t>(now_ms / 1000 + 1);
        const std::uint64_t mark = mark_of(identity, variant, now_s);
        Set& set = entries_[(identity >> 7) & (sets_ - 1)];
        for (int attempt = 0; attempt < 4; ++attempt) {
            Entry* const entry = set.find(identity);
            if (entry == nullptr) {
                if (set.claim(identity, mark, now_s, window_s_)) return true;
                continue;  // another thread changed the set: look again
            }
            std::uint64_t seen = entry->mark.load(std::memory_order_relaxed);
            if ((seen >> 32) == (mark >> 32) && now_s - static_cast<std::uint32_t>(seen) < window_s_)
                return false;
            if (entry->mark.compare_exchange_strong(seen, mark, std::memory_order_relaxed)) return true;
        }
        return true;  // under such contention rather twice than never
    }

private:
    static constexpr std::size_t ways = 4;

    struct Entry {
        std::atomic<std::uint64_t> identity{0};  // 0: free
        std::atomic<std::uint64_t> mark{0};      // upper half: identity and variant; lower: seconds
    };

    struct alignas(64) Set {
        Entry entries[ways];

        Entry* find(std::uint64_t identity) noexcept {
            for (Entry& entry : entries) {
                if (entry.identity.load(std::memory_order_relaxed) == identity) return &entry;
            }
            return nullptr;
        }

        /// Takes a free entry or the oldest one. The mark depends on the identity, so that a thread which sees the new
        /// identity beside the old mark does not take it for its own.
        bool claim(std::uint64_t identity, std::uint64_t mark, std::uint32_t now_s,
                   std::uint32_t window_s) noexcept {
            Entry* oldest = nullptr;
            std::uint64_t oldest_identity = 0;
            std::uint64_t oldest_mark = 0;
            std::uint32_t oldest_age = 0;
            for (Entry& entry : entries) {
                // The mark first: one that another thread has just set comes with that thread's identity.
                const std::uint64_t seen = entry.mark.load(std::memory_order_acquire);
                const std::uint64_t holder = entry.identity.load(std::memory_order_relaxed);
                if (holder == identity) return false;  // another thread was first
                const std::uint32_t age = seen == 0 ? UINT32_MAX : now_s - static_cast<std::uint32_t>(seen);
                if (oldest == nullptr || age > oldest_age) {
                    oldest = &entry;
                    oldest_identity = holder;
                    oldest_mark = seen;
                    oldest_age = age;
                }
                if (age >= window_s) break;
            }
            // Against what was seen above: an entry that another thread took meanwhile is not taken from it.
            return oldest->identity.compare_exchange_strong(oldest_identity, identity,
                                                            std::memory_order_relaxed) &&
                   oldest->mark.compare_exchange_strong(oldest_mark, mark, std::memory_order_acq_rel,
                                                        std::memory_order_relaxed);
        }
    };

    static std::uint64_t mark_of(std::uint64_t identity, std::uint64_t variant,
                                 std::uint32_t now_s) noexcept {
        const std::uint64_t mixed =
            detail::fold_multiply(identity ^ 0x8EBC6AF09C88C6E3u, variant ^ 0x589965CC75374CC3u);
        return (mixed & 0xFFFFFFFF00000000u) | now_s;
    }

    std::size_t sets_;
    std::uint32_t window_s_;  // times are whole seconds: one more than the window, so that none is too early
    std::unique_ptr<Set[]> entries_;
};

}  // namespace expplat::exposure
