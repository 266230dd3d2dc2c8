// The seam behind which a host brings an engine for `matches`.
//
// The core knows no regular expressions: an image numbers its patterns, a host that has an engine
// compiles them once for each image and hands `Patterns` to `evaluate`. Without one, exactly the flags and
// experiments that reach a pattern answer ERROR / GENERAL. The library's own is `src/ruleset/pattern_table.hpp`
// (RE2). A match must be safe from many threads and must take time linear in the text.
#pragma once

#include <cstdint>
#include <string_view>

namespace expplat::eval {

struct Patterns {
    using Match = bool (*)(const void* engine, std::uint32_t pattern, std::string_view text) noexcept;

    const void* engine = nullptr;
    Match match = nullptr;

    explicit operator bool() const noexcept { return match != nullptr; }
    [[nodiscard]] bool matches(std::uint32_t pattern, std::string_view text) const noexcept {
        return match(engine, pattern, text);
    }
};

}  // namespace expplat::eval
