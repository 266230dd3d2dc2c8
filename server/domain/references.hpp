// References: where a configuration names other entities.
//
// Used by the projection and by where-used. Reads the body as the compiler does, so that both see the same names.
// Pure.
#pragma once

#include <string_view>
#include <vector>

#include "server/domain/nouns.hpp"
#include "src/ruleset/outline.hpp"

namespace expplat::server::domain {

[[nodiscard]] std::vector<ruleset::Reference> references_in(EntityKind kind, std::string_view key,
                                                            std::string_view body);

[[nodiscard]] bool points_to(const ruleset::Reference& reference, EntityKind kind,
                             std::string_view key) noexcept;

}  // namespace expplat::server::domain
