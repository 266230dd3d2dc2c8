// `access_line`: a finished request as one line of JSON, for the access log.
//
// Path and parameters are there, the query only by its names, headers not at all but for the request id: keys, tokens and
// what people search for stay out of logs. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "server/http/listener.hpp"

namespace expplat::server::http {

/// Without a line end. `unix_ms`: when the answer was sent.
[[nodiscard]] std::string access_line(const Finished& finished, std::int64_t unix_ms);

}  // namespace expplat::server::http
