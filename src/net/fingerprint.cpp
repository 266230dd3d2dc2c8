#include "src/net/fingerprint.hpp"

#include <array>
#include <cstdint>

#include <openssl/evp.h>

namespace expplat::net {

std::string fingerprint(std::initializer_list<std::string_view> texts) {
    std::string framed;
    for (const std::string_view text : texts) {
        for (int shift = 0; shift < 64; shift += 8) {
            framed += static_cast<char>((std::uint64_t{text.size()} >> shift) & 0xFF);
        }
        framed += text;
    }
    std::array<unsigned char, 32> digest{};
    unsigned int size = 0;
    if (EVP_Digest(framed.data(), framed.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1 ||
        size != digest.size()) {
        return {};
    }
    constexpr char digits[] = "0123456789abcdef";
    std::string hex;
    hex.reserve(2 * digest.size());
    for (const unsigned char byte : digest) {
        hex += digits[byte >> 4];
        hex += digits[byte & 15];
    }
    return hex;
}

}  // namespace expplat::net
