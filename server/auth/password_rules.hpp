// Which passwords a person may choose: 12 to 256 characters, and not the own e-mail address.
//
// Asked when a password is set, never at a log-in. Length is what helps (NIST SP 800-63B, 5.1.1.2: no rules of composition).
// Pure; thread-safe.
#pragma once

#include <string_view>

#include "expplat/base/result.hpp"

namespace expplat::server::auth {

/// Fails with `invalid_argument` and a sentence for the person. A character is a code point of UTF-8; other bytes and
/// control characters are refused.
[[nodiscard]] Result<void> check_new_password(std::string_view password, std::string_view email);

}  // namespace expplat::server::auth
