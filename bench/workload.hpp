// What the benchmarks ask: rulesets of many flags with three rules and a split, and users with six attributes.
//
// The same shape everywhere, so that figures compare: rule 1 is a country in a list of four, rule 2 a plan and a version,
// rule 3 the end of an e-mail address; then a split over three variants. For a "predictable" user no rule holds, so that all
// are evaluated and the branch predictor learns the way; "random" users match any of them. Deterministic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "expplat/base/user.hpp"

namespace expplat::bench {

/// A ruleset document with `flags` flags, named `flag-0` and on. `exposures` sets the member of that name.
[[nodiscard]] std::string ruleset_json(std::size_t flags, bool exposures, std::uint64_t version = 1);

/// A patch of that ruleset (`Workspace::patch`) that changes one flag.
[[nodiscard]] std::string patch_json(std::size_t flag, std::uint64_t base, std::uint64_t version);

[[nodiscard]] std::string flag_key(std::size_t flag);

/// No rule of the ruleset holds for this user.
[[nodiscard]] User predictable_user(std::size_t number);

/// Attributes drawn so that each rule holds for some.
[[nodiscard]] std::vector<User> random_users(std::size_t count);

/// Which flag each of `count` questions is about, drawn at random.
[[nodiscard]] std::vector<std::size_t> random_flags(std::size_t count, std::size_t flags);

/// Which user, drawn independently of the flags.
[[nodiscard]] std::vector<std::size_t> random_order(std::size_t count, std::size_t users);

}  // namespace expplat::bench
