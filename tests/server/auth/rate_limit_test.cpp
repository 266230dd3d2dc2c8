// Token buckets.
#include "server/auth/rate_limit.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace expplat::server::auth {
namespace {

TEST(RateLimit, GivesTheBurstAndThenTheRate) {
    TokenBucket bucket;
    const RateLimit limit{10, 5};
    for (std::uint32_t i = 0; i < 5; ++i) {
        const RateAnswer answer = take(bucket, limit, 0);
        EXPECT_TRUE(answer.is_allowed);
        EXPECT_EQ(answer.remaining, 4 - i);
    }
    const RateAnswer refused = take(bucket, limit, 0);
    EXPECT_FALSE(refused.is_allowed);
    EXPECT_EQ(refused.retry_after_ms, 100);
    EXPECT_FALSE(take(bucket, limit, 99).is_allowed);
    EXPECT_TRUE(take(bucket, limit, 100).is_allowed);
    EXPECT_FALSE(take(bucket, limit, 100).is_allowed);
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(take(bucket, limit, 10'000).is_allowed);
    EXPECT_FALSE(take(bucket, limit, 10'000).is_allowed);
}

TEST(RateLimit, OverAnHourTheRateIsExact) {
    TokenBucket bucket;
    const RateLimit limit{7, 7};
    int allowed = 0;
    for (std::int64_t now_ms = 0; now_ms < 3'600'000; now_ms += 3)
        allowed += take(bucket, limit, now_ms).is_allowed;
    EXPECT_NEAR(allowed, 3600 * 7 + 7, 1);
}

TEST(RateLimit, CostsAreAllOrNothing) {
    TokenBucket bucket;
    const RateLimit limit{10, 100};
    EXPECT_TRUE(take(bucket, limit, 0, 60).is_allowed);
    const RateAnswer refused = take(bucket, limit, 0, 60);
    EXPECT_FALSE(refused.is_allowed);
    EXPECT_EQ(refused.remaining, 40u);
    EXPECT_EQ(refused.retry_after_ms, 2000);
    EXPECT_EQ(take(bucket, limit, 0, 101).retry_after_ms, -1);
}

TEST(RateLimit, AClockThatGoesBackGivesNothing) {
    TokenBucket bucket;
    const RateLimit limit{10, 1};
    EXPECT_TRUE(take(bucket, limit, 1'000'000).is_allowed);
    EXPECT_FALSE(take(bucket, limit, 0).is_allowed);
    EXPECT_FALSE(take(bucket, limit, 1'000'050).is_allowed);
    EXPECT_TRUE(take(bucket, limit, 1'000'100).is_allowed);
}

TEST(RateLimit, LongSilencesAndOddLimitsDoNotOverflow) {
    TokenBucket bucket;
    const RateLimit large{std::numeric_limits<std::uint32_t>::max(),
                          std::numeric_limits<std::uint32_t>::max()};
    EXPECT_TRUE(take(bucket, large, 0, std::numeric_limits<std::uint32_t>::max()).is_allowed);
    EXPECT_TRUE(take(bucket, large, std::numeric_limits<std::int64_t>::max() / 2).is_allowed);
    TokenBucket empty;
    EXPECT_FALSE(take(empty, {0, 0}, 0).is_allowed);
    TokenBucket once;
    EXPECT_TRUE(take(once, {0, 1}, 0).is_allowed);
    EXPECT_EQ(take(once, {0, 1}, 1'000'000).retry_after_ms, -1);
}

TEST(RateLimit, ALimitMayChange) {
    TokenBucket bucket;
    EXPECT_TRUE(take(bucket, {10, 100}, 0).is_allowed);
    EXPECT_EQ(take(bucket, {10, 5}, 0).remaining, 4u);
}

TEST(RateLimiter, KeepsKeysApartInABoundedTable) {
    RateLimiter limiter(2);
    const RateLimit limit{1, 1};
    EXPECT_TRUE(limiter.take("a", limit, 0).is_allowed);
    EXPECT_TRUE(limiter.take("b", limit, 0).is_allowed);
    EXPECT_FALSE(limiter.take("a", limit, 0).is_allowed);
    EXPECT_TRUE(limiter.take("c", limit, 0).is_allowed);  // in the place of b
    EXPECT_FALSE(limiter.take("a", limit, 0).is_allowed);
}

TEST(RateLimits, AreChangedByName) {
    const Result<RateLimits> none = RateLimits::parse("");
    ASSERT_TRUE(none);
    EXPECT_EQ(none->server->per_second, RateLimits().server->per_second);
    const Result<RateLimits> some = RateLimits::parse("server=7/9, client=off,log-in=1/2 ");
    ASSERT_TRUE(some);
    EXPECT_EQ(some->server->per_second, 7u);
    EXPECT_EQ(some->server->burst, 9u);
    EXPECT_FALSE(some->client);
    EXPECT_EQ(some->log_in->burst, 2u);
    EXPECT_EQ(some->admin->burst, RateLimits().admin->burst);
    const Result<RateLimits> off = RateLimits::parse("off");
    ASSERT_TRUE(off);
    for (const auto& limit : {off->server, off->client, off->admin, off->person, off->log_in})
        EXPECT_FALSE(limit);
}

TEST(RateLimits, RefuseWhatIsNone) {
    for (const char* const text : {"server", "server=", "server=5", "server=5/", "server=/5", "server=0/5",
                                   "server=5/0", "server=-1/5", "server=5/5x", "server=99999999/1",
                                   "nobody=1/1", "=1/1", "server=1/1,,client=1/1", "off,server=1/1"})
        EXPECT_FALSE(RateLimits::parse(text)) << text;
}

TEST(RateLimits, AFleetIsNotInTheWay) {
    RateLimiter limiter;
    const RateLimits limits;
    for (std::int64_t ms = 0; ms < 10'000; ++ms) {
        for (int i = 0; i < 40; ++i) ASSERT_TRUE(limiter.take("key", *limits.server, ms).is_allowed);
    }
}

}  // namespace
}  // namespace expplat::server::auth
