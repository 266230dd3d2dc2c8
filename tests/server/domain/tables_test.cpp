// Tables that no service of this layer uses: raw events come back as they were, are counted, and go when they are old.
#include <algorithm>
#include <thread>

#include "server/domain/bounds.hpp"
#include "server/domain/tables/events.hpp"
#include "tests/server/domain/plane_fixture.hpp"

namespace expplat::tests {
namespace {

class EventTables : public PlaneTest {
protected:
    static RawEvent event(const std::string& id, std::int64_t received_ms = 10,
                          const std::string& environment = "production", const std::string& variant = "a") {
        return {id, "game", environment, "exposure", "cta", variant, 1, received_ms, "{}"};
    }
    std::int64_t take(const std::vector<RawEvent>& events) {
        return must(database_->write([&](Transaction& t) { return tables::insert_events(t, events); }));
    }
    std::vector<std::string> kept(const std::string& environment = "production") {
        const auto events = must(database_->read(
            [&](Transaction& t) { return tables::newest_events(t, "game", environment, 100); }));
        std::vector<std::string> ids;
        for (const RawEvent& one : events) ids.push_back(one.id);
        return ids;
    }
    std::vector<EventCounter> counters(const std::string& environment = "production") {
        return must(
            database_->read([&](Transaction& t) { return tables::event_counters(t, "game", environment); }));
    }
};

TEST_F(EventTables, AnEventIsCountedOnce) {
    EXPECT_EQ(take({event("e1"), event("e1")}), 1);
    EXPECT_EQ(take({event("e1"), event("e2", 11)}), 1);
    EXPECT_EQ(take({{"e3", "game", "production", "track", "", "", 1, 12, "{}"}}), 1);
    ASSERT_EQ(counters().size(), 1u);
    EXPECT_EQ(counters()[0].events, 2);
    EXPECT_EQ(kept(), (std::vector<std::string>{"e3", "e2", "e1"}));
}

TEST_F(EventTables, TheSameIdInAnotherEnvironmentIsAnotherEvent) {
    EXPECT_EQ(take({event("e1")}), 1);
    EXPECT_EQ(take({event("e1", 10, "staging")}), 1);
    EXPECT_EQ(kept("staging").size(), 1u);
    EXPECT_EQ(counters("staging").at(0).events, 1);
}

TEST_F(EventTables, WhatAServerOfTheReleaseBeforeTookInIsNotCountedAgain) {
    sql("INSERT INTO events (id, project, environment, type, experiment, variant, time_ms, received_ms, "
        "body) "
        "VALUES ('e1', 'game', 'production', 'exposure', 'cta', 'a', 1, 9, '{}')");
    EXPECT_EQ(take({event("e1"), event("e2")}), 1);
    EXPECT_EQ(kept(), (std::vector<std::string>{"e2", "e1"}));
    EXPECT_EQ(must(database_->write([](Transaction& t) { return tables::remove_events_before(t, 11, 9); })),
              2);
    EXPECT_TRUE(kept().empty());
}

TEST_F(EventTables, NamesWithoutEndAreCountedAsOne) {
    std::vector<RawEvent> many;
    for (std::int64_t i = 0; i < bounds::event_counters + 5; ++i)
        many.push_back(event("e" + std::to_string(i), 10, "production", "v" + std::to_string(i)));
    take(many);
    take({event("again", 10, "production", "v1"), event("late", 10, "production", "never seen")});
    const auto all = counters();
    ASSERT_EQ(static_cast<std::int64_t>(all.size()), bounds::event_counters + 1);
    EXPECT_EQ(all.front().experiment, "");
    EXPECT_EQ(all.front().events, 6);
    EXPECT_EQ(std::ranges::count_if(all, [](const EventCounter& one) { return one.events == 2; }), 1);
}

TEST_F(EventTables, TheOldestGoInSmallSteps) {
    take({event("e1", 1), event("e2", 2), event("e3", 3), event("e4", 4)});
    take({event("e5", 5, "staging")});
    const auto before = [&](std::int64_t time_ms, std::int64_t limit) {
        return must(database_->write(
            [&](Transaction& t) { return tables::remove_events_before(t, time_ms, limit); }));
    };
    EXPECT_EQ(before(3, 1), 1);
    EXPECT_EQ(kept(), (std::vector<std::string>{"e4", "e3", "e2"}));
    EXPECT_EQ(before(3, 9), 1);
    EXPECT_EQ(before(3, 9), 0);
    const auto keep = [&](std::int64_t count) {
        return must(database_->write(
            [&](Transaction& t) { return tables::keep_newest_events(t, "game", "production", count, 9); }));
    };
    EXPECT_EQ(keep(2), 0);
    EXPECT_EQ(keep(1), 1);
    EXPECT_EQ(kept(), std::vector<std::string>{"e4"});
    EXPECT_EQ(kept("staging").size(), 1u);
    EXPECT_EQ(counters().at(0).events, 4) << "what was counted stays counted";
}

TEST_F(EventTables, WritersAtTheSameTimeLoseNoCount) {
    std::vector<std::thread> writers;
    for (int writer = 0; writer < 4; ++writer) {
        writers.emplace_back([this, writer] {
            for (int i = 0; i < 10; ++i) {
                const std::string id = std::to_string(writer) + '-' + std::to_string(i);
                take({event(id, 10, "production", "v" + std::to_string(i)),
                      event("shared-" + std::to_string(i))});
            }
        });
    }
    for (std::thread& writer : writers) writer.join();
    std::int64_t all = 0;
    for (const EventCounter& counter : counters()) all += counter.events;
    EXPECT_EQ(all, 4 * 10 + 10);
}

}  // namespace
}  // namespace expplat::tests
