// `ReferenceCheck`: one run of `check_references`, pass by pass.
//
// `check.cpp` finds what the names point to and holds the limits, `check_order.cpp` walks the references
// depth first (cycles, order, steps), `check_experiments.cpp` compares experiments with their layers,
// holdouts and each other. Each pass is linear or nearly so, and keeps at most
// `limits::reported_problems` problems.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "src/ruleset/check.hpp"
#include "src/ruleset/key_index.hpp"

namespace expplat::ruleset {

class ReferenceCheck {
public:
    ReferenceCheck(std::span<const Outline* const> entities, const MapPlaces& map_places)
        : entities_(entities), map_places_(map_places) {}

    [[nodiscard]] Checked run() &&;

private:
    // check.cpp
    void gather();
    void check_shared_keys();
    void resolve();
    [[nodiscard]] std::uint32_t target_of(const Reference& reference) const noexcept;
    void check_prerequisite_variants(std::uint32_t entity, const Reference& reference, std::uint32_t target);
    [[nodiscard]] bool has_variant(std::uint32_t entity, const std::string& variant);

    // check_order.cpp
    struct Visit {
        std::uint32_t entity;
        std::uint32_t next;  // of `targets`, to be followed
    };
    void walk();
    void enter(std::uint32_t entity);
    void leave(std::uint32_t entity);
    void report_cycle(std::uint32_t from, std::size_t target, std::uint32_t to);
    void check_steps();
    [[nodiscard]] std::string heaviest_path(std::uint32_t entity) const;

    // check_experiments.cpp
    void check_experiments();
    void compare_units_and_salts(std::uint32_t experiment);
    void check_overlaps();
    void check_overlaps_of_few(std::span<const std::uint32_t> experiments);
    void check_overlaps_of_many(std::span<const std::uint32_t> experiments);
    void report_overlap(std::uint32_t later, std::uint32_t earlier);
    /// The layer or holdout that an experiment names, where it can be compared with; or `no_entity`.
    [[nodiscard]] std::uint32_t named(std::uint32_t experiment, Reference::Target target) const noexcept;

    // Problems.
    void begin_pass() noexcept { pass_problems_ = 0; }
    [[nodiscard]] bool is_full() const noexcept { return pass_problems_ >= limits::reported_problems; }
    void add(std::uint32_t entity, std::uint32_t place, std::string_view pointer, std::string message);
    void add_to_map(EntityKind kind, std::string message);

    std::span<const Outline* const> entities_;
    MapPlaces map_places_;
    Checked checked_;
    std::size_t pass_problems_ = 0;

    std::vector<EntityKind> kinds_;  // by ordinal, as all vectors below that are not told otherwise
    std::array<KeyIndex, entity_kinds> by_key_;             // ordinals, by kind
    std::unordered_map<std::uint32_t, KeyIndex> variants_;  // of entities with many of them, when asked for

    enum class Mark : std::uint8_t { fresh, open, done };
    std::vector<Mark> marks_;
    std::vector<Visit> visits_;            // the way from a root to the current entity
    std::vector<std::uint32_t> depths_;    // of open entities, in `visits_`
    std::vector<std::uint32_t> heaviest_;  // the target that adds most steps, or no_entity
    std::set<std::pair<std::uint32_t, std::uint32_t>> cycles_;  // reported: the references' ends
};

}  // namespace expplat::ruleset
