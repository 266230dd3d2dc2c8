// Reading: from JSON to the model, with everything checked that can be judged inside one entity.
//
// Called by `compile` for a whole document and by a patch for a single entity; next is `check.hpp`
// (what entities say of each other), then the compiler. Pure functions over immutable nodes: safe on
// any thread. Source: RULESET.md, sections 1 and 3 to 5.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/ruleset/json.hpp"
#include "src/ruleset/model.hpp"
#include "src/ruleset/outline.hpp"
#include "src/ruleset/problem.hpp"

namespace expplat::ruleset {

/// RULESET.md, section 1: "Strict where rules are written, tolerant where they are read".
enum class Mode : std::uint8_t { strict, tolerant };

struct Entity {
    Outline outline;
    Body body;                      // `monostate` where the entity has problems or is unsupported
    std::vector<Problem> problems;  // sorted; `map` and `entity` are 0: the caller knows where it stands
};

/// The document's own members, without the five maps.
struct Heading {
    std::string environment;
    std::uint64_t version = 0;
    std::vector<Problem> problems;  // sorted
};

/// Position of each map among the document's members, counted from 1 (as `Problem::map`); by kind.
/// A map that is missing has 0. The default serves a ruleset that is no text.
using MapPlaces = std::array<std::uint32_t, entity_kinds>;
inline constexpr MapPlaces default_map_places{1, 2, 3, 4, 5};

struct Reading {
    Heading heading;
    std::vector<Entity> entities;  // of all maps, in document order; a repeated key's first one only
    MapPlaces map_places{};
    /// All that is wrong, in document order, the heading's and the entities' too (theirs are moved here);
    /// at most `limits::reported_problems`. Empty: every entity has a body or is unsupported.
    std::vector<Problem> problems;
};

/// Reads one entity. Its views live as long as the node's document.
[[nodiscard]] Entity read_entity(EntityKind kind, std::string_view key, const Node& node, Mode mode);

[[nodiscard]] Heading read_heading(const Node& document, Mode mode);

[[nodiscard]] Reading read(const Document& document, Mode mode);

}  // namespace expplat::ruleset
