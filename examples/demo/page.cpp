#include "examples/demo/page.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace demo {

namespace {

bool shows_colour() {
    const char* const no_colour = std::getenv("NO_COLOR");
    const char* const terminal = std::getenv("TERM");
    return ::isatty(STDOUT_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0') &&
           terminal != nullptr && std::string_view(terminal) != "dumb";
}

}  // namespace

std::string inked(Ink ink, std::string_view text) {
    static const bool colour = shows_colour();
    if (!colour || ink == Ink::plain) return std::string(text);
    constexpr std::array codes = {"", "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[31m"};
    return codes[static_cast<unsigned char>(ink)] + std::string(text) + "\x1b[0m";
}

void heading(int number, std::string_view title) {
    std::printf("\n%s\n\n", inked(Ink::bold, std::to_string(number) + "  " + std::string(title)).c_str());
}

std::string grouped(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (std::size_t place = text.size(); place > 3; place -= 3) text.insert(place - 3, ",");
    return text;
}

std::string bar(double share, int cells) {
    constexpr std::array parts = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const int eighths = std::clamp(static_cast<int>(share * cells * 8 + 0.5), 0, cells * 8);
    std::string text;
    for (int cell = 0; cell < eighths / 8; ++cell) text += "█";
    text += parts[static_cast<std::size_t>(eighths % 8)];
    const int used = (eighths + 7) / 8;
    return text + std::string(static_cast<std::size_t>(cells - used), ' ');
}

}  // namespace demo
