// `Table`: rows of text in columns that line up, for a person to read.
//
// Used by the commands of administration. Widths count characters, so a name in any language lines up as long as its
// characters are one column wide. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/cli/terminal.hpp"

namespace expplat::cli {

class Table {
public:
    explicit Table(std::vector<std::string> titles) : titles_(std::move(titles)) {}
    void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
    void print(Output& output) const;

private:
    std::vector<std::string> titles_;
    std::vector<std::vector<std::string>> rows_;
};

/// `2026-11-26 03:54` in UTC; `-` for none.
[[nodiscard]] std::string shown_time(std::int64_t unix_ms);
/// Without what would move a terminal's cursor.
[[nodiscard]] std::string shown_text(std::string_view text);

}  // namespace expplat::cli
