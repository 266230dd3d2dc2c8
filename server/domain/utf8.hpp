// `is_utf8`: whether bytes are UTF-8 as RFC 3629 has it: no surrogates, nothing overlong, nothing past U+10FFFF.
//
// Used where text comes from elsewhere than parsed JSON, and by the store for each parameter.
// Pure; allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace expplat::server::domain {

[[nodiscard]] constexpr bool is_utf8(std::string_view bytes) noexcept {
    std::size_t i = 0;
    while (i < bytes.size()) {
        const auto lead = static_cast<unsigned char>(bytes[i]);
        if (lead < 0x80) {
            ++i;
            continue;
        }
        const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
        if (lead < 0xC2 || lead > 0xF4 || bytes.size() - i < length) return false;
        std::uint32_t point = lead & (0xFFu >> (length + 1));
        for (std::size_t k = 1; k < length; ++k) {
            const auto next = static_cast<unsigned char>(bytes[i + k]);
            if ((next & 0xC0u) != 0x80u) return false;
            point = point << 6 | (next & 0x3Fu);
        }
        constexpr std::uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
        if (point < lowest[length] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
        i += length;
    }
    return true;
}

}  // namespace expplat::server::domain
