// `Outline`: what is kept of an entity after it is compiled: all that the checks between entities
// (`check.hpp`) need, and the hash by which an unchanged entity is recognised in the next ruleset.
//
// Made by `read.hpp`. Owns its strings, so it outlives the document. Pointers and places in it count
// from the entity's own node: an entity that moves inside the document keeps its outline.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/ruleset/model.hpp"

namespace expplat::ruleset {

inline constexpr std::size_t entity_kinds = 5;

/// The member of the document that holds the entities of a kind.
[[nodiscard]] constexpr std::string_view map_name(EntityKind kind) noexcept {
    constexpr std::array<std::string_view, entity_kinds> names{"segments", "layers", "holdouts", "flags",
                                                               "experiments"};
    return names[static_cast<std::size_t>(kind)];
}

/// The word for one entity of a kind, in messages.
[[nodiscard]] constexpr std::string_view word(EntityKind kind) noexcept {
    constexpr std::array<std::string_view, entity_kinds> words{"segment", "layer", "holdout", "flag",
                                                               "experiment"};
    return words[static_cast<std::size_t>(kind)];
}

/// True for the kinds that have answers.
[[nodiscard]] constexpr bool has_answers(EntityKind kind) noexcept {
    return kind == EntityKind::flag || kind == EntityKind::experiment;
}

/// A variant that a prerequisite asks for.
struct NamedVariant {
    std::string key;
    std::string pointer;  // from the entity, `/prerequisites/0/variants/1`
    std::uint32_t place = 0;
};

/// One place where an entity names another.
struct Reference {
    /// What the name is looked up in; a prerequisite may be a flag or an experiment.
    enum class Target : std::uint8_t { segment, layer, holdout, flag_or_experiment };

    Target target = Target::segment;
    std::uint32_t place = 0;     // of the name
    std::uint64_t key_hash = 0;  // hash64(key)
    std::string key;
    std::string pointer;                 // of the name, from the entity: `/rules/0/if/segment`
    std::vector<NamedVariant> variants;  // of a prerequisite, in order
};

struct Outline {
    EntityKind kind = EntityKind::flag;
    bool supported = true;  // false: it holds what this library does not know (tolerant mode)
    bool sound = true;      // false: it has problems of its own, so nothing is compared with it
    std::string key;
    std::uint64_t key_hash = 0;      // hash64(key)
    std::uint64_t content_hash = 0;  // `Node::hash` of the entity's JSON

    /// RULESET.md, "Bounded work": of a segment its `if`, of a flag or experiment 1 and every `if` in it,
    /// without what each reference to a segment or prerequisite adds.
    std::uint64_t own_steps = 0;
    /// Entries of `included`, `excluded`, `targets`, a prerequisite's `variants` and operands that are lists.
    std::uint64_t list_entries = 0;
    std::vector<Reference> references;  // in document order, one for each occurrence
    std::vector<std::string> variants;  // keys, of a flag or experiment

    // Of a layer, holdout or experiment; defaults applied.
    std::string unit;
    std::string salt;

    // Of an experiment.
    Status status = Status::draft;
    bool has_layer = false;
    std::uint32_t layer_from = 0;  // slots of 10,000; from < to
    std::uint32_t layer_to = 0;
    std::uint32_t layer_place = 0;  // of the member `layer`
    std::uint32_t salt_place = 0;   // of the member `salt`; 0 where it is left out
};

/// `/flags/KEY`.
[[nodiscard]] std::string pointer_of(const Outline& outline);

}  // namespace expplat::ruleset
