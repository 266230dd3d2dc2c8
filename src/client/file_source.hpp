// Reading a ruleset file: whole, into aligned private memory.
//
// Used by the runtime and the command line for rulesets as JSON and as images alike.
#pragma once

#include <cstddef>
#include <string>

#include "expplat/base/result.hpp"
#include "expplat/image/image.hpp"

namespace expplat::runtime {

/// The file's bytes. Errors: `not_found`, `too_large` (over `most` bytes), `io` (a directory, no permission, it shrank
/// while it was read).
[[nodiscard]] Result<image::Buffer> read_file(const std::string& path, std::size_t most,
                                              const image::Memory& memory = {});

/// The bytes begin as an image does; otherwise they are taken for JSON.
[[nodiscard]] bool is_image(const image::Buffer& content) noexcept;

}  // namespace expplat::runtime
