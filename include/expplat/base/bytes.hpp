// Comparing and copying short byte strings without a call: keys and names are mostly 3 to 16 bytes.
//
// Used on the path of every evaluation. Pure; safe on any bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#if (defined(_MSVC_LANG) ? _MSVC_LANG : __cplusplus) < 202002L
#error "expplat's headers are C++20: compile with -std=c++20 or /std:c++20"
#endif

namespace expplat {

namespace detail {
template <class Word>
[[nodiscard]] inline Word load_word(const char* bytes) noexcept {
    Word word;
    std::memcpy(&word, bytes, sizeof word);
    return word;
}

/// `std::bit_cast`, which the libraries of some platforms' toolchains do not have yet (libc++ before 14).
template <class To, class From>
[[nodiscard]] inline To bits_as(const From& from) noexcept {
    static_assert(sizeof(To) == sizeof(From));
    return load_word<To>(reinterpret_cast<const char*>(&from));
}
}  // namespace detail

/// True where both hold the same bytes.
[[nodiscard]] constexpr bool same_bytes(std::string_view a, std::string_view b) noexcept {
    if (std::is_constant_evaluated()) return a == b;
    using detail::load_word;
    const std::size_t size = a.size();
    if (size != b.size()) return false;
    const char* const p = a.data();
    const char* const q = b.data();
    if (size > 16) return std::memcmp(p, q, size) == 0;
    if (size >= 8) {
        return ((load_word<std::uint64_t>(p) ^ load_word<std::uint64_t>(q)) |
                (load_word<std::uint64_t>(p + size - 8) ^ load_word<std::uint64_t>(q + size - 8))) == 0;
    }
    if (size >= 4) {
        return ((load_word<std::uint32_t>(p) ^ load_word<std::uint32_t>(q)) |
                (load_word<std::uint32_t>(p + size - 4) ^ load_word<std::uint32_t>(q + size - 4))) == 0;
    }
    for (std::size_t i = 0; i < size; ++i) {
        if (p[i] != q[i]) return false;
    }
    return true;
}

/// Copies up to 16 bytes without a call. The memory does not overlap.
inline void copy_bytes(char* to, std::string_view from) noexcept {
    const std::size_t size = from.size();
    const char* const p = from.data();
    if (size > 16) {
        std::memcpy(to, p, size);
    } else if (size >= 8) {
        const auto first = detail::load_word<std::uint64_t>(p);
        const auto last = detail::load_word<std::uint64_t>(p + size - 8);
        std::memcpy(to, &first, sizeof first);
        std::memcpy(to + size - 8, &last, sizeof last);
    } else if (size >= 4) {
        const auto first = detail::load_word<std::uint32_t>(p);
        const auto last = detail::load_word<std::uint32_t>(p + size - 4);
        std::memcpy(to, &first, sizeof first);
        std::memcpy(to + size - 4, &last, sizeof last);
    } else {
        for (std::size_t i = 0; i < size; ++i) to[i] = p[i];
    }
}

}  // namespace expplat
