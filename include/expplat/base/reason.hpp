// Why an answer is what it is: the reasons and evaluation errors of RULESET.md, section 7.
//
// Shared by the evaluator, the client and every binding. The spellings are OpenFeature's where
// OpenFeature has the word.
#pragma once

#include <cstdint>
#include <string_view>

namespace expplat {

enum class Reason : std::uint8_t {
    disabled,
    prerequisite_failed,
    targeting_match,
    split,
    default_,
    holdout,
    not_targeted,
    not_enrolled,
    error,
    stale,
    cached,
};

enum class EvaluationError : std::uint8_t {
    none,
    flag_not_found,
    type_mismatch,
    targeting_key_missing,
    parse_error,
    provider_not_ready,
    general,
};

[[nodiscard]] constexpr std::string_view name(Reason reason) noexcept {
    constexpr std::string_view names[] = {
        "DISABLED",     "PREREQUISITE_FAILED", "TARGETING_MATCH", "SPLIT", "DEFAULT", "HOLDOUT",
        "NOT_TARGETED", "NOT_ENROLLED",        "ERROR",           "STALE", "CACHED"};
    return names[static_cast<std::uint8_t>(reason)];
}

/// The code's name; empty for `none`.
[[nodiscard]] constexpr std::string_view name(EvaluationError error) noexcept {
    constexpr std::string_view names[] = {"",
                                          "FLAG_NOT_FOUND",
                                          "TYPE_MISMATCH",
                                          "TARGETING_KEY_MISSING",
                                          "PARSE_ERROR",
                                          "PROVIDER_NOT_READY",
                                          "GENERAL"};
    return names[static_cast<std::uint8_t>(error)];
}

}  // namespace expplat
