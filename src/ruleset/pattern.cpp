#include "src/ruleset/pattern.hpp"

#include <cstdint>

#include <re2/re2.h>

#include "expplat/base/limits.hpp"

namespace expplat::ruleset {

namespace {

/// The byte after the class that begins (with its bracket) at `begin`.
[[nodiscard]] std::size_t end_of_class(std::string_view pattern, std::size_t begin) noexcept {
    std::size_t i = begin + 1;
    if (i < pattern.size() && pattern[i] == '^') ++i;
    if (i < pattern.size() && pattern[i] == ']') ++i;  // the first one is an ordinary character
    while (i < pattern.size() && pattern[i] != ']') {
        if (pattern[i] == '\\') {
            i += 2;
        } else if (pattern.substr(i, 2) == "[:") {
            const std::size_t end = pattern.find(":]", i + 2);
            i = end == pattern.npos ? i + 1 : end + 2;
        } else {
            ++i;
        }
    }
    return i + 1;
}

/// `\C` or `(?<` where they are syntax: not escaped, not between `\Q` and `\E`, not in a class.
[[nodiscard]] std::optional<std::string> refused_syntax(std::string_view pattern) {
    for (std::size_t i = 0; i < pattern.size();) {
        const std::string_view rest = pattern.substr(i);
        if (rest.starts_with("\\C")) return "\\C is not allowed";
        if (rest.starts_with("(?<")) return "(?< is not allowed; a named group is (?P<name>…)";
        if (rest.starts_with("\\Q")) {
            const std::size_t end = pattern.find("\\E", i + 2);
            if (end == pattern.npos) return std::nullopt;
            i = end + 2;
        } else if (rest.front() == '\\') {
            i += 2;
        } else if (rest.front() == '[') {
            i = end_of_class(pattern, i);
        } else {
            ++i;
        }
    }
    return std::nullopt;
}

[[nodiscard]] RE2::Options options_for(bool ignore_case) {
    RE2::Options options;  // the defaults: UTF-8, leftmost-first
    options.set_max_mem(static_cast<std::int64_t>(limits::pattern_memory_bytes));
    options.set_log_errors(false);
    options.set_case_sensitive(!ignore_case);
    return options;
}

}  // namespace

std::optional<std::string> check_pattern(std::string_view pattern, bool ignore_case) {
    if (pattern.size() > limits::pattern_bytes) {
        return std::to_string(pattern.size()) + " bytes; at most " + std::to_string(limits::pattern_bytes) +
               " are allowed";
    }
    if (std::optional<std::string> refused = refused_syntax(pattern)) return refused;
    const RE2 compiled(re2::StringPiece(pattern.data(), pattern.size()), options_for(ignore_case));
    if (compiled.ok()) return std::nullopt;
    return compiled.error();
}

struct Pattern::Engine {
    RE2 compiled;
};

Pattern::Pattern(std::string_view pattern) {
    if (check_pattern(pattern, false)) return;
    engine_ = std::unique_ptr<Engine>(
        new Engine{RE2(re2::StringPiece(pattern.data(), pattern.size()), options_for(false))});
}
Pattern::~Pattern() = default;

bool Pattern::is_found_in(std::string_view text) const {
    return engine_ != nullptr &&
           RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), engine_->compiled);
}

const std::optional<std::string>& PatternCheck::operator()(std::string_view pattern, bool ignore_case) {
    auto [entry, is_new] = verdicts_[ignore_case ? 1 : 0].try_emplace(pattern);
    if (is_new) entry->second = check_pattern(pattern, ignore_case);
    return entry->second;
}

}  // namespace expplat::ruleset
