// `Adopter`: what a follower does with the rulesets and patches that it gets, and what it asks of the ruleset that is held.
//
// Filled in by the runtime, which compiles and publishes; called from the follower's loop only. `offer_ruleset` and
// `offer_patch` are the one gate before it: no version goes back, and what is held already costs nothing.
// Source: docs/PROTOCOL.md, `GET /api/v1/sdk/stream`.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "expplat/base/result.hpp"

namespace expplat::sync {

/// All three must be set. Each may stop the follower, and must not destroy it.
struct Adopter {
    /// Adopts a whole document, or refuses it and keeps what is held. The text lives for the call.
    std::function<Result<void>(std::string_view json)> put;
    /// Applies a patch. Any error makes the follower ask for the whole ruleset: so `not_ready` is right where what is held
    /// came from a compiled image, and there is no document for a patch to apply to.
    std::function<Result<void>(std::string_view json)> patch;
    /// Of the ruleset that is held; nothing where there is none.
    std::function<std::optional<std::uint64_t>()> version;
};

enum class Adoption : std::uint8_t {
    adopted,
    held,     // it is the version that is held: nothing was done
    refused,  // `error` says why; what was held stays
};

struct Offer {
    Adoption adoption = Adoption::refused;
    Error error;

    /// The text is at fault, and not only no continuation of what is held.
    [[nodiscard]] bool is_faulty() const noexcept {
        return adoption == Adoption::refused && error.code != ErrorCode::not_ready &&
               error.code != ErrorCode::invalid_argument;
    }
};

[[nodiscard]] Offer offer_ruleset(const Adopter& adopter, std::string_view json);
/// `refused`: the whole ruleset is needed.
[[nodiscard]] Offer offer_patch(const Adopter& adopter, std::string_view json);

}  // namespace expplat::sync
