// The one function that makes every random choice (RULESET.md, section 6): XXH3 of the unit, seeded by
// XXH3 of the salt, its upper 32 bits.
//
// Used by the evaluator, the compiler (seeds and boundaries) and `explain`. Pure. The only header of the
// library that includes a third-party one.
#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "expplat/base/hash.hpp"
#include "expplat/base/inline.hpp"

namespace expplat::eval {

/// One past the largest point.
inline constexpr std::uint64_t point_range = std::uint64_t{1} << 32;
inline constexpr std::uint64_t layer_slots = 10'000;

[[nodiscard]] inline std::uint64_t seed_of(std::string_view salt) noexcept {
    return XXH3_64bits(salt.data(), salt.size());
}

namespace detail {

[[nodiscard]] constexpr std::uint32_t swap4(std::uint32_t word) noexcept {
    return word << 24 | (word & 0xFF00u) << 8 | (word >> 8 & 0xFF00u) | word >> 24;
}

// XXH3 of 4 to 16 bytes, from its specification ("XXH3 on small inputs"). Most units are of such a size, and the library's
// function is not inlined: this takes half of its instructions. A test compares the two.

/// Only the upper 32 bits are right: the last step, which would not change them, is left out.
EXPPLAT_INLINE std::uint64_t xxh3_of_9_to_16(std::uint64_t seed, std::string_view bytes) noexcept {
    using expplat::detail::load_le;
    constexpr std::uint64_t flip_low = 0x6782737BEA4239B9u;   // of the default secret's bytes 24 to 39
    constexpr std::uint64_t flip_high = 0xAF56BC3B0996523Au;  // 40 to 55
    const std::uint64_t low = load_le(bytes.data(), 8) ^ (flip_low + seed);
    const std::uint64_t high = load_le(bytes.data() + bytes.size() - 8, 8) ^ (flip_high - seed);
    const std::uint64_t swapped = std::uint64_t{swap4(static_cast<std::uint32_t>(low))} << 32 |
                                  swap4(static_cast<std::uint32_t>(low >> 32));
    const std::uint64_t sum = bytes.size() + swapped + high + expplat::detail::fold_multiply(low, high);
    return (sum ^ sum >> 37) * 0x165667919E3779F9u;
}

EXPPLAT_INLINE std::uint64_t xxh3_of_4_to_8(std::uint64_t seed, std::string_view bytes) noexcept {
    using expplat::detail::load_le4;
    constexpr std::uint64_t flip = 0xC73AB174C5ECD5A2u;  // of the default secret's bytes 8 to 23
    constexpr std::uint64_t factor = 0x9FB21C651E98DF25u;
    const std::uint64_t flipped_seed = seed ^ std::uint64_t{swap4(static_cast<std::uint32_t>(seed))} << 32;
    std::uint64_t hash = load_le4(bytes.data() + bytes.size() - 4) + (load_le4(bytes.data()) << 32);
    hash ^= flip - flipped_seed;
    hash ^= std::rotl(hash, 49) ^ std::rotl(hash, 24);
    hash *= factor;
    hash ^= (hash >> 35) + bytes.size();
    hash *= factor;
    return hash ^ hash >> 28;
}

}  // namespace detail

/// In [0, 2^32).
EXPPLAT_INLINE std::uint32_t point(std::uint64_t seed, std::string_view unit) noexcept {
    const std::size_t size = unit.size();
    const std::uint64_t hash = size - 9 < 8   ? detail::xxh3_of_9_to_16(seed, unit)
                               : size - 4 < 5 ? detail::xxh3_of_4_to_8(seed, unit)
                                              : XXH3_64bits_withSeed(unit.data(), size, seed);
    return static_cast<std::uint32_t>(hash >> 32);
}

/// In [0, 10000).
[[nodiscard]] inline std::uint32_t layer_slot(std::uint32_t point) noexcept {
    return static_cast<std::uint32_t>((std::uint64_t{point} * layer_slots) >> 32);
}

}  // namespace expplat::eval
