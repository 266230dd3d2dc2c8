// A ruleset file, as JSON or as an image, ready to be evaluated.
//
// Used by every command that reads one. What is refused has been told on standard error when `load` returns nothing.
#pragma once

#include <optional>
#include <string>

#include "expplat/image/image.hpp"
#include "src/ruleset/pattern_table.hpp"
#include "src/ruleset/read.hpp"

namespace expplat::cli {

struct RulesetFile {
    image::Image image;
    ruleset::PatternTable patterns;

    [[nodiscard]] image::View view() const noexcept { return image.view(); }
};

[[nodiscard]] std::optional<RulesetFile> load(const std::string& path, ruleset::Mode mode);

}  // namespace expplat::cli
