#include "server/auth/base64.hpp"

#include <array>
#include <cstddef>

#include "src/net/proxy.hpp"

namespace expplat::server::auth {

namespace {

constexpr unsigned char no_digit = 0xFF;

constexpr std::array<unsigned char, 256> digits_of(char digit_62, char digit_63) {
    std::array<unsigned char, 256> digits{};
    digits.fill(no_digit);
    unsigned char value = 0;
    for (char c = 'A'; c <= 'Z'; ++c) digits[static_cast<unsigned char>(c)] = value++;
    for (char c = 'a'; c <= 'z'; ++c) digits[static_cast<unsigned char>(c)] = value++;
    for (char c = '0'; c <= '9'; ++c) digits[static_cast<unsigned char>(c)] = value++;
    digits[static_cast<unsigned char>(digit_62)] = value++;
    digits[static_cast<unsigned char>(digit_63)] = value;
    return digits;
}

constexpr auto url_digits = digits_of('-', '_');
constexpr auto standard_digits = digits_of('+', '/');

}  // namespace

std::string encode_base64(std::string_view bytes, Alphabet alphabet) {
    std::string text = net::base64(bytes);
    text.resize(text.size() - (3 - bytes.size() % 3) % 3);
    if (alphabet == Alphabet::standard) return text;
    for (char& c : text) {
        if (c == '+') c = '-';
        if (c == '/') c = '_';
    }
    return text;
}

std::string encode_base64(std::span<const unsigned char> bytes, Alphabet alphabet) {
    return encode_base64(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()),
                         alphabet);
}

std::optional<std::string> decode_base64(std::string_view text, Alphabet alphabet) {
    if (text.size() % 4 == 1) return std::nullopt;
    const auto& digits = alphabet == Alphabet::url ? url_digits : standard_digits;
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t group = 0;
    unsigned bits = 0;
    for (const char c : text) {
        const unsigned char digit = digits[static_cast<unsigned char>(c)];
        if (digit == no_digit) return std::nullopt;
        group = group << 6 | digit;
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        bytes += static_cast<char>(group >> bits & 0xFF);
        group &= (1u << bits) - 1;
    }
    if (group != 0) return std::nullopt;
    return bytes;
}

}  // namespace expplat::server::auth
