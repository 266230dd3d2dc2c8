// The adaptive retry mode: nothing is held back before the first throttling, and after it the rate falls and recovers.
#include "src/aws/adaptive_retry.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <initializer_list>
#include <optional>
#include <sstream>
#include <string>

namespace expplat::aws {
namespace {

TEST(AdaptiveRetry, LimitsNothingBeforeTheFirstThrottling) {
    AdaptiveRetry retry;
    for (std::int64_t now = 0; now < 1000; ++now) {
        ASSERT_EQ(retry.wait_before_sending_ms(now), 0);
        retry.succeeded(now);
    }
    EXPECT_EQ(retry.rate_per_second(), 0);
}

TEST(AdaptiveRetry, FollowsTheRatesOfAwsOwnClient) {
    std::ifstream file(EXPPLAT_TEST_DATA "/aws-adaptive-retry/rates.tsv");
    std::optional<AdaptiveRetry> retry;
    std::string last_run;
    std::size_t rows = 0;
    for (std::string line; std::getline(file, line); ++rows) {
        SCOPED_TRACE(line);
        std::istringstream words(line);
        std::string run, end;
        std::int64_t now_ms = 0;
        double rate = 0;
        words >> run >> now_ms >> end >> rate;
        if (run != last_run) retry.emplace();
        last_run = run;
        if (end == "throttled") retry->throttled(now_ms);
        else retry->succeeded(now_ms);
        ASSERT_NEAR(retry->rate_per_second(), rate, 1e-6 * rate + 1e-9);
    }
    EXPECT_EQ(rows, 900u);
}

TEST(AdaptiveRetry, EveryThrottlingSlowsItDownToAFloor) {
    AdaptiveRetry retry;
    for (int i = 0; i < 100; ++i) retry.succeeded(i * 10);
    double last = 1e9;
    for (int i = 0; i < 30; ++i) {
        retry.throttled(1000 + i * 1000);
        EXPECT_LE(retry.rate_per_second(), last);
        last = retry.rate_per_second();
    }
    EXPECT_EQ(last, 0.5);
    // One token in two seconds; what it says is what has to be waited.
    const std::int64_t now = 40'000;
    while (retry.wait_before_sending_ms(now) == 0) continue;
    const std::int64_t wait_ms = retry.expected_wait_ms(now);
    EXPECT_GT(wait_ms, 0);
    EXPECT_LE(wait_ms, 2'000);
    EXPECT_GT(retry.wait_before_sending_ms(now + wait_ms - 10), 0);
    EXPECT_EQ(retry.wait_before_sending_ms(now + wait_ms), 0);
    EXPECT_GT(retry.wait_before_sending_ms(now + wait_ms), 0);
}

TEST(AdaptiveRetry, AnIdleClientSavesUpNoBurst) {
    AdaptiveRetry retry;
    for (int i = 0; i < 100; ++i) retry.succeeded(i * 100);  // 10 a second
    retry.throttled(10'000);
    int burst = 0;
    while (retry.wait_before_sending_ms(10'000'000) == 0) ++burst;
    EXPECT_LE(burst, 10);
    EXPECT_GE(burst, 1);
}

TEST(AdaptiveRetry, RetriesArePaidForAndSuccessesGiveBack) {
    AdaptiveRetry retry;
    EXPECT_EQ(retry.pay_for_retry(false), 5);
    EXPECT_EQ(retry.pay_for_retry(true), 10);
    EXPECT_EQ(retry.quota(), 485);
    retry.succeeded(0);
    EXPECT_EQ(retry.quota(), 486);
    retry.succeeded(0, 10);
    EXPECT_EQ(retry.quota(), 496);
    retry.succeeded(0, 10);
    EXPECT_EQ(retry.quota(), 500);
    for (int i = 0; i < 100; ++i) ASSERT_EQ(retry.pay_for_retry(false), 5);
    EXPECT_EQ(retry.pay_for_retry(false), 0);
    EXPECT_EQ(retry.quota(), 0);
    for (int i = 0; i < 5; ++i) retry.succeeded(0);
    EXPECT_EQ(retry.pay_for_retry(true), 0);
    EXPECT_EQ(retry.pay_for_retry(false), 5);
}

TEST(AdaptiveRetry, AClockThatStandsOrGoesBackBreaksNothing) {
    AdaptiveRetry retry;
    for (const std::int64_t now : {5'000, 5'000, 4'000, 5'500, 0, 6'000}) {
        retry.succeeded(now);
        retry.throttled(now);
        EXPECT_GE(retry.rate_per_second(), 0.5);
        EXPECT_GE(retry.expected_wait_ms(now), 0);
        EXPECT_LE(retry.expected_wait_ms(now), 2'000);
    }
}

}  // namespace
}  // namespace expplat::aws
