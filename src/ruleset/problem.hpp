// One thing that is wrong with a ruleset: where, and what.
//
// Made by the reader (inside one entity) and by `check.hpp` (between entities), printed by whoever
// refuses the document as `POINTER: message`, a line each. Problems sort into document order by
// `map`, `entity` and `place`. Source: RULESET.md, section 1, "Errors".
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "expplat/base/limits.hpp"

namespace expplat::ruleset {

struct Problem {
    std::uint32_t map = 0;     // 1 + position of the document's member it is in; 0: the document itself
    std::uint32_t entity = 0;  // 1 + ordinal of the entity in the ruleset; 0: the map or member itself
    std::uint32_t place = 0;   // of the node, counted from the entity's (or the document's member's) own
    std::string pointer;       // RFC 6901, from the document's root; empty for the whole text
    std::string message;

    [[nodiscard]] friend bool operator<(const Problem& a, const Problem& b) noexcept {
        return std::tie(a.map, a.entity, a.place) < std::tie(b.map, b.entity, b.place);
    }
};

/// Sorts into document order and keeps the first `most` problems, one of each pointer and place.
void sort_problems(std::vector<Problem>& problems, std::size_t most = limits::reported_problems);

}  // namespace expplat::ruleset
