#include "server/domain/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "server/domain/problem.hpp"

namespace expplat::server::domain {

namespace {

using Digest = std::array<unsigned char, 32>;

std::string hex(const Digest& digest) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(2 * digest.size());
    for (const unsigned char byte : digest) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
    Digest digest{};
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
        throw Refusal(ProblemType::internal, "OpenSSL has no SHA-256");
    }
    return hex(digest);
}

std::string hmac_sha256_hex(std::string_view secret, std::string_view bytes) {
    Digest digest{};
    if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
             reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(),
             nullptr) == nullptr) {
        throw Refusal(ProblemType::internal, "OpenSSL has no HMAC");
    }
    return hex(digest);
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace expplat::server::domain
