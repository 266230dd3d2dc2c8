// Compiles one entity of the model to its chunk of the image.
//
// Called by `workspace.cpp` for every entity whose JSON it has not compiled before; next is `link.hpp`. Nothing
// can fail: the reader checked the model. Pure; safe on any thread.
#pragma once

#include <string_view>

#include "src/ruleset/chunk.hpp"
#include "src/ruleset/compile_condition.hpp"
#include "src/ruleset/model.hpp"

namespace expplat::ruleset {

/// `weights` is empty unless the entity's segment calls nest too deep in the document's order.
[[nodiscard]] Chunk compile_entity(std::string_view key, const Body& body, const CallWeights& weights = {});

/// A flag or experiment that this library does not know how to evaluate: only its key.
[[nodiscard]] Chunk compile_unsupported(std::string_view key, EntityKind kind);

}  // namespace expplat::ruleset
