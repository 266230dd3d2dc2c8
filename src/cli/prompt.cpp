#include "src/cli/prompt.hpp"

#include <termios.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>

namespace expplat::cli {

namespace {

constexpr std::size_t line_bytes = 4'096;

/// A line of standard input, byte by byte: what follows it is not ours.
std::optional<std::string> read_line() {
    std::string line;
    for (char c = 0; ::read(STDIN_FILENO, &c, 1) == 1;) {
        if (c == '\n') return line;
        if (line.size() == line_bytes) return std::nullopt;
        line += c;
    }
    return std::nullopt;
}

/// The terminal shows nothing that is typed, as long as this lives.
class Silence {
public:
    Silence() {
        if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        is_silent_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
    }
    ~Silence() {
        if (is_silent_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;
    [[nodiscard]] bool is_silent() const noexcept { return is_silent_; }

private:
    termios before_{};
    bool is_silent_ = false;
};

void say(const std::string& text) {
    std::fputs(text.c_str(), stderr);
    std::fflush(stderr);
}

}  // namespace

bool has_terminal() noexcept { return ::isatty(STDIN_FILENO) == 1; }

std::optional<std::string> ask_line(const std::string& question) {
    if (!has_terminal()) return std::nullopt;
    say(question);
    return read_line();
}

std::optional<std::string> ask_password(const std::string& question) {
    const Silence silence;
    if (!silence.is_silent()) return std::nullopt;
    say(question);
    std::optional<std::string> line = read_line();
    say("\n");
    return line;
}

bool ask_yes(const std::string& question) {
    const std::optional<std::string> answer = ask_line(question);
    return answer == "y" || answer == "yes" || answer == "Y" || answer == "Yes" || answer == "YES";
}

}  // namespace expplat::cli
