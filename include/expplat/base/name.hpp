// How an attribute's name is compared on the path of an evaluation: as one word.
//
// A name of up to 8 bytes is its own word, so that equal word and size mean equal names; a longer one is known by its hash
// and confirmed by its bytes. Used by `User` and by the compiler, which writes words into images. Pure; constexpr.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "expplat/base/hash.hpp"

namespace expplat {

inline constexpr std::size_t whole_name_bytes = 8;

/// The name's bytes, little-endian and filled with zeros, or its `hash64` where it is longer.
[[nodiscard]] constexpr std::uint64_t name_word(std::string_view name) noexcept {
    return name.size() <= whole_name_bytes ? detail::load_le_short(name.data(), name.size()) : hash64(name);
}

/// The name's size, 65,535 for all from there on: no user has an attribute of such a name (`attribute_name_bytes`).
[[nodiscard]] constexpr std::uint16_t short_size(std::string_view name) noexcept {
    return name.size() < 0xFFFF ? static_cast<std::uint16_t>(name.size()) : std::uint16_t{0xFFFF};
}

}  // namespace expplat
