// Scanning JSON text where the parser gives no position: numbers too large for a double, the bracket
// that nests too deep, and the line and column of a byte.
//
// Used by `json.cpp`, and by `case_json.cpp` for the members of a line. The scans follow strings and
// nothing else of the grammar: they are right up to the first syntax error, which is all their callers need.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "src/ruleset/json.hpp"

namespace expplat::ruleset {

/// The byte after the string that begins (with its quote) at `begin`; the text's end where it is open.
[[nodiscard]] std::size_t end_of_string(std::string_view text, std::size_t begin) noexcept;

/// The byte after the longest JSON number that begins at `begin`; `begin` where there is none.
[[nodiscard]] std::size_t end_of_number(std::string_view text, std::size_t begin) noexcept;

/// A number that rounds to an infinity.
struct OverflowingNumber {
    std::size_t ordinal;       // among the numbers of the text
    std::size_t begin;         // in bytes
    std::string_view literal;  // into the text
};
[[nodiscard]] std::vector<OverflowingNumber> overflowing_numbers(std::string_view text);

/// The first `[` or `{` at a level over `max_depth`; the text's size where there is none.
[[nodiscard]] std::size_t first_too_deep(std::string_view text, std::size_t max_depth) noexcept;

/// The values of an object's members as they are written. `object` is JSON, but for lone surrogates.
[[nodiscard]] std::vector<std::string_view> member_texts(std::string_view object);

/// The text with every escape of a lone surrogate made `\ufffd`; nothing else moves.
[[nodiscard]] std::string with_surrogates_replaced(std::string_view text);

/// The line and column of a byte.
[[nodiscard]] TextPosition position_of(std::string_view text, std::size_t offset) noexcept;

}  // namespace expplat::ruleset
