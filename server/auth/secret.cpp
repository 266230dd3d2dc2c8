#include "server/auth/secret.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "server/auth/limits.hpp"

namespace expplat::server::auth {

Result<std::string> random_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
        return Error{ErrorCode::unsupported, "the random generator of OpenSSL has no entropy"};
    }
    return bytes;
}

bool is_equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Result<aws::Sha256> derive_key(std::string_view secret, std::string_view purpose) {
    if (secret.size() < limits::secret_key_characters) {
        return Error{ErrorCode::invalid_argument,
                     "SECRET_KEY must have " + std::to_string(limits::secret_key_characters) +
                         " characters or more; this one has " + std::to_string(secret.size())};
    }
    const auto key = aws::hmac_sha256(octets_of(secret), purpose);
    if (!key) return Error{ErrorCode::unsupported, "OpenSSL refuses HMAC-SHA256"};
    return *key;
}

}  // namespace expplat::server::auth
