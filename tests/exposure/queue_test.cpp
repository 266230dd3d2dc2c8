// The bounded queue (EVENTS.md, "Producing"): overflow drops the newest and is counted; what is taken is what was pushed.

#include "expplat/exposure/queue.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace expplat::exposure {
namespace {

EventId no_id(std::int64_t) { return {}; }

Event named(std::string_view name, std::string_view unit_id) {
    Event event;
    event.name = name;
    event.variant = "green";
    event.unit = "key";
    event.unit_id = unit_id;
    event.time_ms = 7;
    event.ruleset_version = 42;
    return event;
}

TEST(EventQueue, GivesBackWhatWasPushedInOrder) {
    EventQueue queue(10, 1'000);
    std::size_t depth = 0;
    EXPECT_TRUE(queue.push(named("exp-1", "ann"), depth));
    Event track = named("purchase", "bob");
    track.type = EventType::track;
    track.has_value = true;
    track.value = 12.5;
    track.properties = R"({"sku":"a1"})";
    EXPECT_TRUE(queue.push(track, depth));
    EXPECT_EQ(depth, 2u);
    Batch batch;
    queue.take(batch, 100, 1'000, no_id);
    ASSERT_EQ(batch.size(), 2u);
    EXPECT_EQ(batch.events[0].name, "exp-1");
    EXPECT_EQ(batch.events[0].variant, "green");
    EXPECT_EQ(batch.events[0].unit_id, "ann");
    EXPECT_EQ(batch.events[0].ruleset_version, 42u);
    EXPECT_EQ(batch.events[1].type, EventType::track);
    EXPECT_EQ(batch.events[1].value, 12.5);
    EXPECT_EQ(batch.events[1].properties, R"({"sku":"a1"})");
    EXPECT_EQ(queue.size(), 0u);
}

TEST(EventQueue, DropsTheNewestWhenFullAndCountsIt) {
    EventQueue queue(2, 1'000);
    std::size_t depth = 0;
    EXPECT_TRUE(queue.push(named("1", "a"), depth));
    EXPECT_TRUE(queue.push(named("2", "a"), depth));
    EXPECT_FALSE(queue.push(named("3", "a"), depth));
    EXPECT_EQ(queue.totals().accepted, 2u);
    EXPECT_EQ(queue.totals().refused, 1u);
    Batch batch;
    queue.take(batch, 1, 1'000, no_id);
    EXPECT_EQ(batch.events[0].name, "1");
    EXPECT_TRUE(queue.push(named("4", "a"), depth));
}

TEST(EventQueue, IsBoundedInBytesToo) {
    EventQueue queue(100, 64);
    std::size_t depth = 0;
    EXPECT_FALSE(queue.push(named("n", std::string(64, 'x')), depth));
    EXPECT_TRUE(queue.push(named("n", std::string(40, 'x')), depth));
    EXPECT_FALSE(queue.push(named("n", std::string(40, 'x')), depth));
}

TEST(EventQueue, TakesAtMostTheBytesAskedForButOneEventAlways) {
    EventQueue queue(100, 10'000);
    std::size_t depth = 0;
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(queue.push(named("n", std::string(500, 'x')), depth));
    Batch batch;
    queue.take(batch, 100, 100, no_id);
    EXPECT_EQ(batch.size(), 1u);
    queue.take(batch, 100, 1'100, no_id);
    EXPECT_EQ(batch.size(), 2u);
}

/// The ring goes round many times with texts of every length; nothing is mixed up.
TEST(EventQueue, GoesRoundItsRing) {
    EventQueue queue(7, 333);
    std::mt19937 random(1);
    std::uint64_t pushed = 0;
    std::uint64_t taken = 0;
    Batch batch;
    std::size_t depth = 0;
    const auto text_of = [](std::uint64_t n) {
        return std::to_string(n) + std::string(n % 61, static_cast<char>('a' + n % 26));
    };
    for (int step = 0; step < 20'000; ++step) {
        if (random() % 2 == 0) {
            if (queue.push(named(std::to_string(pushed), text_of(pushed)), depth)) ++pushed;
        } else {
            queue.take(batch, 1 + random() % 4, 200, no_id);
            for (const Event& event : batch.events) {
                ASSERT_EQ(event.name, std::to_string(taken));
                ASSERT_EQ(event.unit_id, text_of(taken));
                ++taken;
            }
        }
    }
    EXPECT_GT(taken, 1'000u);
    EXPECT_EQ(pushed - taken, queue.size());
}

}  // namespace
}  // namespace expplat::exposure
