// Five failures, then a wait that grows.
#include "server/auth/lockout.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace expplat::server::auth {
namespace {

constexpr std::int64_t start_ms = 1'000'000'000;

TEST(Lockout, LocksAtTheFifthFailureAndGrows) {
    const LockoutPolicy policy;
    LockoutState state;
    std::vector<std::int64_t> waits_ms;
    std::int64_t now_ms = start_ms;
    for (int i = 0; i < 14; ++i) {
        state = after_failure(state, policy, now_ms);
        waits_ms.push_back(wait_ms(state, policy, now_ms));
        now_ms += waits_ms.back();
        EXPECT_EQ(wait_ms(state, policy, now_ms), 0);
    }
    EXPECT_EQ(waits_ms, (std::vector<std::int64_t>{0, 0, 0, 0, 30'000, 60'000, 120'000, 240'000, 480'000,
                                                   960'000, 1'920'000, 3'600'000, 3'600'000, 3'600'000}));
}

TEST(Lockout, IsForgottenAfterADay) {
    const LockoutPolicy policy;
    LockoutState state;
    for (int i = 0; i < 6; ++i) state = after_failure(state, policy, start_ms);
    EXPECT_EQ(after_failure(state, policy, start_ms + policy.forget_ms - 1).failures, 7u);
    EXPECT_EQ(after_failure(state, policy, start_ms + policy.forget_ms).failures, 1u);
}

TEST(Lockout, ManyFailuresDoNotOverflow) {
    const LockoutPolicy policy;
    const LockoutState state{4'000'000'000u, 0, start_ms, 0};
    EXPECT_EQ(wait_ms(state, policy, start_ms), policy.longest_lock_ms);
    EXPECT_EQ(wait_ms(after_failure(state, policy, start_ms), policy, start_ms), policy.longest_lock_ms);
}

/// One attempt that fails; false where it had to wait.
bool try_wrongly(Lockout& lockout, const std::string& account, const std::string& address,
                 std::int64_t now_ms) {
    if (lockout.begin(account, address, now_ms) != 0) return false;
    lockout.failed(account, address, now_ms);
    return true;
}

TEST(Lockout, CountsTheAccountWhereverItIsTriedFrom) {
    Lockout lockout;
    for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(try_wrongly(lockout, "Kim@Example.com", "198.51.100." + std::to_string(i), start_ms));
    }
    EXPECT_EQ(lockout.begin("kim@example.com", "192.0.2.1", start_ms), 30'000);
    EXPECT_EQ(lockout.begin("lee@example.com", "192.0.2.1", start_ms), 0);
    EXPECT_EQ(lockout.begin("kim@example.com", "192.0.2.1", start_ms + 30'000), 0);
    lockout.succeeded("KIM@example.com", "192.0.2.1");
    EXPECT_TRUE(try_wrongly(lockout, "kim@example.com", "192.0.2.1", start_ms + 30'000));
    EXPECT_EQ(lockout.begin("kim@example.com", "192.0.2.1", start_ms + 30'000), 0);
}

TEST(Lockout, CountsTheAddressWhateverIsTriedFromIt) {
    Lockout lockout;
    static_assert(address_policy.failures >= 10 * LockoutPolicy().failures);
    for (std::uint32_t i = 0; i < address_policy.failures; ++i) {
        EXPECT_TRUE(try_wrongly(lockout, "person" + std::to_string(i), "192.0.2.1", start_ms));
    }
    EXPECT_EQ(lockout.begin("kim@example.com", "192.0.2.1", start_ms), 30'000);
    EXPECT_EQ(lockout.begin("kim@example.com", "192.0.2.2", start_ms), 0);
    // One good account does not buy more attempts on the others.
    EXPECT_EQ(lockout.begin("own@example.com", "192.0.2.1", start_ms + 30'000), 0);
    lockout.succeeded("own@example.com", "192.0.2.1");
    EXPECT_TRUE(try_wrongly(lockout, "lee@example.com", "192.0.2.1", start_ms + 30'000));
    EXPECT_EQ(lockout.begin("lee@example.com", "192.0.2.1", start_ms + 30'000), 60'000);
}

TEST(Lockout, ManyAttemptsAtOnceAreNoMoreThanAFewInTurn) {
    Lockout lockout;
    int begun = 0;
    for (int i = 0; i < 100; ++i) {
        begun += lockout.begin("kim@example.com", "198.51.100." + std::to_string(i), start_ms) == 0;
    }
    EXPECT_EQ(begun, 5);
    EXPECT_EQ(lockout.begin("kim@example.com", "192.0.2.1", start_ms), 1000);
    for (int i = 0; i < 4; ++i)
        lockout.failed("kim@example.com", "198.51.100." + std::to_string(i), start_ms);
    EXPECT_EQ(lockout.begin("kim@example.com", "192.0.2.1", start_ms), 1000);
    lockout.succeeded("kim@example.com", "198.51.100.4");
    EXPECT_EQ(lockout.begin("kim@example.com", "192.0.2.1", start_ms), 0);
}

TEST(Lockout, AfterItsWaitOneAttemptIsMadeAtATime) {
    Lockout lockout;
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(try_wrongly(lockout, "kim", "a" + std::to_string(i), start_ms));
    EXPECT_EQ(lockout.begin("kim", "b1", start_ms + 30'000), 0);
    EXPECT_EQ(lockout.begin("kim", "b2", start_ms + 30'000), 1000);
    lockout.failed("kim", "b1", start_ms + 30'000);
    EXPECT_EQ(lockout.begin("kim", "b2", start_ms + 30'000), 60'000);
}

TEST(Lockout, AnAttemptOfWhichNothingIsHeardEnds) {
    Lockout lockout;
    for (int i = 0; i < 5; ++i) EXPECT_EQ(lockout.begin("kim", "a" + std::to_string(i), start_ms), 0);
    EXPECT_EQ(lockout.begin("kim", "b", start_ms + 59'999), 1000);
    EXPECT_EQ(lockout.begin("kim", "b", start_ms + 60'000), 0);
}

TEST(Lockout, ANetworkOfSixtyFourBitsIsOneAddress) {
    EXPECT_EQ(lockout_address("2001:db8:1:2:3:4:5:6"), lockout_address("2001:DB8:1:2::9"));
    EXPECT_NE(lockout_address("2001:db8:1:2::1"), lockout_address("2001:db8:1:3::1"));
    EXPECT_EQ(lockout_address("2001:db8:1:2::1"), "2001:db8:1:2::/64");
    EXPECT_EQ(lockout_address("::ffff:192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(lockout_address("192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(lockout_address("nonsense"), "nonsense");
}

TEST(Lockout, StrangersCannotFillTheMemory) {
    Lockout lockout({}, address_policy, 3);
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(try_wrongly(lockout, "kim", "192.0.2.1", start_ms));
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(try_wrongly(lockout, "p" + std::to_string(i), "a", start_ms));
    EXPECT_GT(lockout.begin("kim", "x", start_ms), 0);
    EXPECT_TRUE(try_wrongly(lockout, "p2", "a", start_ms));
    EXPECT_EQ(lockout.begin("kim", "x", start_ms), 0);
}

TEST(BoundedTable, TheLongestUnusedMakesRoom) {
    BoundedTable<int> table(2);
    table.at("a") = 1;
    table.at("b") = 2;
    EXPECT_EQ(table.at("a"), 1);
    table.at("c") = 3;
    EXPECT_EQ(table.size(), 2u);
    EXPECT_EQ(table.find("b"), nullptr);
    EXPECT_NE(table.find("a"), nullptr);
    table.erase("a");
    table.erase("a");
    EXPECT_EQ(table.size(), 1u);
    EXPECT_EQ(table.at("a"), 0);
}

}  // namespace
}  // namespace expplat::server::auth
