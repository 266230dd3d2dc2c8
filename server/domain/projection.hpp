// The projection: what of a ruleset a `client` key may see.
//
// Flags and experiments that are marked client-visible, and the segments, layers and holdouts that they need. A visible one
// that depends on an invisible one is a violation. So is one that needs a segment with lists: CONTROL-PLANE.md wants them as
// hashes, and format 1 of the ruleset has no such form, so they would be shown to every client. Pure.
#pragma once

#include <span>
#include <vector>

#include "server/domain/tables/entities.hpp"

namespace expplat::server::domain {

struct Projection {
    std::vector<tables::Configured> visible;  // in the order given
    std::vector<Violation> violations;        // with pointers into the whole ruleset
};

/// `configured` compiles, so every name in it points somewhere.
[[nodiscard]] Projection project_for_clients(std::span<const tables::Configured> configured);

}  // namespace expplat::server::domain
