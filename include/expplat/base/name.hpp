// How an attribute's name is compared on the path of an evaluation: as one word.
//
// A name of up to 7 bytes is its own word, with its size, so that equal words are equal names; a longer one is known by its
// hash and confirmed by its bytes. Where a user's index is searched from comes with the word, so that an evaluation need
// not work it out. Used by `User` and by the compiler, which writes both into images. Pure; constexpr.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "expplat/base/hash.hpp"

namespace expplat {

inline constexpr std::size_t whole_name_bytes = 7;

/// The name's bytes, little-endian and filled with zeros, and its size in the upper byte; of a longer name 63 bits of its
/// `hash64` and the upper bit. Only the empty name has the word 0.
[[nodiscard]] constexpr std::uint64_t name_word(std::string_view name) noexcept {
    if (name.size() > whole_name_bytes) return hash64(name) >> 1 | std::uint64_t{1} << 63;
    return detail::load_le_short(name.data(), name.size()) | std::uint64_t{name.size()} << 56;
}

/// The word does not hold all of the name: names of that word are equal only where their bytes are.
[[nodiscard]] constexpr bool is_hashed_name(std::uint64_t word) noexcept { return word >> 63 != 0; }

/// A hash of the word whose lower bits say where a search begins.
[[nodiscard]] constexpr std::uint16_t name_slot(std::uint64_t word) noexcept {
    const std::uint64_t product = word * 0x9E3779B97F4A7C15u;
    return static_cast<std::uint16_t>(product >> 48 ^
                                      product >> 60);  // all of the word has its part in each bit
}

}  // namespace expplat
