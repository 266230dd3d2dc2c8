// The commands of `expplat`: each takes its words and returns the program's exit status.
//
// 0: done. 1: the ruleset was refused, there was none in time, a file could not be read or written, or an event was lost;
// the reason is on standard error. 2: usage.
// Those that talk with a server: 1 also where it refuses, cannot be reached, or an audit is not intact; `diff`: 0 the same, 1
// there are differences, 2 they could not be compared.
// `main.cpp` has the table. Source: RULESET.md, section 8.
#pragma once

#include <string_view>
#include <vector>

namespace expplat::cli {

inline constexpr int exit_done = 0;
inline constexpr int exit_refused = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_trouble = 2;  // of `diff`, where 1 is an answer

using Words = std::vector<std::string_view>;

[[nodiscard]] int validate(const Words& words);
[[nodiscard]] int compile(const Words& words);
[[nodiscard]] int evaluate(const Words& words);
[[nodiscard]] int explain(const Words& words);
[[nodiscard]] int run(const Words& words);
[[nodiscard]] int watch(const Words& words);

// The administration of a server.
[[nodiscard]] int login(const Words& words);
[[nodiscard]] int logout(const Words& words);
[[nodiscard]] int flags(const Words& words);
[[nodiscard]] int experiments(const Words& words);
[[nodiscard]] int keys(const Words& words);
[[nodiscard]] int diff(const Words& words);
[[nodiscard]] int promote(const Words& words);
[[nodiscard]] int publish(const Words& words);
[[nodiscard]] int audit(const Words& words);

/// Says what is wrong with the command's words and how to learn more; returns `exit_usage`.
int usage_error(std::string_view command, std::string_view message);

}  // namespace expplat::cli
