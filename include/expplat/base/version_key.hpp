// Short versions as one number, so that two of them compare in one instruction.
//
// `4.12.1` and most versions of programs are up to four components below 65,536 and nothing else. `User` keeps the number
// beside such a text, the compiler writes an operand's into its image; any other version is compared as text
// (`eval/version.hpp`), with the same result. Pure; constexpr.
#pragma once

#include <cstdint>
#include <string_view>

namespace expplat {

/// A first look: false for most texts that are no version.
[[nodiscard]] constexpr bool may_be_version(std::string_view text) noexcept {
    return !text.empty() && (static_cast<unsigned char>(text[0] - '0') <= 9 || (text[0] | 0x20) == 'v');
}

/// False where `text` is no version of that form; then `key` is unchanged. The order of keys is the order of versions:
/// missing components are zeros, so `1.2` and `1.2.0` have the same.
[[nodiscard]] constexpr bool version_key(std::string_view text, std::uint64_t& key) noexcept {
    const char* at = text.data();
    const char* const end = at + text.size();
    if (at != end && (*at | 0x20) == 'v') ++at;
    std::uint64_t sum = 0;
    int shift = 48;
    for (;; shift -= 16) {
        if (at == end || static_cast<unsigned char>(*at - '0') > 9 || shift < 0) return false;
        std::uint64_t component = 0;
        for (; at != end && static_cast<unsigned char>(*at - '0') <= 9; ++at) {
            component = component * 10 + static_cast<unsigned char>(*at - '0');
            if (component > 0xFFFF) return false;
        }
        sum |= component << shift;
        if (at == end) break;
        if (*at++ != '.') return false;
    }
    key = sum;
    return true;
}

}  // namespace expplat
