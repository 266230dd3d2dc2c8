#include "src/cli/terminal.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace expplat::cli {

namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 16;

bool shows_colour(std::FILE* stream) {
    const char* const no_colour = std::getenv("NO_COLOR");
    const char* const terminal = std::getenv("TERM");
    return ::isatty(::fileno(stream)) == 1 && (no_colour == nullptr || *no_colour == '\0') &&
           terminal != nullptr && std::strcmp(terminal, "dumb") != 0;
}

}  // namespace

std::string coloured(std::FILE* stream, Colour colour, std::string_view text) {
    if (colour == Colour::plain || !shows_colour(stream)) return std::string(text);
    constexpr const char* codes[] = {"", "\x1b[31m", "\x1b[32m", "\x1b[1m", "\x1b[2m"};
    return codes[static_cast<unsigned char>(colour)] + std::string(text) + "\x1b[0m";
}

void complain(std::string_view message) {
    const std::string line = coloured(stderr, Colour::red, "expplat:") + " " + std::string(message) + "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
}

void Output::end_line() {
    text_ += '\n';
    if (text_.size() >= piece_bytes) write();
}

bool Output::finish() {
    write();
    if (std::fflush(stdout) != 0) failed_ = true;
    if (failed_) complain(std::string("cannot write to standard output: ") + std::strerror(errno));
    return !failed_;
}

void Output::write() {
    if (!failed_ && std::fwrite(text_.data(), 1, text_.size(), stdout) != text_.size()) failed_ = true;
    text_.clear();
}

}  // namespace expplat::cli
