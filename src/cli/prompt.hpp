// Questions to a person at a terminal: a password that is not shown, and yes or no.
//
// Used by the commands that log in or change much. They speak with the terminal itself, so that standard output stays the
// command's answer. Nothing where there is no terminal, or the person ended it (Ctrl-C, Ctrl-D).
#pragma once

#include <optional>
#include <string>

namespace expplat::cli {

/// Standard input is a terminal: there is somebody to ask.
[[nodiscard]] bool has_terminal() noexcept;

[[nodiscard]] std::optional<std::string> ask_line(const std::string& question);
/// Without echo.
[[nodiscard]] std::optional<std::string> ask_password(const std::string& question);
/// `y` or `yes`, in either case; anything else is no.
[[nodiscard]] bool ask_yes(const std::string& question);

}  // namespace expplat::cli
