#include "src/ruleset/decimal.hpp"

#include <algorithm>
#include <cstddef>

namespace expplat::ruleset {

namespace {

constexpr std::int64_t decimals = 6;
constexpr std::int64_t max_digits = 10;  // of the integer part of 10^9

/// The exponent of a literal, from behind its `e`; clamped far outside of what can matter.
[[nodiscard]] std::int64_t read_exponent(std::string_view text) noexcept {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    std::int64_t exponent = 0;
    for (const char c : text) exponent = std::min<std::int64_t>(exponent * 10 + (c - '0'), 1'000'000'000'000);
    return negative ? -exponent : exponent;
}

}  // namespace

Decimal read_decimal(std::string_view literal, std::uint64_t most) noexcept {
    const bool negative = literal.starts_with('-');
    if (negative) literal.remove_prefix(1);
    const std::size_t e = std::min(literal.find_first_of("eE"), literal.size());
    const std::string_view mantissa = literal.substr(0, e);
    const std::size_t point = std::min(mantissa.find('.'), mantissa.size());

    const std::size_t first = mantissa.find_first_of("123456789");
    if (first == mantissa.npos) return {};
    const std::size_t last = mantissa.find_last_of("123456789");
    if (negative) return {DecimalFault::negative, 0};

    // Powers of ten of the first and the last digit that are not zero.
    const std::int64_t shift = e < literal.size() ? read_exponent(literal.substr(e + 1)) : 0;
    const auto power = [point, shift](std::size_t digit) {
        const auto distance = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(digit);
        return shift + (distance > 0 ? distance - 1 : distance);
    };
    if (power(first) >= max_digits) return {DecimalFault::too_large, 0};
    if (power(last) < -decimals) return {DecimalFault::too_precise, 0};

    std::uint64_t micros = 0;  // at most 16 digits
    for (const char c : mantissa.substr(first, last - first + 1)) {
        if (c != '.') micros = micros * 10 + static_cast<std::uint64_t>(c - '0');
    }
    for (std::int64_t zeros = power(last) + decimals; zeros > 0; --zeros) micros *= 10;
    if (micros > most * micros_per_unit) return {DecimalFault::too_large, 0};
    return {DecimalFault::none, micros};
}

}  // namespace expplat::ruleset
