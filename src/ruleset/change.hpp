// `changed_entities`: which entities of a ruleset evaluate by other rules than in the one before.
//
// Used by `workspace.cpp` for `Compiled::changed_keys`, which listeners are told. Compares what was compiled, not what was
// written: a new description is no change; a flag whose segment has changed has changed with it. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/ruleset/check.hpp"
#include "src/ruleset/chunk.hpp"
#include "src/ruleset/outline.hpp"

namespace expplat::ruleset {

/// An entity as it is and as it was; the old ones are null where it is new, a chunk where it is unsupported.
struct Revision {
    const Outline* outline = nullptr;
    const Chunk* chunk = nullptr;
    const Outline* old_outline = nullptr;
    const Chunk* old_chunk = nullptr;
};

/// By ordinal, 1 where it is new, or it or something that it names, directly or not, has changed. `checked` is of the
/// new ruleset, and without problems.
[[nodiscard]] std::vector<std::uint8_t> changed_entities(std::span<const Revision> revisions,
                                                         const Checked& checked);

}  // namespace expplat::ruleset
