// The version of the library, in the one place that has it.
//
// Read by programs, by `expplat --version` and by CMakeLists.txt, which takes the package's version
// from the line below. Releases follow semantic versioning; CHANGELOG.md has their notes.
#pragma once

#include <string_view>

namespace expplat {

inline constexpr std::string_view version = "0.1.0";

}  // namespace expplat
