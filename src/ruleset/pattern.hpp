// Which patterns `matches` takes: RE2's syntax, without what only some of its versions know.
//
// Used by the reader; the engine that later matches is `pattern_table.hpp`. A `PatternCheck` remembers
// verdicts for the length of one reading, as rulesets repeat their patterns; it is not thread-safe.
// Source: RULESET.md, section 3, `matches`.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace expplat::ruleset {

/// What is wrong with a pattern; nothing where it is fine.
[[nodiscard]] std::optional<std::string> check_pattern(std::string_view pattern, bool ignore_case);

/// A pattern by itself, as `matches` would take it; for what is no ruleset (the server's JSON Schemas). Safe from many threads.
class Pattern {
public:
    /// One that `check_pattern` refuses is found nowhere.
    explicit Pattern(std::string_view pattern);
    ~Pattern();
    Pattern(const Pattern&) = delete;
    Pattern& operator=(const Pattern&) = delete;

    [[nodiscard]] bool is_found_in(std::string_view text) const;

private:
    struct Engine;
    std::unique_ptr<Engine> engine_;  // null where it is refused
};

class PatternCheck {
public:
    /// `check_pattern`, once for each different pattern. The pattern's text must outlive this object.
    [[nodiscard]] const std::optional<std::string>& operator()(std::string_view pattern, bool ignore_case);

private:
    std::unordered_map<std::string_view, std::optional<std::string>> verdicts_[2];  // by ignore_case
};

}  // namespace expplat::ruleset
