// `Problem`: why the server refused, from its problem document (RFC 9457), in words for a person.
//
// Made from any answer that is no success; used by `client.hpp`. A value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "expplat/base/error.hpp"
#include "src/net/transport.hpp"

namespace expplat::admin {

struct Problem {
    struct Place {
        std::string pointer;  // RFC 6901, into what was sent
        std::string detail;
    };

    int status = 0;
    std::string
        type;  // `invalid`, `not-found`, `precondition-failed`, …; empty where it is no document of ours
    std::string detail;
    std::vector<Place> places;
};

[[nodiscard]] Problem problem_of(const net::Response& response);

/// The detail and a line for each place. Codes: `unauthorized` (401, 403), `not_found`, `not_ready` (another revision, 412),
/// `too_large`, `network` (5xx, 429), else `invalid_argument`.
[[nodiscard]] Error error_of(const Problem& problem);

}  // namespace expplat::admin
