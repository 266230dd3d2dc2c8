// What secrets are made of: random bytes, a comparison that tells nothing by its time, and keys derived for one purpose.
//
// Used by passwords, tokens and API keys. Pure but for the random bytes; thread-safe.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "expplat/base/result.hpp"
#include "src/aws/digest.hpp"

namespace expplat::server::auth {

/// From the operating system's generator, through OpenSSL. Fails with `unsupported` where there is none.
[[nodiscard]] Result<std::string> random_bytes(std::size_t count);

/// Its time depends on the sizes alone.
[[nodiscard]] bool is_equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

/// HMAC-SHA256 of the purpose under a secret: what is signed for one purpose verifies for no other.
/// Fails with `invalid_argument` for a secret of fewer than `limits::secret_key_characters` characters.
[[nodiscard]] Result<aws::Sha256> derive_key(std::string_view secret, std::string_view purpose);

[[nodiscard]] inline std::span<const unsigned char> octets_of(std::string_view text) noexcept {
    return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view text_of(std::span<const unsigned char> octets) noexcept {
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

}  // namespace expplat::server::auth
