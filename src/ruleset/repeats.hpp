// Finding names that occur twice, in n log n on any input: members of an object, rule ids, user keys.
//
// Used by the JSON reader and the ruleset reader. Names with one hash are told apart by their bytes,
// so a text made to collide costs no more than its sorting.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "expplat/base/hash.hpp"

namespace expplat::ruleset {

namespace repeats_detail {

struct HashedPosition {
    std::uint64_t hash;
    std::size_t position;
};

/// `begin` to `end`: positions of one hash, ascending. Almost always they have one name.
template <class Iterator, class NameOf, class Repeated>
void each_repeat_of_one_hash(Iterator begin, Iterator end, NameOf& name_of, Repeated& repeated) {
    const std::string_view name = name_of(begin->position);
    if (!std::all_of(begin, end, [&](const auto& other) { return name_of(other.position) == name; })) {
        std::sort(begin, end, [&](const auto& a, const auto& b) {
            const int order = name_of(a.position).compare(name_of(b.position));
            return order != 0 ? order < 0 : a.position < b.position;
        });
    }
    for (auto i = begin + 1; i != end; ++i) {
        if (name_of(i->position) == name_of((i - 1)->position)) repeated(i->position);
    }
}

}  // namespace repeats_detail

/// Calls `repeated(i)` for every i in [0, count) whose name is that of a smaller one, in no particular order.
/// `name_of(i)` is a name, or has no data (`{}`) for what has none and repeats nothing.
template <class NameOf, class Repeated>
void each_repeat(std::size_t count, NameOf name_of, Repeated repeated) {
    constexpr std::size_t pairwise = 8;
    if (count <= pairwise) {
        for (std::size_t i = 1; i < count; ++i) {
            const std::string_view name = name_of(i);
            for (std::size_t j = 0; j < i && name.data() != nullptr; ++j) {
                if (name_of(j).data() == nullptr || name_of(j) != name) continue;
                repeated(i);
                break;
            }
        }
        return;
    }
    std::vector<repeats_detail::HashedPosition> sorted;
    sorted.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        if (name_of(i).data() != nullptr) sorted.push_back({hash64(name_of(i)), i});
    }
    const auto before = [](const auto& a, const auto& b) {
        return a.hash != b.hash ? a.hash < b.hash : a.position < b.position;
    };
    std::sort(sorted.begin(), sorted.end(), before);
    for (auto begin = sorted.begin(), end = begin; begin != sorted.end(); begin = end) {
        end = std::find_if(begin, sorted.end(), [&](const auto& other) { return other.hash != begin->hash; });
        if (end - begin > 1) repeats_detail::each_repeat_of_one_hash(begin, end, name_of, repeated);
    }
}

}  // namespace expplat::ruleset
