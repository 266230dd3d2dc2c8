// An explanation that people read: every step that led to an answer, a line each.
//
// Made from the steps of `eval::explain`. Used by `expplat explain` and by the server's `POST /api/v1/explain`. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "expplat/eval/explain.hpp"

namespace expplat::ruleset {

/// Lines without line ends, indented by two spaces a level. The first names the entity, the last is the answer.
[[nodiscard]] std::vector<std::string> explain(const image::View& view, const image::Entity& entity,
                                               const User& user, const eval::Patterns& patterns);

/// An instruction's operator and operand as a ruleset writes them: `in ["DE","FR"]`.
[[nodiscard]] std::string describe_operator(const image::View& view, const std::byte* base,
                                            const image::Instruction& instruction);

/// A user's value as JSON; `absent` for null.
[[nodiscard]] std::string describe_value(const User& user, const User::Stored* value);

}  // namespace expplat::ruleset
