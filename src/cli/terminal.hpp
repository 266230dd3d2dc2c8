// Standard output and error: buffered, checked, and coloured only where a person looks.
//
// One `Output` for a command's answers; `complain` for everything else. Not thread-safe.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace expplat::cli {

enum class Colour : unsigned char { plain, red, green, bold, dim };

/// The text in that colour where the stream is a terminal that shows colours (NO_COLOR is honoured), else as it is.
[[nodiscard]] std::string coloured(std::FILE* stream, Colour colour, std::string_view text);

/// A line on standard error: `expplat: …`.
void complain(std::string_view message);

/// Collects text and writes it in large pieces.
class Output {
public:
    Output() = default;
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    [[nodiscard]] std::string& text() noexcept { return text_; }
    /// Ends a line; writes what has piled up.
    void end_line();
    /// Writes the rest. False, once and for all, where standard output took not everything.
    [[nodiscard]] bool finish();

private:
    void write();
    std::string text_;
    bool failed_ = false;
};

}  // namespace expplat::cli
