// The library's engine for `matches`: RE2 behind the evaluator's seam (`eval/pattern.hpp`).
//
// A table holds an image's patterns, compiled; it lives as long as the image's snapshot. Patterns that the table
// before it had are shared, so a patch compiles none again. Matching is safe from many threads and linear in the text;
// RE2 may allocate. Making a table is not on the evaluation path.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "expplat/eval/pattern.hpp"
#include "expplat/image/view.hpp"

namespace re2 {
class RE2;
}

namespace expplat::ruleset {

class PatternTable {
public:
    PatternTable() = default;
    /// Compiles the image's patterns. `before`: a table to share compiled patterns with; may be null.
    explicit PatternTable(const image::View& view, const PatternTable* before = nullptr);

    /// The seam's object; borrows this table. Empty where a pattern could not be compiled here: then the flags that
    /// reach a pattern answer ERROR / GENERAL.
    [[nodiscard]] eval::Patterns patterns() const noexcept;

private:
    struct Entry {
        std::string name;  // the pattern, and how it takes case
        std::shared_ptr<const re2::RE2> engine;
    };
    static bool match(const void* table, std::uint32_t pattern, std::string_view text) noexcept;

    std::vector<Entry> entries_;
    bool complete_ = true;
};

}  // namespace expplat::ruleset
