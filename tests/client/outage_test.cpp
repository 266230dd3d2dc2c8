// When a receiver is left alone, and what is said of it: the state machines beside `Delivery`.
#include "src/client/outage.hpp"

#include <gtest/gtest.h>

#include "src/client/seldom.hpp"

namespace expplat::tests {
namespace {

using runtime::Outage;
using runtime::Seldom;

TEST(Outage, WaitsLongerEachTimeAndSendsOneAhead) {
    std::mt19937_64 random(1);
    Outage outage;
    std::int64_t now_ms = 0;
    std::int64_t longest_ms = 100;
    EXPECT_TRUE(outage.may_send(now_ms));
    for (int failure = 0; failure < 12; ++failure) {
        const auto number = outage.sent();
        outage.failed(number, now_ms, 0, random);
        const std::int64_t wait_ms = outage.wait_ms(now_ms);
        EXPECT_LE(wait_ms, longest_ms) << failure;
        if (wait_ms > 0) { EXPECT_FALSE(outage.may_send(now_ms + wait_ms - 1)); }
        now_ms += wait_ms;
        EXPECT_TRUE(outage.may_send(now_ms));
        (void)outage.sent();
        EXPECT_FALSE(outage.may_send(now_ms + 1'000'000)) << "until the answer comes";
        longest_ms = std::min<std::int64_t>(longest_ms * 2, 20'000);
    }
    outage.ended();
    EXPECT_TRUE(outage.may_send(now_ms));
}

TEST(Outage, WhatWasUnderWayWhenItBeganDoesNotLengthenIt) {
    std::mt19937_64 random(1);
    Outage outage;
    const auto first = outage.sent();
    const auto second = outage.sent();
    const auto third = outage.sent();
    outage.failed(first, 0, 0, random);
    const std::int64_t wait_ms = outage.wait_ms(0);
    outage.failed(second, 0, 0, random);
    EXPECT_EQ(outage.wait_ms(0), wait_ms);
    outage.failed(third, 0, 60'000, random);
    EXPECT_GE(outage.wait_ms(0), 60'000) << "but what the receiver asks for counts";
    outage.hurry();
    EXPECT_TRUE(outage.may_send(0)) << "a last try before the end";
}

TEST(Seldom, ATextPassesOnceInAWhile) {
    Seldom seldom;
    EXPECT_TRUE(seldom.passes("away", 0, 1'000));
    EXPECT_FALSE(seldom.passes("away", 999, 1'000));
    EXPECT_TRUE(seldom.passes("throttled", 999, 1'000));
    EXPECT_TRUE(seldom.passes("away", 1'000, 1'000));
    EXPECT_FALSE(seldom.passes("away", 1'500, 1'000));
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(seldom.passes("text " + std::to_string(i), 2'000 + i, 1'000));
    EXPECT_TRUE(seldom.passes("away", 2'200, 60'000)) << "only sixteen are remembered";
}

}  // namespace
}  // namespace expplat::tests
