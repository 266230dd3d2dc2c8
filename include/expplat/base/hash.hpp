// A fast 64-bit hash for look-ups inside one process or image: keys, attribute names, list entries.
//
// It never decides a bucket (that is XXH3, `eval/bucket.hpp`), and no two parties have to agree on
// it but the compiler and the evaluator of one release: an image carries `hash_version`.
// Every match found by hash is confirmed by comparing bytes. Pure; constexpr.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace expplat {

/// Changes with the function below; written into every image.
inline constexpr std::uint32_t hash_version = 1;

namespace detail {

[[nodiscard]] constexpr std::uint64_t load_le(const char* bytes, std::size_t count) noexcept {
    std::uint64_t word = 0;
    if (!std::is_constant_evaluated() && std::endian::native == std::endian::little && count == 8) {
        std::memcpy(&word, bytes, 8);
        return word;
    }
    for (std::size_t i = 0; i < count; ++i) {
        word |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    return word;
}

[[nodiscard]] constexpr std::uint64_t load_le4(const char* bytes) noexcept {
    if (!std::is_constant_evaluated() && std::endian::native == std::endian::little) {
        std::uint32_t word = 0;
        std::memcpy(&word, bytes, 4);
        return word;
    }
    return load_le(bytes, 4);
}

/// Up to 8 bytes as a little-endian word, filled with zeros: overlapping loads instead of a loop.
[[nodiscard]] constexpr std::uint64_t load_le_short(const char* bytes, std::size_t count) noexcept {
    if (count == 8) return load_le(bytes, 8);
    if (count >= 4) return load_le4(bytes) | load_le4(bytes + count - 4) << (8 * (count - 4));
    if (count == 0) return 0;
    const auto byte = [bytes](std::size_t i) {
        return std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    };
    return byte(0) | byte(count / 2) | byte(count - 1);
}

/// High and low half of the 128-bit product, folded by xor.
[[nodiscard]] constexpr std::uint64_t fold_multiply(std::uint64_t a, std::uint64_t b) noexcept {
#if defined(__SIZEOF_INT128__) && !defined(__wasm__)  // there it is a call to the compiler's library
    __extension__ using Wide = unsigned __int128;
    const Wide product = Wide{a} * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
#else
    const std::uint64_t a_low = a & 0xFFFFFFFFu, a_high = a >> 32;
    const std::uint64_t b_low = b & 0xFFFFFFFFu, b_high = b >> 32;
    const std::uint64_t low = a_low * b_low;
    const std::uint64_t mid = a_high * b_low + (low >> 32);
    const std::uint64_t mid2 = a_low * b_high + (mid & 0xFFFFFFFFu);
    const std::uint64_t high = a_high * b_high + (mid >> 32) + (mid2 >> 32);
    return ((mid2 << 32) | (low & 0xFFFFFFFFu)) ^ high;
#endif
}

}  // namespace detail

/// The bytes' look-up hash.
[[nodiscard]] constexpr std::uint64_t hash64(std::string_view bytes) noexcept {
    constexpr std::uint64_t k0 = 0x9E3779B97F4A7C15u;
    constexpr std::uint64_t k1 = 0xD6E8FEB86659FD93u;
    constexpr std::uint64_t k2 = 0xA0761D6478BD642Fu;
    const char* p = bytes.data();
    const std::size_t size = bytes.size();
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    std::uint64_t state = k0 ^ size;
    if (size <= 16) {
        if (size >= 8) {
            a = detail::load_le(p, 8);
            b = detail::load_le(p + size - 8, 8);
        } else if (size >= 4) {
            a = detail::load_le4(p);
            b = detail::load_le4(p + size - 4);
        } else if (size > 0) {
            a = (std::uint64_t{static_cast<unsigned char>(p[0])} << 16) |
                (std::uint64_t{static_cast<unsigned char>(p[size >> 1])} << 8) |
                static_cast<unsigned char>(p[size - 1]);
        }
    } else {
        std::size_t left = size;
        while (left > 16) {
            state = detail::fold_multiply(detail::load_le(p, 8) ^ k1, detail::load_le(p + 8, 8) ^ state);
            p += 16;
            left -= 16;
        }
        a = detail::load_le(p + left - 16, 8);
        b = detail::load_le(p + left - 8, 8);
    }
    return detail::fold_multiply(k2 ^ size, detail::fold_multiply(a ^ k1, b ^ state));
}

}  // namespace expplat
