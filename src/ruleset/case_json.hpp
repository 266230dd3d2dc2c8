// One line of CASES.jsonl: `{"key": "checkout-cta", "user": {"key": "u1", "attributes": {}}}`.
//
// Used by `expplat evaluate --cases` and by the conformance tests. A user that is refused does not make
// its line unreadable: the answer says PARSE_ERROR under the line's key. The line's object is level 1 of
// its nesting, so a user in it has one level less than a user alone. Source: RULESET.md, section 8.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "expplat/base/user.hpp"

namespace expplat::ruleset {

struct Case {
    std::optional<std::string> key;  // none: no JSON object, or no string `key` in it
    std::optional<User> user;        // none: missing or refused
};

/// `line` without its line break. Other members are ignored, whatever they are; a `key` that is there
/// twice is none, a `user` that is there twice is refused.
[[nodiscard]] Case parse_case(std::string_view line);

/// True for a line to be skipped: only spaces, tabs and carriage returns.
[[nodiscard]] bool is_blank(std::string_view line) noexcept;

}  // namespace expplat::ruleset
