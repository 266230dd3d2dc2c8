#include "src/aws/digest.hpp"

#include <openssl/evp.h>

namespace expplat::aws {

namespace {

template <class Digest>
[[nodiscard]] std::optional<Digest> digest(std::string_view bytes, const EVP_MD* algorithm) noexcept {
    Digest result;
    unsigned int size = 0;
    const bool done = algorithm != nullptr &&
                      EVP_Digest(bytes.data(), bytes.size(), result.data(), &size, algorithm, nullptr) == 1;
    if (!done || size != result.size()) return std::nullopt;
    return result;
}

}  // namespace

std::optional<Sha256> sha256(std::string_view bytes) noexcept { return digest<Sha256>(bytes, EVP_sha256()); }

std::optional<Sha256> hmac_sha256(std::span<const unsigned char> key, std::string_view bytes) noexcept {
    Sha256 result;
    std::size_t size = 0;
    const unsigned char* const made =
        EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, key.data(), key.size(),
                  reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), result.data(),
                  result.size(), &size);
    if (made == nullptr || size != result.size()) return std::nullopt;
    return result;
}

std::optional<Md5> md5(std::string_view bytes) noexcept {
    // "-fips": the property that a host in FIPS mode asks of every algorithm is not asked of this one.
    EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "MD5", "-fips");
    const std::optional<Md5> result = digest<Md5>(bytes, algorithm);
    EVP_MD_free(algorithm);
    return result;
}

std::string hex(std::span<const unsigned char> bytes) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const unsigned char byte : bytes) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

}  // namespace expplat::aws
