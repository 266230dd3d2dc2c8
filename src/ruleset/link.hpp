// `link`: lays compiled entities out as one image.
//
// Chunks are copied in dependency order, so that every reference leads to a lower offset; the places that the
// compiler left open are filled; tables and checksum follow. Called by `workspace.cpp`. About as fast as copying, where the
// image before the last gives its memory: pages that are new to the process cost as much again.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "expplat/base/result.hpp"
#include "expplat/image/image.hpp"
#include "src/ruleset/check.hpp"
#include "src/ruleset/chunk.hpp"
#include "src/ruleset/outline.hpp"

namespace expplat::ruleset {

/// One entity of the ruleset, in document order.
struct LinkInput {
    const Outline* outline = nullptr;
    const Chunk* chunk = nullptr;  // null where the entity itself is unsupported
};

/// `checked` must be without problems. The image is made in `spare` where that has about its size, else in `memory`; what
/// was spare is gone either way. Errors: `too_large`.
[[nodiscard]] Result<image::Image> link(std::span<const LinkInput> inputs, const Checked& checked,
                                        std::string_view environment, std::uint64_t version,
                                        const image::Memory& memory, std::optional<image::Buffer> spare = {});

}  // namespace expplat::ruleset
