// `differences_of`: what two sets of configurations do not have in common, place by place, and the changes that copy one to
// the other.
//
// Two bodies are the same where their values are, whatever the order of members; a flag without `enabled` is enabled. Used by
// `expplat diff`, `promote` and `publish`. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "expplat/base/result.hpp"
#include "src/admin/nouns.hpp"

namespace expplat::admin {

/// One place where two bodies differ; a side that is not there is empty.
struct Place {
    std::string pointer;              // RFC 6901, in the body
    std::optional<std::string> left;  // JSON
    std::optional<std::string> right;
};

/// An entity that differs. At least one side is there.
struct Difference {
    EntityKind kind = EntityKind::flag;
    std::string key;
    std::optional<Configuration> left;
    std::optional<Configuration> right;
    std::vector<Place> places;  // none where one side is not there
};

enum class Life : std::uint8_t {
    compared,
    /// An experiment's `status` and `winner` are the environment's own.
    left_alone,
};

/// Both sorted by kind and key, and so is the answer. Lists of other lengths differ as a whole.
[[nodiscard]] std::vector<Difference> differences_of(std::span<const Configuration> left,
                                                     std::span<const Configuration> right, Life life);

/// The entities of a ruleset's document, as configurations without revisions. Error: `invalid_ruleset`.
[[nodiscard]] Result<std::vector<Configuration>> configurations_of_ruleset(std::string_view document);

/// The changes that make the environment's side, the right one, as the left one, each with the revision that was compared
/// (0: there was none). Experiments go through their life (`Life::compared`) or keep where they are in it. Error
/// `invalid_argument`: an experiment cannot go back.
[[nodiscard]] Result<std::vector<Change>> changes_for(const Difference& difference,
                                                      const std::string& environment, Life life,
                                                      const std::optional<std::string>& new_phase);

}  // namespace expplat::admin
