// Which exposures are recorded again (EVENTS.md, "Producing"): never fewer than once for each (experiment, unit, variant)
// and window; a change of variant always.

#include "expplat/exposure/dedupe.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "expplat/base/hash.hpp"

namespace expplat::exposure {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;

TEST(Dedupe, AdmitsOnceInAWindow) {
    DedupeTable table(1'024, hour_ms);
    EXPECT_TRUE(table.admit(1, 10, 0));
    EXPECT_FALSE(table.admit(1, 10, 1));
    EXPECT_FALSE(table.admit(1, 10, hour_ms - 2'000));
    EXPECT_TRUE(table.admit(1, 10, hour_ms + 1'000));
    EXPECT_FALSE(table.admit(1, 10, hour_ms + 2'000));
}

/// EVENTS.md: "at most once per … `dedupe_window`", whatever part of a second the first one came in.
TEST(Dedupe, AdmitsNothingTwiceBeforeTheWindowIsOver) {
    for (const std::int64_t start_ms : {0, 1, 500, 998, 999, 1'000, 123'456}) {
        DedupeTable table(1u << 10, hour_ms);
        EXPECT_TRUE(table.admit(1, 10, start_ms));
        for (const std::int64_t after_ms :
             {0, 1, 999, 1'000, 1'800'000, 3'598'999, 3'599'000, 3'599'500, 3'599'999}) {
            EXPECT_FALSE(table.admit(1, 10, start_ms + after_ms)) << after_ms << " ms after " << start_ms;
        }
        EXPECT_TRUE(table.admit(1, 10, start_ms + hour_ms + 2'000));
    }
}

TEST(Dedupe, AChangeOfVariantIsAlwaysAdmitted) {
    DedupeTable table(1'024, hour_ms);
    EXPECT_TRUE(table.admit(1, 10, 0));
    EXPECT_TRUE(table.admit(1, 20, 0));
    EXPECT_TRUE(table.admit(1, 10, 0));  // and back
    EXPECT_FALSE(table.admit(1, 10, 0));
}

TEST(Dedupe, AWindowOfNothingAdmitsEverything) {
    DedupeTable table(1'024, 0);
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(table.admit(1, 10, 0));
}

/// Ten times as many units as entries: each is admitted at least once, however full the table is.
TEST(Dedupe, AFullTableMayAdmitAgainNeverFewer) {
    DedupeTable table(1'024, hour_ms);
    std::size_t again = 0;
    for (int round = 0; round < 2; ++round) {
        for (std::uint64_t unit = 0; unit < 10'240; ++unit) {
            const bool admitted = table.admit(hash64(std::to_string(unit)), 10, 1'000);
            if (round == 0) EXPECT_TRUE(admitted) << unit;
            else again += admitted ? 1u : 0u;
        }
    }
    EXPECT_GE(again, 10'240u - 1'024u);
}

TEST(Dedupe, KeepsAsManyUnitsApartAsItHasRoomFor) {
    DedupeTable table(1u << 16, hour_ms);
    std::size_t again = 0;
    constexpr std::uint64_t units = 16'384;  // a quarter full: few sets of four overflow
    for (std::uint64_t unit = 0; unit < units; ++unit)
        (void)table.admit(hash64(std::to_string(unit)), 10, 1'000);
    for (std::uint64_t unit = 0; unit < units; ++unit)
        again += table.admit(hash64(std::to_string(unit)), 10, 1'000);
    EXPECT_LT(again, units / 50);
}

TEST(Dedupe, OfTwoThreadsOneIsAdmitted) {
    DedupeTable table(1u << 16, hour_ms);
    constexpr std::uint64_t units = 2'000;
    std::atomic<std::uint64_t> admitted{0};
    const auto ask = [&] {
        for (std::uint64_t unit = 0; unit < units; ++unit) {
            if (table.admit(hash64("u" + std::to_string(unit)), 10, 1'000)) ++admitted;
        }
    };
    std::thread first(ask);
    std::thread second(ask);
    first.join();
    second.join();
    EXPECT_GE(admitted, units);
    EXPECT_LT(admitted, units + units / 50);  // both only where they met in the very same entry
}

/// The threads meet at every unit, in a table that has long been full: the entry that one takes is not given to the other.
TEST(Dedupe, OfTwoThreadsThatComeAtOnceOneIsAdmittedToAFullTable) {
    DedupeTable table(1u << 10, hour_ms);
    constexpr std::uint64_t units = 200'000;
    std::atomic<std::uint64_t> admitted{0};
    std::atomic<std::uint64_t> arrived{0};
    const auto ask = [&] {
        for (std::uint64_t unit = 1; unit <= units; ++unit) {
            ++arrived;
            for (int spins = 0; arrived.load(std::memory_order_relaxed) < 2 * unit; ++spins) {
                if (spins > 1'000) std::this_thread::yield();
            }
            if (table.admit(unit * 0x9E3779B97F4A7C15u, 10, 1'000)) ++admitted;
        }
    };
    std::thread first(ask);
    std::thread second(ask);
    first.join();
    second.join();
    EXPECT_EQ(admitted, units);
}

}  // namespace
}  // namespace expplat::exposure
