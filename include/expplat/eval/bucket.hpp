// The one function that makes every random choice (RULESET.md, section 6): XXH3 of the unit, seeded by
// XXH3 of the salt, its upper 32 bits.
//
// Used by the evaluator, the compiler (seeds and boundaries) and `explain`. Pure. The only header of the
// library that includes a third-party one.
#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdint>
#include <string_view>

namespace expplat::eval {

/// One past the largest point.
inline constexpr std::uint64_t point_range = std::uint64_t{1} << 32;
inline constexpr std::uint64_t layer_slots = 10'000;

[[nodiscard]] inline std::uint64_t seed_of(std::string_view salt) noexcept {
    return XXH3_64bits(salt.data(), salt.size());
}

/// In [0, 2^32).
[[nodiscard]] inline std::uint32_t point(std::uint64_t seed, std::string_view unit) noexcept {
    return static_cast<std::uint32_t>(XXH3_64bits_withSeed(unit.data(), unit.size(), seed) >> 32);
}

/// In [0, 10000).
[[nodiscard]] inline std::uint32_t layer_slot(std::uint32_t point) noexcept {
    return static_cast<std::uint32_t>((std::uint64_t{point} * layer_slots) >> 32);
}

}  // namespace expplat::eval
