// Digests: SHA-256 of content and of the audit's chain, HMAC-SHA-256 of its signed head.
//
// Over OpenSSL; hexadecimal in lower case. A refusal of OpenSSL, which has no memory then, is thrown as `Refusal`.
// Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace expplat::server::domain {

[[nodiscard]] std::string sha256_hex(std::string_view bytes);
[[nodiscard]] std::string hmac_sha256_hex(std::string_view secret, std::string_view bytes);

/// In a time that depends on the sizes alone.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

}  // namespace expplat::server::domain
