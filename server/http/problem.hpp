// `Problem`: an error as HTTP answers it, an RFC 9457 problem document.
//
// Made by whoever refuses a request; `response()` is the answer. A plain value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/message.hpp"

namespace expplat::server::http {

struct Problem {
    /// One mistake in the request's body.
    struct Fault {
        std::string pointer;  // RFC 6901, of the body; empty: the whole of it
        std::string detail;
    };

    unsigned status = 500;
    /// The end of `/problems/…`, stable: programs compare it. Empty: the status says all there is.
    std::string type = {};
    std::string detail = {};  // for people
    std::vector<Fault> faults = {};
    std::int64_t retry_after_s = 0;  // over 0: said in `Retry-After`

    [[nodiscard]] Response response() const;
};

/// The document's `type` for a problem's: a path of this server, which describes it.
inline constexpr std::string_view problem_types = "/problems/";

}  // namespace expplat::server::http
