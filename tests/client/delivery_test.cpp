// `Delivery`: when batches leave, what becomes of each event, and that the counts are exact (EVENTS.md, "Producing").
//
// The sink is a list and the clock is the test's: nothing here waits.
#include "src/client/delivery.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "src/sinks/prefix_report.hpp"
#include "tests/client/client_fixture.hpp"

namespace expplat::tests {
namespace {

using exposure::Event;
using exposure::EventId;
using exposure::EventQueue;
using exposure::EventSink;
using runtime::Delivery;

/// Takes everything unless told otherwise, and remembers what it was offered.
class ListSink final : public EventSink {
public:
    struct Offer {
        std::vector<std::string> names;
        std::vector<EventId> ids;
        std::size_t bytes = 0;
    };
    struct Script {
        std::vector<Offer> offers;
        std::function<exposure::Delivery(std::size_t)> answer = [](std::size_t size) {
            return exposure::Delivery{size, 0, {}};
        };
    };

    explicit ListSink(std::shared_ptr<Script> script) : script_(std::move(script)) {}
    void send(std::span<const Event> batch, Done done) override {
        Offer offer;
        for (const Event& event : batch) {
            offer.names.emplace_back(event.name);
            offer.ids.push_back(event.id);
            offer.bytes += event.name.size() + event.properties.size();
        }
        script_->offers.push_back(std::move(offer));
        done(sinks::report_of(script_->answer(batch.size()), batch.size()));
    }

private:
    std::shared_ptr<Script> script_;
};

class Deliveries : public ::testing::Test {
protected:
    void SetUp() override {
        config_.batch_events = 10;
        config_.batch_age_ms = 1'000;
        config_.logger = [this](LogLevel, std::string_view line) { logged_.emplace_back(line); };
        delivery_ = std::make_unique<Delivery>(std::make_unique<ListSink>(script_), queue_, config_, clock_);
    }

    void push(int count, std::size_t property_bytes = 0) {
        for (int i = 0; i < count; ++i) {
            const std::string name = "e" + std::to_string(pushed_++);
            const std::string properties(property_bytes, 'x');
            Event event;
            event.type = exposure::EventType::track;
            event.time_ms = clock_->unix_ms();
            event.name = name;
            event.properties = properties;
            std::size_t depth = 0;
            ASSERT_TRUE(queue_.push(event, depth));
        }
    }
    [[nodiscard]] std::vector<std::string> offered(std::size_t number) const {
        return script_->offers.at(number).names;
    }

    Config config_;
    std::shared_ptr<TestClock> clock_ = std::make_shared<TestClock>();
    std::shared_ptr<ListSink::Script> script_ = std::make_shared<ListSink::Script>();
    EventQueue queue_{1'000, std::size_t{8} << 20};
    std::vector<std::string> logged_;
    std::unique_ptr<Delivery> delivery_;
    int pushed_ = 0;
};

TEST_F(Deliveries, LeaveByCount) {
    push(9);
    EXPECT_EQ(delivery_->step(false), 1'000);
    EXPECT_TRUE(script_->offers.empty());
    push(16);
    EXPECT_EQ(delivery_->step(false), 1'000) << "five are left, and young";
    ASSERT_EQ(script_->offers.size(), 2u);
    EXPECT_EQ(offered(0),
              (std::vector<std::string>{"e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8", "e9"}));
    EXPECT_EQ(offered(1).size(), 10u);
    EXPECT_FALSE(delivery_->idle());
}

TEST_F(Deliveries, LeaveByAge) {
    push(3);
    EXPECT_EQ(delivery_->step(false), 1'000);
    clock_->advance(400);
    EXPECT_EQ(delivery_->step(false), 600);
    clock_->advance(599);
    EXPECT_EQ(delivery_->step(false), 1);
    EXPECT_TRUE(script_->offers.empty());
    clock_->advance(1);
    (void)delivery_->step(false);
    ASSERT_EQ(script_->offers.size(), 1u);
    EXPECT_EQ(offered(0).size(), 3u);
    EXPECT_TRUE(delivery_->idle());
}

/// EVENTS.md: "leave in batches: by count (500), bytes (1 MiB), or age (1 s), whichever comes first".
TEST_F(Deliveries, LeaveByBytes) {
    push(9, 120'000);  // over 1 MiB, under the count, of no age
    (void)delivery_->step(false);
    ASSERT_FALSE(script_->offers.empty()) << "1,080,000 bytes wait for their age";
    EXPECT_LE(script_->offers.front().bytes, limits::batch_bytes);
}

TEST_F(Deliveries, ABatchHoldsAtMostAMebibyte) {
    push(30, 120'000);
    (void)delivery_->step(true);
    std::size_t total = 0;
    for (const ListSink::Offer& offer : script_->offers) {
        EXPECT_LE(offer.bytes, limits::batch_bytes);
        total += offer.names.size();
    }
    EXPECT_EQ(total, 30u);
    EXPECT_TRUE(delivery_->idle());
}

TEST_F(Deliveries, OfEverythingNeedNotBeDue) {
    push(3);
    (void)delivery_->step(true);
    EXPECT_EQ(script_->offers.size(), 1u);
    EXPECT_TRUE(delivery_->idle());
    (void)delivery_->step(true);
    EXPECT_EQ(script_->offers.size(), 1u) << "nothing is offered twice";
}

/// "a retry carries the same id", and "back off with full jitter (100 ms … 20 s)".
TEST_F(Deliveries, ThatFailAreOfferedAgainWithTheirIdsLaterEachTime) {
    script_->answer = [](std::size_t) { return exposure::Delivery{0, 0, "away"}; };
    push(10);
    (void)delivery_->step(false);
    std::int64_t longest_wait_ms = 100;
    for (std::size_t failure = 1; failure <= 12; ++failure) {
        ASSERT_EQ(script_->offers.size(), failure);
        EXPECT_EQ(script_->offers.back().ids, script_->offers.front().ids);
        std::int64_t waited_ms = 0;
        while (script_->offers.size() == failure) {
            ASSERT_LE(waited_ms, longest_wait_ms) << failure;
            const std::int64_t wait_ms = delivery_->step(false);
            if (script_->offers.size() > failure) break;
            ASSERT_GE(wait_ms, 1);
            clock_->advance(wait_ms);
            waited_ms += wait_ms;
        }
        longest_wait_ms = std::min<std::int64_t>(longest_wait_ms * 2, 20'000);
    }
    EXPECT_FALSE(logged_.empty());
    EXPECT_NE(logged_.front().find("away"), std::string::npos);
    script_->answer = [](std::size_t size) { return exposure::Delivery{size, 0, {}}; };
    clock_->advance(20'000);
    (void)delivery_->step(false);
    EXPECT_EQ(script_->offers.back().ids, script_->offers.front().ids);
    EXPECT_TRUE(delivery_->idle());
    const Delivery::Counts counts = delivery_->counts();
    EXPECT_EQ(counts.acknowledged, 10u);
    EXPECT_EQ(counts.failed, script_->offers.size() - 1);
    EXPECT_EQ(counts.batches, script_->offers.size());

    push(10);
    (void)delivery_->step(false);
    EXPECT_TRUE(delivery_->idle()) << "a success forgets the failures";
}

TEST_F(Deliveries, OfAPartOfferTheRestAgain) {
    script_->answer = [this](std::size_t size) {
        return script_->offers.size() == 1 ? exposure::Delivery{4, 3, "some"}
                                           : exposure::Delivery{size, 0, {}};
    };
    push(10);
    EXPECT_LE(delivery_->step(false), 101);
    clock_->advance(101);
    (void)delivery_->step(false);
    ASSERT_EQ(script_->offers.size(), 2u);
    EXPECT_EQ(offered(1), (std::vector<std::string>{"e7", "e8", "e9"}));
    EXPECT_EQ(script_->offers[1].ids,
              std::vector<EventId>(script_->offers[0].ids.begin() + 7, script_->offers[0].ids.end()));
    const Delivery::Counts counts = delivery_->counts();
    EXPECT_EQ(counts.acknowledged, 7u);
    EXPECT_EQ(counts.dead_lettered, 3u);
    EXPECT_EQ(counts.totals.accepted, 10u);
}

/// What a flush waits for: not for what other threads record meanwhile.
TEST_F(Deliveries, AreSettledUpToAMark) {
    script_->answer = [this](std::size_t size) {
        return script_->offers.size() == 1 ? exposure::Delivery{size, 0, {}}
                                           : exposure::Delivery{0, 0, "away"};
    };
    EXPECT_TRUE(delivery_->is_settled(delivery_->mark())) << "nothing was ever recorded";
    push(10);
    const std::uint64_t mark = delivery_->mark();
    EXPECT_EQ(mark, 10u);
    EXPECT_FALSE(delivery_->is_settled(mark));
    push(7);
    (void)delivery_->step(true);
    EXPECT_EQ(script_->offers.size(), 2u);
    EXPECT_TRUE(delivery_->is_settled(mark));
    EXPECT_FALSE(delivery_->is_settled(mark + 1));
    EXPECT_FALSE(delivery_->idle());
    script_->answer = [](std::size_t size) { return exposure::Delivery{size, 0, {}}; };
    clock_->advance(20'000);
    (void)delivery_->step(true);
    EXPECT_TRUE(delivery_->is_settled(delivery_->mark()));
}

TEST_F(Deliveries, WhatCanNeverSucceedIsNotOfferedAgain) {
    script_->answer = [](std::size_t size) { return exposure::Delivery{0, size, "bad request"}; };
    push(10);
    (void)delivery_->step(false);
    EXPECT_TRUE(delivery_->idle());
    EXPECT_EQ(delivery_->counts().dead_lettered, 10u);
    EXPECT_EQ(logged_.size(), 1u);
}

/// A program's own function may miscount: no event is counted twice for it.
TEST_F(Deliveries, ASinkThatClaimsTooMuchIsBelievedOnlyForWhatItGot) {
    script_->answer = [](std::size_t size) { return exposure::Delivery{size + 5, size + 5, {}}; };
    push(10);
    (void)delivery_->step(false);
    const Delivery::Counts counts = delivery_->counts();
    EXPECT_EQ(counts.acknowledged, 10u);
    EXPECT_EQ(counts.dead_lettered, 0u);
    EXPECT_TRUE(delivery_->idle());
}

TEST_F(Deliveries, WhatIsAbandonedIsCountedAsDropped) {
    script_->answer = [](std::size_t) { return exposure::Delivery{2, 1, "slow"}; };
    push(10);
    (void)delivery_->step(false);
    push(5);
    delivery_->abandon();
    const Delivery::Counts counts = delivery_->counts();
    EXPECT_EQ(counts.totals.accepted, 15u);
    EXPECT_EQ(counts.acknowledged + counts.dead_lettered + counts.dropped_shutdown, 15u);
    EXPECT_EQ(counts.dropped_shutdown, 12u);
    const std::size_t offers = script_->offers.size();
    (void)delivery_->step(true);
    EXPECT_EQ(script_->offers.size(), offers) << "nothing is sent any more";
}

/// RFC 9562, section 5.7: 48 bits of Unix milliseconds, version 7, variant 2; the time is the event's.
TEST_F(Deliveries, IdsAreUniqueAndCarryTheEventsTime) {
    push(100);
    const std::int64_t happened_ms = clock_->unix_ms();
    clock_->advance(500'000);
    (void)delivery_->step(true);
    std::set<EventId> ids;
    for (const ListSink::Offer& offer : script_->offers) {
        for (const EventId& id : offer.ids) {
            ids.insert(id);
            std::int64_t time_ms = 0;
            for (std::size_t i = 0; i < 6; ++i) time_ms = time_ms * 256 + id[i];
            EXPECT_EQ(time_ms, happened_ms);
            EXPECT_EQ(id[6] >> 4, 7);
            EXPECT_EQ(id[8] >> 6, 2);
        }
    }
    EXPECT_EQ(ids.size(), 100u);
}

/// EVENTS.md: "overflow drops the newest, is counted and logged once a minute".
TEST(Overflow, IsLoggedOnceAMinute) {
    const auto clock = std::make_shared<TestClock>();
    std::vector<std::string> logged;
    Config config;
    config.source = Source::text(ruleset_text(1));
    config.sink = Sink::custom([](std::span<const Event>) { return exposure::Delivery{0, 0, {}}; });
    config.clock = clock;
    config.queue_events = 5;
    config.batch_age_ms = 3'600'000;
    std::mutex mutex;
    config.logger = [&](LogLevel, std::string_view line) {
        const std::scoped_lock lock(mutex);
        logged.emplace_back(line);
    };
    config.shutdown_timeout_ms = 0;
    const auto lines = [&] {
        const std::scoped_lock lock(mutex);
        return logged.size();
    };
    Client client = open(config);
    for (int minute = 0; minute < 3; ++minute) {
        for (int i = 0; i < 20; ++i) client.track("e", User("u"));
        // The thread logs it; a flush that cannot succeed gives it its turn.
        for (int turn = 0; turn < 2'000 && lines() <= static_cast<std::size_t>(minute); ++turn)
            (void)client.flush(std::chrono::milliseconds(5));
        (void)client.flush(std::chrono::milliseconds(20));
        EXPECT_EQ(lines(), static_cast<std::size_t>(minute) + 1);
        clock->advance(60'000);
    }
    EXPECT_GT(client.stats().dropped_queue_full, 40u);
}

/// A file of JSON lines: whatever white space the caller's properties have, an event is one line.
TEST(FileSink, AnEventIsOneLine) {
    const Folder folder;
    {
        const Client client = open(Source::text(ruleset_text(1)), Sink::file(folder.file("events.jsonl")));
        client.track("purchase", User("u\n1"), 1.5, "{\n  \"sku\": \"a\\n1\",\r\n\t\"n\": [\n1\n]\n}\n");
        client.track("visit", User("u2"));
    }
    const std::vector<std::string> lines = lines_of(folder.file("events.jsonl"));
    ASSERT_EQ(lines.size(), 2u);
    for (const std::string& line : lines) {
        EXPECT_TRUE(line.starts_with("{\"v\":1,") && line.ends_with("}")) << line;
    }
}

/// `stats().live_images`: "the current one, and older ones that somebody still holds".
TEST(LiveImages, CountWhatASnapshotHolds) {
    const Folder folder;
    folder.replace("rules.json", ruleset_text(1));
    Client client = open(Source::file(folder.file("rules.json")));
    EXPECT_EQ(client.stats().live_images, 1u);
    {
        const Snapshot held = client.snapshot();
        for (std::uint64_t version = 2; version < 6; ++version) {
            folder.replace("rules.json", ruleset_text(version));
            ASSERT_TRUE(client.reload());
        }
        EXPECT_EQ(held.version(), 1u);
        EXPECT_EQ(client.stats().live_images, 2u) << "the current one and the snapshot's";
    }
    EXPECT_EQ(client.stats().live_images, 1u);
}

/// Events say where they come from when they happen: a ruleset of another environment may replace the first.
TEST(FileSink, NamesTheEnvironmentOfTheCurrentRuleset) {
    const Folder folder;
    folder.replace("rules.json", ruleset_text(1));
    {
        Client client =
            open(Source::file(folder.file("rules.json")), Sink::file(folder.file("events.jsonl")));
        std::string other = ruleset_text(2);
        other.replace(other.find(R"("environment":"test")"), 20, R"("environment":"prod")");
        folder.replace("rules.json", other);
        ASSERT_TRUE(client.reload());
        (void)client.variant("exp", User("u1"));
    }
    const std::vector<std::string> lines = lines_of(folder.file("events.jsonl"));
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_NE(lines[0].find(R"("environment":"prod")"), std::string::npos) << lines[0];
}

}  // namespace
}  // namespace expplat::tests
