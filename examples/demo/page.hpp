// How the demo's page looks: headings, colours where a terminal shows them, numbers that people can read.
//
// Used by demo.cpp and shares.cpp. Plain functions that write to standard output; one thread.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace demo {

enum class Ink : unsigned char { plain, bold, dim, green, red };

/// The text in that ink where standard output is a terminal that shows colours (NO_COLOR is honoured), else as it is.
[[nodiscard]] std::string inked(Ink ink, std::string_view text);

/// A numbered heading with an empty line before it.
void heading(int number, std::string_view title);

/// `1430000` as `1,430,000`.
[[nodiscard]] std::string grouped(std::uint64_t number);

/// A share of 1 as a bar of that many cells, to an eighth of a cell; what is left is filled with spaces.
[[nodiscard]] std::string bar(double share, int cells);

}  // namespace demo
