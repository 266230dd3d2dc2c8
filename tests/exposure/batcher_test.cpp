// When a batch leaves (EVENTS.md, "Producing"): by count, by bytes or by age.

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

TEST(Batcher, SendsWhatIsLarge) {
    Batcher batcher(500, 1'000, 4'096);
    EXPECT_FALSE(batcher.next(2, 0, 4'095).send);
    EXPECT_TRUE(batcher.next(2, 0, 4'096).send);
}

TEST(Batcher, TheAgeBeginsAnewOnceABatchIsGone) {
    Batcher batcher(500, 1'000);
    (void)batcher.next(1, 0);
    batcher.took(1);
    (void)batcher.next(0, 400);
    EXPECT_EQ(batcher.next(1, 900).wait_ms, 500) << "it came after 400";
}

/// What was left in the queue came after the look before the batch was taken, or the batch would have had it.
TEST(Batcher, WhatABatchLeftIsAsOldAsItCanBe) {
    Batcher batcher(10, 1'000);
    (void)batcher.next(9, 0);
    EXPECT_TRUE(batcher.next(12, 300).send);
    batcher.took(10);
    EXPECT_EQ(batcher.next(2, 350).wait_ms, 650) << "they may have come right after the look at 0";
    (void)batcher.next(2, 999);
    EXPECT_TRUE(batcher.next(2, 1'000).send);
    batcher.took(2);
    EXPECT_FALSE(batcher.next(3, 1'100).send);
    EXPECT_EQ(batcher.next(3, 1'200).wait_ms, 800) << "they came after the look at 1,000";
}

TEST(Batcher, AnEmptyQueueWaitsAndForgetsItsAge) {
    Batcher batcher(500, 1'000);
    (void)batcher.next(1, 0);
    EXPECT_FALSE(batcher.next(0, 5'000).send);
    EXPECT_FALSE(batcher.next(1, 5'000).send);
}

}  // namespace
}  // namespace expplat::exposure
