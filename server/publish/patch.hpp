// `patch_between`: what a stream sends of a new ruleset to those who have the one before.
//
// Used by `channel.hpp`. What it makes is docs/PROTOCOL.md's patch, as `ruleset::Workspace::patch` applies it. Pure;
// thread-safe.
#pragma once

#include <optional>
#include <string>

#include "src/ruleset/json.hpp"

namespace expplat::server::publish {

/// `{"base":N,"version":N,"set":{…},"remove":{…}}`, which makes of the ruleset `from` one that answers as `to`: an entity is
/// taken over whole, as it is written. Nothing where the two differ in more than entities and version, or are no rulesets:
/// then only the whole document will do.
[[nodiscard]] std::optional<std::string> patch_between(const ruleset::Node& from, const ruleset::Node& to);

}  // namespace expplat::server::publish
