// Answers as JavaScript values, for the first time that each is given: `[key, variant, value, reason, rule, error, exposure,
// version, static]`: as RULESET.md, section 7, has them, and whether the flag answers everybody so.
//
// Belongs to the environment's thread. Null where JavaScript has no memory.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "expplat/eval/evaluate.hpp"

namespace expplat::node {

[[nodiscard]] napi_value describe(napi_env env, std::optional<std::string_view> key,
                                  const eval::Answer& answer, std::uint64_t version) noexcept;

}  // namespace expplat::node
