// Full jitter: the range, that all of it is equally likely, and that `Retry-After` is a floor; the header's values.
#include "src/net/backoff.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace expplat::net {
namespace {

/// Always the same bits.
struct Fixed {
    using result_type = std::uint32_t;
    static constexpr result_type min() { return 0; }
    static constexpr result_type max() { return UINT32_MAX; }
    result_type operator()() { return bits; }
    result_type bits;
};

TEST(Backoff, TheCeilingDoublesFrom100MillisecondsTo20Seconds) {
    Backoff backoff;
    Fixed most{UINT32_MAX};
    for (const std::int64_t ceiling : {100, 200, 400, 800, 1'600, 3'200, 6'400, 12'800, 20'000, 20'000}) {
        EXPECT_EQ(backoff.ceiling_ms(), ceiling);
        EXPECT_EQ(backoff.next_ms(most), ceiling);
    }
    for (int i = 0; i < 1'000; ++i) EXPECT_EQ(backoff.next_ms(most), 20'000);
    Fixed least{0};
    EXPECT_EQ(backoff.next_ms(least), 0);
    backoff.reset();
    EXPECT_EQ(backoff.next_ms(most), 100);
}

TEST(Backoff, OtherBoundsAreTakenIntoReason) {
    Fixed most{UINT32_MAX};
    EXPECT_EQ(Backoff(0, 0).next_ms(most), 1);
    EXPECT_EQ(Backoff(-5, INT64_MIN).next_ms(most), 1);
    EXPECT_EQ(Backoff(500, 100).next_ms(most), 500);
    EXPECT_EQ(Backoff(INT64_MAX, INT64_MAX).next_ms(most), 3'600'000);
    Backoff slow(1, INT64_MAX);
    for (int i = 0; i < 100; ++i) EXPECT_LE(slow.next_ms(most), 3'600'000);
    EXPECT_EQ(slow.ceiling_ms(), 3'600'000);
}

/// Pearson's statistic of draws at one ceiling, each value its own bin.
double chi_square(std::uint64_t seed, int failures, int draws_per_value) {
    std::mt19937_64 random(seed);
    Backoff at_ceiling(1, 1'000);
    Fixed any{0};
    for (int i = 0; i < failures; ++i) (void)at_ceiling.next_ms(any);
    const std::int64_t ceiling = at_ceiling.ceiling_ms();
    std::vector<int> counts(static_cast<std::size_t>(ceiling) + 1);
    for (std::int64_t i = 0; i < (ceiling + 1) * draws_per_value; ++i) {
        Backoff backoff = at_ceiling;
        const std::int64_t wait = backoff.next_ms(random);
        EXPECT_GE(wait, 0);
        EXPECT_LE(wait, ceiling);
        ++counts[static_cast<std::size_t>(wait)];
    }
    double sum = 0;
    for (const int count : counts) {
        const double off = count - draws_per_value;
        sum += off * off / draws_per_value;
    }
    return sum;
}

TEST(Backoff, EveryWaitOfTheRangeIsEquallyLikely) {
    // The statistic of k + 1 values has mean k and variance 2k; five deviations are one seed in millions. Too even a
    // spread would be as wrong as too uneven a one.
    for (const int failures : {3, 7, 10}) {
        const double k = std::min(1'000.0, std::pow(2.0, failures));
        for (const std::uint64_t seed : {1u, 2u, 3u}) {
            const double statistic = chi_square(seed, failures, 200);
            EXPECT_NEAR(statistic, k, 5 * std::sqrt(2 * k)) << "ceiling " << k << ", seed " << seed;
        }
    }
}

TEST(Backoff, ClientsThatFailedTogetherComeBackApart) {
    std::vector<int> arrivals(100);  // in tenths of a second
    for (std::uint64_t client = 0; client < 10'000; ++client) {
        std::mt19937_64 random(client);
        Backoff backoff;
        std::int64_t at_ms = 0;
        for (int tries = 0; tries < 8; ++tries) at_ms = backoff.next_ms(random);
        if (at_ms < 10'000) ++arrivals[static_cast<std::size_t>(at_ms / 100)];
    }
    for (const int count : arrivals) EXPECT_NEAR(count, 10'000 * 100.0 / 12'801, 5 * 9.0);
}

TEST(Backoff, TheServersWishIsAFloorAndTheJitterComesBehindIt) {
    std::mt19937_64 random(5);
    std::int64_t sum = 0;
    for (int i = 0; i < 1'000; ++i) {
        Backoff backoff;
        const std::int64_t wait = backoff.next_ms(random, 3'000);
        EXPECT_GE(wait, 3'000);
        EXPECT_LE(wait, 3'100);
        sum += wait;
    }
    EXPECT_NEAR(static_cast<double>(sum) / 1'000, 3'050, 5);
    Backoff backoff;
    Fixed least{0};
    EXPECT_EQ(backoff.next_ms(least, -1'000), 0);
}

TEST(Backoff, FewerBitsOfAGeneratorWillDo) {
    std::mt19937 random(9);  // 32 bits in a wider type
    Backoff backoff;
    for (int i = 0; i < 100; ++i) EXPECT_LE(backoff.next_ms(random), 20'000);
}

// --- Retry-After -------------------------------------------------------------------------------------

constexpr std::int64_t now_ms = 784'111'770'000;  // 7 s before the date below

static_assert(parse_retry_after("120", now_ms) == 120'000);
static_assert(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now_ms) == 7'000);

TEST(RetryAfter, SecondsAndDatesAreCutToTheirBounds) {
    EXPECT_EQ(parse_retry_after("0", now_ms), 0);
    EXPECT_EQ(parse_retry_after("0005", now_ms), 5'000);
    EXPECT_EQ(parse_retry_after(" 5\t", now_ms), 5'000);
    EXPECT_EQ(parse_retry_after("300", now_ms), 300'000);
    EXPECT_EQ(parse_retry_after("301", now_ms), 300'000);
    EXPECT_EQ(parse_retry_after(std::string(1'000, '9'), now_ms), 300'000);
    EXPECT_EQ(parse_retry_after("10", now_ms, 2'000), 2'000);
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now_ms + 7'001), 0) << "it is past";
    EXPECT_EQ(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", now_ms), 300'000);
    EXPECT_EQ(parse_retry_after("Sat, 01 Jan 0000 00:00:00 GMT", now_ms), 0);
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now_ms + 500), 6'500);
}

TEST(RetryAfter, AnythingElseIsNone) {
    for (const char* const value : {"", " ", "-1", "+1", "1.5", "1s", "1 2", "0x1", "soon",
                                    "Sun, 06 Nov 1994", "Sunday, 06-Nov-94 08:49:37 GMT", "\xB2"}) {
        EXPECT_EQ(parse_retry_after(value, now_ms), std::nullopt) << value;
    }
}

}  // namespace
}  // namespace expplat::net
