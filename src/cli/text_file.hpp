// A small text that a command sends on: a file of it, or standard input.
//
// Used by the commands of administration for one entity's JSON. What is wrong has been told on standard error.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace expplat::cli {

inline constexpr std::size_t text_file_bytes = std::size_t{64} << 20;

/// `-` is standard input.
[[nodiscard]] std::optional<std::string> read_text(const std::string& path);

/// The JSON object with that member a string, in its place or last.
[[nodiscard]] std::string with_text_member(const std::string& json, std::string_view name,
                                           std::string_view text);

}  // namespace expplat::cli
