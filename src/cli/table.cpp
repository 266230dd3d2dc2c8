#include "src/cli/table.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace expplat::cli {

namespace {

std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; }));
}

}  // namespace

std::string shown_time(std::int64_t unix_ms) {
    if (unix_ms <= 0) return "-";
    const std::time_t seconds = static_cast<std::time_t>(unix_ms / 1000);
    std::tm parts{};
    std::array<char, 32> text{};
    if (gmtime_r(&seconds, &parts) == nullptr) return "-";
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M", &parts)};
}

std::string shown_text(std::string_view text) {
    std::string out(text);
    std::ranges::replace_if(
        out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
    return out;
}

void Table::print(Output& output) const {
    std::vector<std::size_t> widths;
    for (const std::string& title : titles_) widths.push_back(width_of(title));
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
    }
    const auto line_of = [&widths](const std::vector<std::string>& cells) {
        std::string line;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            line += cells[i];
            if (i + 1 < cells.size()) line.append(widths[i] - width_of(cells[i]) + 2, ' ');
        }
        return line;
    };
    output.text() += coloured(stdout, Colour::bold, line_of(titles_));
    output.end_line();
    for (const auto& row : rows_) {
        output.text() += line_of(row);
        output.end_line();
    }
}

}  // namespace expplat::cli
