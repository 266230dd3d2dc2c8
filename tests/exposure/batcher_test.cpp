// When a batch leaves (EVENTS.md, "Producing"): by count or by age; after a failure, later and later.

#include "expplat/exposure/batcher.hpp"

#include <gtest/gtest.h>

namespace expplat::exposure {
namespace {

TEST(Batcher, SendsWhenTheBatchIsFull) {
    Batcher batcher(500, 1'000);
    EXPECT_FALSE(batcher.next(499, 0).send);
    EXPECT_TRUE(batcher.next(500, 0).send);
}

TEST(Batcher, SendsWhatIsOldEnough) {
    Batcher batcher(500, 1'000);
    EXPECT_EQ(batcher.next(1, 10'000).wait_ms, 1'000);
    EXPECT_EQ(batcher.next(2, 10'400).wait_ms, 600);  // the age is that of the first
    EXPECT_FALSE(batcher.next(2, 10'999).send);
    EXPECT_TRUE(batcher.next(2, 11'000).send);
}

TEST(Batcher, TheAgeBeginsAnewOnceABatchIsGone) {
    Batcher batcher(500, 1'000);
    (void)batcher.next(1, 0);
    batcher.succeeded();
    EXPECT_EQ(batcher.next(1, 900).wait_ms, 1'000);
}

TEST(Batcher, AnEmptyQueueWaitsAndForgetsItsAge) {
    Batcher batcher(500, 1'000);
    (void)batcher.next(1, 0);
    EXPECT_FALSE(batcher.next(0, 5'000).send);
    EXPECT_FALSE(batcher.next(1, 5'000).send);
}

TEST(Batcher, FailuresDoubleTheWaitUpToTwentySeconds) {
    Batcher batcher(1, 1'000);
    std::int64_t now = 0;
    std::int64_t expected = 100;
    for (int failure = 0; failure < 12; ++failure) {
        EXPECT_TRUE(batcher.next(5, now).send);
        batcher.failed(now);
        EXPECT_EQ(batcher.next(5, now).wait_ms, expected);
        now += expected;
        expected = std::min<std::int64_t>(expected * 2, 20'000);
    }
    batcher.succeeded();
    batcher.failed(now);
    EXPECT_EQ(batcher.next(5, now).wait_ms, 100);  // a success starts over
}

}  // namespace
}  // namespace expplat::exposure
