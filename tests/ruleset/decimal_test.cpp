#include "src/ruleset/decimal.hpp"

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace expplat::ruleset {
namespace {

struct Row {
    std::string_view literal;
    DecimalFault fault;
    std::uint64_t micros;
};

TEST(Decimal, WeightsAsTheyAreWritten) {
    constexpr auto none = DecimalFault::none;
    const Row rows[] = {
        {"0", none, 0},
        {"-0", none, 0},
        {"0.0", none, 0},
        {"-0.0", none, 0},
        {"0e999999999", none, 0},
        {"0.000e-999999999", none, 0},
        {"1", none, 1'000'000},
        {"10", none, 10'000'000},
        {"12.5", none, 12'500'000},
        {"12.500000000000", none, 12'500'000},
        {"0.000001", none, 1},
        {"0.0000010", none, 1},
        {"1e-6", none, 1},
        {"10e-7", none, 1},
        {"1000E-9", none, 1},
        {"0.00001e1", none, 100},
        {"1e2", none, 100'000'000},
        {"1.5e+3", none, 1'500'000'000},
        {"1e9", none, 1'000'000'000'000'000},
        {"1000000000", none, 1'000'000'000'000'000},
        {"1000000000.0000000", none, 1'000'000'000'000'000},
        {"100000000000000000000e-11", none, 1'000'000'000'000'000},
        {"999999999.999999", none, 999'999'999'999'999},
        {"123456789.654321", none, 123'456'789'654'321},
        {"-1", DecimalFault::negative, 0},
        {"-1e-400", DecimalFault::negative, 0},
        {"1000000000.000001", DecimalFault::too_large, 0},
        {"1000000001", DecimalFault::too_large, 0},
        {"1e10", DecimalFault::too_large, 0},
        {"9999999999", DecimalFault::too_large, 0},
        {"1e400", DecimalFault::too_large, 0},
        {"1e99999999999999999999999", DecimalFault::too_large, 0},
        {"1e-7", DecimalFault::too_precise, 0},
        {"1e-400", DecimalFault::too_precise, 0},
        {"1e-99999999999999999999999", DecimalFault::too_precise, 0},
        {"10.0000001", DecimalFault::too_precise, 0},
        {"12.50000000000000001", DecimalFault::too_precise, 0},
        {"0.1000000000000000055511151231257827", DecimalFault::too_precise, 0},
    };
    for (const Row& row : rows) {
        const Decimal decimal = read_decimal(row.literal, max_weight);
        EXPECT_EQ(decimal.fault, row.fault) << row.literal;
        EXPECT_EQ(decimal.micros, row.micros) << row.literal;
    }
}

TEST(Decimal, PercentsEndAtOneHundred) {
    EXPECT_EQ(read_decimal("100", max_percent).micros, 100'000'000u);
    EXPECT_EQ(read_decimal("100.0000000", max_percent).fault, DecimalFault::none);
    EXPECT_EQ(read_decimal("1e2", max_percent).micros, 100'000'000u);
    EXPECT_EQ(read_decimal("100.000001", max_percent).fault, DecimalFault::too_large);
    EXPECT_EQ(read_decimal("101", max_percent).fault, DecimalFault::too_large);
    EXPECT_EQ(read_decimal("0.000001", max_percent).micros, 1u);
}

TEST(Decimal, LongLiteralsAreLinear) {
    const std::string zeros(1'000'000, '0');
    EXPECT_EQ(read_decimal("1." + zeros, max_weight).micros, 1'000'000u);
    EXPECT_EQ(read_decimal("0." + zeros + "1", max_weight).fault, DecimalFault::too_precise);
    EXPECT_EQ(read_decimal("0." + zeros + "1e1000001", max_weight).micros, 1'000'000u);
    EXPECT_EQ(read_decimal("1" + zeros + "e-1000000", max_weight).micros, 1'000'000u);
    EXPECT_EQ(read_decimal("1" + zeros, max_weight).fault, DecimalFault::too_large);
    EXPECT_EQ(read_decimal("1e" + std::string(1'000'000, '9'), max_weight).fault, DecimalFault::too_large);
}

/// The same value, written with its point moved by `shift` digits and an exponent that moves it back.
[[nodiscard]] std::string spelled(std::uint64_t micros, int shift) {
    std::string digits = std::to_string(micros);
    if (shift > 0) {
        if (digits.size() <= static_cast<std::size_t>(shift))
            digits.insert(0, static_cast<std::size_t>(shift) + 1 - digits.size(), '0');
        digits.insert(digits.size() - static_cast<std::size_t>(shift), ".");
    } else {
        if (micros != 0) digits.append(static_cast<std::size_t>(-shift), '0');
    }
    return digits + "e" + std::to_string(shift - 6);
}

TEST(Decimal, EverySpellingOfAValueIsThatValue) {
    std::mt19937_64 random(7);
    for (int i = 0; i < 20'000; ++i) {
        const std::uint64_t micros = (random() % (max_weight * micros_per_unit + 1)) >> (random() % 50);
        const int shift = static_cast<int>(random() % 40) - 20;
        const std::string literal = spelled(micros, shift);
        const Decimal decimal = read_decimal(literal, max_weight);
        ASSERT_EQ(decimal.fault, DecimalFault::none) << literal;
        ASSERT_EQ(decimal.micros, micros) << literal;
    }
}

}  // namespace
}  // namespace expplat::ruleset
