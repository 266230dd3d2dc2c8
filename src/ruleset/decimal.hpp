// Exact decimals: weights and percents as they are written, in millionths, never through a double.
//
// Used by the reader. Pure. Source: RULESET.md, section 1, "Weights and percents".
#pragma once

#include <cstdint>
#include <string_view>

namespace expplat::ruleset {

inline constexpr std::uint64_t micros_per_unit = 1'000'000;
inline constexpr std::uint64_t max_weight = 1'000'000'000;
inline constexpr std::uint64_t max_percent = 100;

enum class DecimalFault : std::uint8_t {
    none,
    negative,
    too_large,
    too_precise,  // more than 6 decimals after trailing zeros are dropped
};

struct Decimal {
    DecimalFault fault = DecimalFault::none;
    std::uint64_t micros = 0;  // the value x 10^6
};

/// The value of a JSON number's literal, which must lie in [0, `most`]; `most` is at most 10^9. Linear in
/// the literal, whatever its exponent.
[[nodiscard]] Decimal read_decimal(std::string_view literal, std::uint64_t most) noexcept;

}  // namespace expplat::ruleset
