// `KeyIndex`: a frozen look-up from keys to positions, for keys that a stranger may have chosen.
//
// Used by the check (entities by key) and the reader (variants by key). Buckets by hash, sorted inside:
// one step for usual keys, and no worse than a binary search for keys made to collide.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace expplat::ruleset {

class KeyIndex {
public:
    struct Entry {
        std::uint64_t hash = 0;  // hash64(key)
        std::string_view key;    // must outlive the index
        std::uint32_t position = 0;
    };
    static constexpr std::uint32_t none = 0xFFFFFFFFu;

    KeyIndex() = default;
    explicit KeyIndex(const std::vector<Entry>& entries)
        : shift_(64 - static_cast<int>(std::bit_width(entries.size() | 1))), entries_(entries.size()) {
        begin_.assign((std::size_t{1} << (64 - shift_)) + 1, 0);
        for (const Entry& entry : entries) ++begin_[bucket(entry.hash) + 1];
        for (std::size_t i = 1; i < begin_.size(); ++i) begin_[i] += begin_[i - 1];
        std::vector<std::uint32_t> next(begin_.begin(), begin_.end() - 1);
        for (const Entry& entry : entries) entries_[next[bucket(entry.hash)]++] = entry;
        for (std::size_t i = 0; i + 1 < begin_.size(); ++i) {
            if (begin_[i + 1] - begin_[i] > 1) std::sort(at(begin_[i]), at(begin_[i + 1]), before);
        }
    }

    /// The least position of that key, or `none`.
    [[nodiscard]] std::uint32_t find(std::uint64_t hash, std::string_view key) const noexcept {
        if (entries_.empty()) return none;
        const std::size_t i = bucket(hash);
        const Entry* entry = entries_.data() + begin_[i];
        const Entry* const end = entries_.data() + begin_[i + 1];
        if (end - entry > few) entry = std::lower_bound(entry, end, Entry{hash, key, 0}, before);
        for (; entry != end && entry->hash <= hash; ++entry) {
            if (entry->hash == hash && entry->key == key) return entry->position;
            if (entry->hash == hash && entry->key > key) return none;
        }
        return none;
    }

private:
    static constexpr std::ptrdiff_t few = 4;  // searched one by one

    [[nodiscard]] static bool before(const Entry& a, const Entry& b) noexcept {
        return std::tie(a.hash, a.key, a.position) < std::tie(b.hash, b.key, b.position);
    }
    [[nodiscard]] std::size_t bucket(std::uint64_t hash) const noexcept {
        return static_cast<std::size_t>(hash >> shift_);
    }
    [[nodiscard]] std::vector<Entry>::iterator at(std::uint32_t i) {
        return entries_.begin() + std::ptrdiff_t{i};
    }

    int shift_ = 63;  // of a hash, to its bucket; there are about as many buckets as entries
    std::vector<std::uint32_t> begin_;
    std::vector<Entry> entries_;
};

}  // namespace expplat::ruleset
