// An RSA public key that is fit to be trusted: 2048 to 8192 bits, a usual exponent, and not of the generator whose keys can
// be factored (ROCA, CVE-2017-15361).
//
// Made by `Jwks::read` from `n` and `e`; verifies RS256 (RSASSA-PKCS1-v1_5 with SHA-256; RFC 7518, 3.3) and nothing else.
// Immutable; thread-safe; cheap to copy.
#pragma once

#include <memory>
#include <string_view>

#include "expplat/base/result.hpp"

namespace expplat::server::auth {

class RsaKey {
public:
    /// From the big-endian bytes of the modulus and of the exponent (RFC 7518, 6.3.1: no leading zero octet).
    [[nodiscard]] static Result<RsaKey> make(std::string_view modulus, std::string_view exponent);

    [[nodiscard]] bool verifies_rs256(std::string_view text, std::string_view signature) const noexcept;

private:
    explicit RsaKey(std::shared_ptr<void> key) : key_(std::move(key)) {}
    std::shared_ptr<void> key_;  // an EVP_PKEY, which is not a name of the headers
};

}  // namespace expplat::server::auth
