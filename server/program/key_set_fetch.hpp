// `fetch_key_set`: a key set of an issuer of tokens, over HTTPS.
//
// Called by the user pool (`server/api/user_pool.hpp`) now and then, on a thread that may wait. Bounded in time and size.
#pragma once

#include <string>

#include "expplat/base/result.hpp"

namespace expplat::server::program {

/// Waits for at most 5 s. Errors: what the transport has, and `network` for an answer that is not 200.
[[nodiscard]] Result<std::string> fetch_key_set(const std::string& url);

}  // namespace expplat::server::program
