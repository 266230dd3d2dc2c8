// What is recorded, and where it goes (EVENTS.md, "The record" and "Producing").

#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "tests/client/client_fixture.hpp"
#include "tests/eval/allocations.hpp"

namespace expplat::tests {
namespace {

TEST(Exposures, AFileSinkWritesTheRecordOfEventsMd) {
    const Folder folder;
    Config config;
    config.source = Source::text(ruleset_text(42));
    config.sink = Sink::file(folder.file("events.jsonl"));
    config.clock = std::make_shared<TestClock>();
    config.project = "game";
    config.event_attributes = {"country", "missing", "tags"};
    {
        const Client client = open(config);
        const User user("user-\"42\"", {{"country", "DE"}, {"secret", "s"}, {"tags", {"a", 2}}});
        EXPECT_EQ(client.variant("exp", user), "green");
        client.track("purchase", user, 12.5, R"({"sku":"a1"})");
        client.track("visit", user);
    }
    const std::vector<std::string> lines = lines_of(folder.file("events.jsonl"));
    ASSERT_EQ(lines.size(), 3u);
    const std::string id = R"("id":"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")";
    EXPECT_TRUE(std::regex_match(
        lines[0],
        std::regex(
            R"(\{"v":1,)" + id +
            R"(,"type":"exposure","time":1763902801000,"project":"game","environment":"test","experiment":"exp",)"
            R"("variant":"green","unit":"key","unit_id":"user-\\"42\\"","ruleset":42,"sdk":"expplat-cpp/[0-9.]+",)"
            R"("attributes":\{"country":"DE","tags":\["a", 2\]\}\})")))
        << lines[0];
    EXPECT_NE(lines[1].find(R"("type":"track")"), std::string::npos);
    EXPECT_NE(lines[1].find(R"("event":"purchase")"), std::string::npos);
    EXPECT_NE(lines[1].find(R"("value":12.5,"properties":{"sku":"a1"})"), std::string::npos);
    EXPECT_EQ(lines[2].find("\"value\""), std::string::npos);
}

TEST(Exposures, NameTheFaceThatSendsThem) {
    const Folder folder;
    Config config;
    config.source = Source::text(ruleset_text(1));
    config.sink = Sink::file(folder.file("events.jsonl"));
    config.sdk = "my-engine";
    (void)open(config).variant("exp", User("u1"));
    const std::vector<std::string> lines = lines_of(folder.file("events.jsonl"));
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_NE(lines[0].find(",\"sdk\":\"my-engine/" + std::string(version) + '"'), std::string::npos)
        << lines[0];
}

TEST(Exposures, AFaceHasANameThatAHeaderCanCarry) {
    Config config;
    config.source = Source::text(ruleset_text(1));
    for (const std::string& name :
         {std::string(), std::string("my engine"), std::string("a/1"), std::string("a\r\nb: c"),
          std::string("\0", 1), std::string("m\xc3\xbc"), std::string(65, 'a')}) {
        config.sdk = name;
        const Result<Client> opened = Client::open(config);
        ASSERT_FALSE(opened) << name;
        EXPECT_EQ(opened.error().code, ErrorCode::invalid_argument);
        EXPECT_TRUE(opened.error().message.starts_with("sdk must be")) << opened.error().message;
    }
    config.sdk = std::string(64, 'a');
    EXPECT_TRUE(Client::open(config));
}

TEST(Exposures, AreRecordedOnceInAWindowAndAtEveryChangeOfVariant) {
    const Folder folder;
    folder.replace("rules.json", ruleset_text(1));
    const auto clock = std::make_shared<TestClock>();
    Collected collected;
    Config config;
    config.source = Source::file(folder.file("rules.json"));
    config.sink = collected.sink();
    config.clock = clock;
    Client client = open(config);
    const User user("u1");
    for (int i = 0; i < 10; ++i) (void)client.variant("exp", user);
    folder.replace("rules.json", ruleset_text(2, "blue"));
    ASSERT_TRUE(client.reload());
    for (int i = 0; i < 10; ++i) (void)client.variant("exp", user);
    clock->advance(config.dedupe_window_ms + 2'000);
    (void)client.string("exp", user, "");
    ASSERT_TRUE(client.flush(std::chrono::seconds(10)));
    const auto rows = collected.rows();
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[0].variant, "green");
    EXPECT_EQ(rows[1].variant, "blue");
    EXPECT_EQ(rows[2].variant, "blue");
    EXPECT_EQ(client.stats().deduplicated, 18u);
    EXPECT_EQ(client.stats().recorded, 21u);
}

TEST(Exposures, AreOnlyOfWhatMustBeCounted) {
    Collected collected;
    Client client = open(Source::text(ruleset_text(1)), collected.sink());
    const User user("u1");
    (void)client.variant("bool", user);        // a flag without `exposures`
    (void)client.variant("exp", User(""));     // not enrolled
    (void)client.boolean("exp", user, false);  // the caller got the default, not the variant
    (void)client.snapshot().evaluate("exp", user);
    ASSERT_TRUE(client.flush(std::chrono::seconds(10)));
    EXPECT_TRUE(collected.rows().empty());
}

TEST(Exposures, OverflowDropsTheNewestAndCountsThem) {
    Collected collected;
    Config config;
    config.source = Source::text(ruleset_text(1));
    config.sink = collected.sink();
    config.queue_events = 10;
    config.batch_events = 1'000;  // the loop is not woken
    config.batch_age_ms = 3'600'000;
    Client client = open(config);
    for (int i = 0; i < 25; ++i) (void)client.variant("exp", User("u" + std::to_string(i)));
    Stats stats = client.stats();
    EXPECT_EQ(stats.recorded, 25u);
    EXPECT_EQ(stats.dropped_queue_full, 15u);
    EXPECT_EQ(stats.in_flight, 10u);
    ASSERT_TRUE(client.flush(std::chrono::seconds(10)));
    ASSERT_EQ(collected.rows().size(), 10u);
    EXPECT_EQ(collected.rows().back().unit_id, "u9");
    stats = client.stats();
    EXPECT_EQ(stats.recorded, accounted_for(stats));
}

TEST(Exposures, CloseSendsWhatIsQueuedAndThenRecordsNothing) {
    Collected collected;
    Client client = open(Source::text(ruleset_text(1)), collected.sink());
    (void)client.variant("exp", User("u1"));
    client.close();
    EXPECT_EQ(collected.rows().size(), 1u);
    EXPECT_EQ(client.variant("exp", User("u2")), "green");  // still answers
    client.close();
    EXPECT_EQ(client.stats().recorded, 1u);
    EXPECT_EQ(client.stats().acknowledged, 1u);
}

TEST(Exposures, WhatCannotBeSentInTimeIsCountedAsDropped) {
    Config config;
    config.source = Source::text(ruleset_text(1));
    config.shutdown_timeout_ms = 1;
    config.sink = Sink::custom([](std::span<const exposure::Event>) {
        return exposure::Delivery{0, 0, "away"};
    });
    Client client = open(config);
    for (int i = 0; i < 7; ++i) (void)client.variant("exp", User("u" + std::to_string(i)));
    client.close();
    const Stats stats = client.stats();
    EXPECT_EQ(stats.dropped_shutdown, 7u);
    EXPECT_EQ(stats.recorded, accounted_for(stats));
    EXPECT_EQ(stats.in_flight, 0u);
}

TEST(Exposures, EventsOfAFailedDeliveryKeepTheirIds) {
    std::mutex mutex;
    std::vector<exposure::EventId> offered;
    int calls = 0;
    Config config;
    config.source = Source::text(ruleset_text(1));
    config.sink = Sink::custom([&](std::span<const exposure::Event> batch) {
        const std::scoped_lock lock(mutex);
        for (const exposure::Event& event : batch) offered.push_back(event.id);
        return ++calls == 1 ? exposure::Delivery{1, 1, "the third later"}
                            : exposure::Delivery{batch.size(), 0, {}};
    });
    config.batch_age_ms = 3'600'000;
    Client client = open(config);
    for (int i = 0; i < 3; ++i) (void)client.variant("exp", User("u" + std::to_string(i)));
    ASSERT_TRUE(client.flush(std::chrono::seconds(10)));
    ASSERT_EQ(offered.size(), 4u);
    EXPECT_EQ(offered[2], offered[3]);
    EXPECT_EQ(std::set<exposure::EventId>(offered.begin(), offered.end()).size(), 3u);
    const Stats stats = client.stats();
    EXPECT_EQ(stats.acknowledged, 2u);
    EXPECT_EQ(stats.dead_lettered, 1u);
    EXPECT_EQ(stats.failed_deliveries, 1u);
    EXPECT_EQ(stats.recorded, accounted_for(stats));
}

TEST(Exposures, TrackLeavesOutPropertiesThatAreNoObject) {
    Collected collected;
    std::string logged;
    Config config;
    config.source = Source::text(ruleset_text(1));
    config.sink = collected.sink();
    config.logger = [&](LogLevel, std::string_view line) { logged = line; };
    Client client = open(config);
    client.track("purchase", User("u1"), 1.0, "[1");
    ASSERT_TRUE(client.flush(std::chrono::seconds(10)));
    EXPECT_EQ(collected.rows().size(), 1u);
    EXPECT_NE(logged.find("purchase"), std::string::npos);
}

TEST(Exposures, RecordingAllocatesNothingOnceTheThreadHasBegun) {
    Config config;
    config.source = Source::text(ruleset_text(1));
    config.batch_age_ms = 3'600'000;
    config.batch_events = 1'000'000;
    config.sink = Sink::custom([](std::span<const exposure::Event> batch) {
        return exposure::Delivery{batch.size(), 0, {}};
    });
    Client client = open(config);
    std::vector<User> users;
    for (int i = 0; i < 1'000; ++i) users.emplace_back("user-" + std::to_string(i));
    (void)client.variant("exp", users.front());
    const std::size_t before = allocations();
    for (int round = 0; round < 2; ++round) {
        for (const User& user : users) (void)client.variant("exp", user);
    }
    EXPECT_EQ(allocations(), before);
    EXPECT_EQ(client.stats().recorded, 2'001u);
}

}  // namespace
}  // namespace expplat::tests
