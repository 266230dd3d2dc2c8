// The commands of `expplat`: each takes its words and returns the program's exit status.
//
// 0: done. 1: the ruleset was refused, there was none in time, a file could not be read or written, or an event was lost;
// the reason is on standard error. 2: usage.
// `main.cpp` has the table. Source: RULESET.md, section 8.
#pragma once

#include <string_view>
#include <vector>

namespace expplat::cli {

inline constexpr int exit_done = 0;
inline constexpr int exit_refused = 1;
inline constexpr int exit_usage = 2;

using Words = std::vector<std::string_view>;

[[nodiscard]] int validate(const Words& words);
[[nodiscard]] int compile(const Words& words);
[[nodiscard]] int evaluate(const Words& words);
[[nodiscard]] int explain(const Words& words);
[[nodiscard]] int run(const Words& words);
[[nodiscard]] int watch(const Words& words);

/// Says what is wrong with the command's words and how to learn more; returns `exit_usage`.
int usage_error(std::string_view command, std::string_view message);

}  // namespace expplat::cli
