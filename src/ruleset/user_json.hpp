// Users from JSON: `{"key": "u1", "attributes": {"country": "DE", "device": {"os": "ios"}}}`.
//
// Used by the command line, the server and the bindings, wherever a user arrives as text. Nested objects
// are flattened with dots; `null` is absent. Source: RULESET.md, section 2.
#pragma once

#include <optional>
#include <string_view>

#include "expplat/base/result.hpp"
#include "expplat/base/user.hpp"
#include "src/ruleset/json.hpp"

namespace expplat::ruleset {

/// Refuses (`invalid_argument`) what section 2 answers with PARSE_ERROR: no JSON object, text, nesting or
/// numbers that section 1 refuses, a repeated member at any depth, `attributes` that are no object. Refuses
/// (`too_large`) more attributes or text than `limits.hpp` allows a user.
[[nodiscard]] Result<User> parse_user(std::string_view text);

/// The user that a node describes; nothing for one that `parse_user` would refuse. Depth is not judged
/// here: the node's parse did.
[[nodiscard]] std::optional<User> read_user(const Node& node);

/// The user that OpenFeature's evaluation context describes: `targetingKey` is the key, every other member an attribute.
/// Refuses as `parse_user`.
[[nodiscard]] Result<User> read_context(const Node& node);

}  // namespace expplat::ruleset
