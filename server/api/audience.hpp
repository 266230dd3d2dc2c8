// Which environment a request is of, and how much of it the caller sees.
//
// For what is answered from the hub: distribution and remote evaluation. Refusals are thrown as `domain::Refusal`. Pure but
// for the hub; thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "server/api/routes.hpp"

namespace expplat::server::api {

struct Wanted {
    publish::EnvironmentName name;
    publish::Audience audience = publish::Audience::server;
};

/// A key's own environment, or the one that the query names; all of it for who may `all`, what is client-visible for who may
/// `visible`.
[[nodiscard]] Wanted wanted(const Call& call, auth::Operation all, auth::Operation visible,
                            std::int64_t now_ms);

/// Refuses (`not_found`) what the hub does not have.
[[nodiscard]] std::shared_ptr<const publish::Release> release_of(const Services& services,
                                                                 const Wanted& wanted);

/// The version that a stream ended with.
[[nodiscard]] std::optional<std::uint64_t> last_event(const http::Request& request);

/// Begins an answer that is a stream of events, and ends with its holder's right; what the hub is given for it.
[[nodiscard]] publish::Send open_stream(const Services& services, StreamHolder holder,
                                        http::Responder& responder);

}  // namespace expplat::server::api
