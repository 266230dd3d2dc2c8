// An answer as JSON (RULESET.md, section 7): one object, members in the page's order.
//
// Used by the command line, the server and the tests; bindings make their language's own objects. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "expplat/eval/evaluate.hpp"

namespace expplat::ruleset {

/// Appends the answer, without a line end. `key` null: the question's key could not be read.
void append_answer_json(std::string& out, std::optional<std::string_view> key, const eval::Answer& answer,
                        std::uint64_t version);

/// Appends a variant's value as JSON; `null` where the answer has none.
void append_value_json(std::string& out, const eval::Answer& answer);

/// Appends one of the user's values as JSON; a number that JSON cannot say (infinite, NaN) as null.
void append_json_value(std::string& out, const User& user, const User::Stored& value);

/// The answer to a question whose user could not be read: `ERROR` / `PARSE_ERROR`.
[[nodiscard]] eval::Answer unreadable_user();

}  // namespace expplat::ruleset
