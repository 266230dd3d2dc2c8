// Checking: what entities say of each other. Names that point nowhere, cycles, worst-case work, layers
// that overlap, units and salts that do not fit, limits of the whole.
//
// Looks at outlines only, so a patch of one entity checks the whole ruleset anew without reading it
// anew. Near linear in entities and references on any input; never recursive. Pure; safe on any thread.
// Next: the compiler, which walks `order`. Source: RULESET.md, sections 1, 5 and 6.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/ruleset/outline.hpp"
#include "src/ruleset/problem.hpp"
#include "src/ruleset/read.hpp"

namespace expplat::ruleset {

inline constexpr std::uint32_t no_entity = 0xFFFFFFFFu;

/// What the check found out; vectors are by ordinal, the entity's position in the span that was checked.
struct Checked {
    std::vector<Problem> problems;  // in document order, at most `limits::reported_problems`
    /// All ordinals, every entity after the ones it names. Complete where `problems` is empty.
    std::vector<std::uint32_t> order;
    /// 1: it and all it names, directly or not, are known to this library.
    std::vector<std::uint8_t> supported;
    /// Worst-case steps, references included, saturating. Of a segment: its `if`; 0 for layers and holdouts.
    std::vector<std::uint64_t> steps;
    /// The ordinals that the references of entity i point to are `targets[target_begin[i]]` and on, one for
    /// each of its `references`, in their order; `no_entity` where the name points nowhere.
    std::vector<std::uint32_t> target_begin;
    std::vector<std::uint32_t> targets;
};

/// `entities`: in document order, the entities of one map together, no key twice in a map.
[[nodiscard]] Checked check_references(std::span<const Outline* const> entities,
                                       const MapPlaces& map_places = default_map_places);

}  // namespace expplat::ruleset
