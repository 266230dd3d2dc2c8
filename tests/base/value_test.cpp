// `Value`: the kind that each C++ type becomes; and `compare`, which is exact (RULESET.md, sections 1 and 3).
//
// The comparison is checked against rational arithmetic in 128 bits, over numbers where doubles and integers part.
#include "expplat/base/value.hpp"

#include <cmath>
#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace expplat {
namespace {

constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

TEST(Value, HasTheKindOfItsType) {
    EXPECT_EQ(Value().kind(), ValueKind::null);
    EXPECT_EQ(Value(true).kind(), ValueKind::boolean);
    EXPECT_EQ(Value(1).kind(), ValueKind::integer);
    EXPECT_EQ(Value('a').kind(), ValueKind::integer);
    EXPECT_EQ(Value(std::int8_t{-1}).integer(), -1);
    EXPECT_EQ(Value(1u).kind(), ValueKind::integer);
    EXPECT_EQ(Value(least).integer(), least);
    EXPECT_EQ(Value(1.0).kind(), ValueKind::number);
    EXPECT_EQ(Value(1.5f).number(), 1.5);
    EXPECT_EQ(Value("text").kind(), ValueKind::string);
    EXPECT_EQ(Value("text").string(), "text");
    EXPECT_EQ(Value(std::string("text")).kind(), ValueKind::string);
    EXPECT_EQ(Value(std::string_view("a\0b", 3)).string().size(), 3u);
    EXPECT_EQ(Value(static_cast<const char*>(nullptr)).kind(), ValueKind::null);
    const std::vector<Value> values{1, "two", 3.0};
    EXPECT_EQ(Value(std::span<const Value>(values)).list().size(), 3u);
    EXPECT_EQ(Value({1, 2}).kind(), ValueKind::list);
}

/// Section 1: "2^63 doubles": a number that no signed 64-bit integer holds is a double.
TEST(Value, AnUnsignedNumberPastTheIntegersIsADouble) {
    EXPECT_EQ(Value(std::uint64_t{0}).kind(), ValueKind::integer);
    EXPECT_EQ(Value(static_cast<std::uint64_t>(most)).integer(), most);
    EXPECT_EQ(Value(std::uint64_t{1} << 63).kind(), ValueKind::number);
    EXPECT_EQ(Value(std::uint64_t{1} << 63).number(), 9223372036854775808.0);
    EXPECT_EQ(Value(~std::uint64_t{0}).number(), 18446744073709551616.0);
}

[[nodiscard]] std::partial_ordering both_ways(const Number& a, const Number& b) {
    const std::partial_ordering order = compare(a, b);
    EXPECT_EQ(compare(b, a), 0 <=> order);
    return order;
}

TEST(Compare, IsByExactMathematicalValue) {
    EXPECT_EQ(both_ways(Number::of(std::int64_t{9007199254740993}), Number::of(9007199254740992.0)),
              std::partial_ordering::greater);
    EXPECT_EQ(both_ways(Number::of(std::int64_t{9007199254740992}), Number::of(9007199254740992.0)),
              std::partial_ordering::equivalent);
    EXPECT_EQ(both_ways(Number::of(std::int64_t{-9007199254740993}), Number::of(-9007199254740992.0)),
              std::partial_ordering::less);
    EXPECT_EQ(both_ways(Number::of(most), Number::of(9223372036854775808.0)), std::partial_ordering::less);
    EXPECT_EQ(both_ways(Number::of(most), Number::of(9223372036854774784.0)), std::partial_ordering::greater);
    EXPECT_EQ(both_ways(Number::of(least), Number::of(-9223372036854775808.0)),
              std::partial_ordering::equivalent);
    EXPECT_EQ(both_ways(Number::of(least), Number::of(-9223372036854777856.0)),
              std::partial_ordering::greater);
    EXPECT_EQ(both_ways(Number::of(std::int64_t{0}), Number::of(-0.0)), std::partial_ordering::equivalent);
    EXPECT_EQ(both_ways(Number::of(std::int64_t{0}), Number::of(5e-324)), std::partial_ordering::less);
    EXPECT_EQ(both_ways(Number::of(std::int64_t{0}), Number::of(-5e-324)), std::partial_ordering::greater);
    EXPECT_EQ(both_ways(Number::of(std::int64_t{-1}), Number::of(-0.5)), std::partial_ordering::less);
    EXPECT_EQ(both_ways(Number::of(std::int64_t{-1}), Number::of(-1.5)), std::partial_ordering::greater);
    EXPECT_EQ(both_ways(Number::of(0.1), Number::of(0.2)), std::partial_ordering::less);
}

TEST(Compare, KnowsInfinitiesAndLeavesNaNsUnordered) {
    const double infinity = std::numeric_limits<double>::infinity();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(both_ways(Number::of(most), Number::of(infinity)), std::partial_ordering::less);
    EXPECT_EQ(both_ways(Number::of(least), Number::of(-infinity)), std::partial_ordering::greater);
    EXPECT_EQ(both_ways(Number::of(std::int64_t{0}), Number::of(nan)), std::partial_ordering::unordered);
    EXPECT_EQ(both_ways(Number::of(nan), Number::of(nan)), std::partial_ordering::unordered);
    EXPECT_EQ(both_ways(Number::of(1e308), Number::of(nan)), std::partial_ordering::unordered);
}

TEST(Compare, AgreesWithExactArithmeticWhereDoublesAndIntegersPart) {
    __extension__ using Wide = __int128;
    std::vector<std::int64_t> integers{0, 1, -1, least, least + 1, most, most - 1};
    std::vector<double> doubles{0.0, -0.0, 0.5, -0.5, 1e18, -1e18, 9.3e18, -9.3e18, 1e300};
    for (int power = 50; power <= 63; ++power) {
        const double value = std::ldexp(1.0, power);
        for (const double near : {value, std::nextafter(value, 0.0), std::nextafter(value, 1e300)}) {
            doubles.push_back(near);
            doubles.push_back(-near);
        }
        for (std::int64_t offset = -3; offset <= 3; ++offset) {
            if (power < 63) integers.push_back((std::int64_t{1} << power) + offset);
            if (power < 63) integers.push_back(-(std::int64_t{1} << power) + offset);
        }
    }
    for (const std::int64_t integer : integers) {
        for (const double real : doubles) {
            std::partial_ordering expected =
                real > 0 ? std::partial_ordering::less : std::partial_ordering::greater;
            if (std::abs(real) < 1e30) {  // eighths of all of them are exact in a wide integer
                const Wide eighths = static_cast<Wide>(real * 8);
                const Wide other = Wide{integer} * 8;
                expected = other < eighths   ? std::partial_ordering::less
                           : other > eighths ? std::partial_ordering::greater
                                             : std::partial_ordering::equivalent;
            }
            EXPECT_EQ(both_ways(Number::of(integer), Number::of(real)), expected)
                << integer << " and " << real;
        }
    }
}

}  // namespace
}  // namespace expplat
