// `peek_version`: the version that a document or a patch says it has, without reading the rest of it.
//
// Used by what follows a server (`src/sync`), to refuse what is older before it costs anything and before the workspace
// changes. Judges nothing: a text that is broken is found to be so when it is compiled. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace expplat::ruleset {

/// The member `version` of the outermost object where it is an integer of [0, 2⁵³ − 1]. Nothing where there is none, or
/// where the text stops being JSON before it.
[[nodiscard]] std::optional<std::uint64_t> peek_version(std::string_view json);

}  // namespace expplat::ruleset
