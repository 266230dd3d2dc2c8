// Events to a real server over real sockets: exact counts, whatever the server does and however the host ends.
#include <unistd.h>

#include <cstdint>
#include <string>
#include <thread>
#include <utility>

#include "tests/live/live_fixture.hpp"

namespace expplat::tests {
namespace {

class Sending : public Live {
protected:
    [[nodiscard]] static Config sending_config(const ReferenceServer& server) {
        Config config;
        config.source = Source::text(ruleset_text(1));
        config.sink = Sink::http({server.url(), "sdk-test"});
        config.batch_age_ms = 20;
        return config;
    }
    static void record(const Client& client, int count, const std::string& prefix) {
        for (int i = 0; i < count; ++i) (void)client.variant("exp", User(prefix + std::to_string(i)));
    }
};

TEST_F(Sending, EveryEventArrivesOnce) {
    const ReferenceServer server;
    const Client client = open(sending_config(server));
    record(client, 2'500, "u");
    record(client, 2'500, "u");
    client.track("purchase", User("u1"), 12.5, R"({"sku": "a1"})");
    ASSERT_TRUE(client.flush(20s));
    const Stats stats = client.stats();
    EXPECT_EQ(stats.recorded, 5'001u);
    EXPECT_EQ(stats.deduplicated, 2'500u);
    EXPECT_EQ(stats.acknowledged, 2'501u);
    EXPECT_EQ(accounted_for(stats), stats.recorded);
    EXPECT_EQ(server.state("distinct"), 2'501);
    EXPECT_EQ(server.state("repeated"), 0);
}

TEST_F(Sending, FaultsOfEveryKindLoseAndDoubleNothing) {
    const ReferenceServer server({"--retry-every", "7", "--forget-every", "11", "--reject-every", "50"});
    Config config = sending_config(server);
    const Folder folder;
    config.dead_letters = folder.file("dead.jsonl");
    const Client client = open(std::move(config));
    for (const char* fault :
         {R"({"on":"events","count":2,"status":500})",
          R"({"on":"events","count":2,"status":429,"headers":{"Retry-After":"0"}})",
          R"({"on":"events","count":2,"close":true})", R"({"on":"events","count":2,"reset":true})",
          R"({"on":"events","count":2,"cut":true})",
          R"({"on":"events","count":2,"delay_ms":100,"piece_bytes":50,"piece_ms":1})",
          R"({"on":"events","count":2,"status":200,"body":"nonsense"})"}) {
        server.post("fault", fault);
    }
    for (int round = 0; round < 20; ++round) {
        record(client, 200, "r" + std::to_string(round) + "-");
        std::this_thread::sleep_for(5ms);
    }
    ASSERT_TRUE(client.flush(60s)) << server.get("state");
    const Stats stats = client.stats();
    EXPECT_EQ(stats.recorded, 4'000u);
    EXPECT_EQ(accounted_for(stats), 4'000u);
    EXPECT_EQ(stats.in_flight, 0u);
    EXPECT_GT(stats.dead_lettered, 0u);
    EXPECT_EQ(lines_of(folder.file("dead.jsonl")).size(), stats.dead_lettered);
    // Where an answer was lost the server has what the client offers again: the same ids, so the distinct ones are exact.
    EXPECT_GE(static_cast<std::uint64_t>(server.state("distinct")), stats.acknowledged);
    EXPECT_LE(static_cast<std::uint64_t>(server.state("distinct")), stats.acknowledged + stats.dead_lettered);
}

TEST_F(Sending, TwoThreadsAndAMillionExposuresAreCountedExactly) {
    const ReferenceServer server;
    Config config = sending_config(server);
    config.dedupe_window_ms = 0;
    const Client client = open(std::move(config));
#if defined(EXPPLAT_THREAD_SANITIZER) || defined(__SANITIZE_ADDRESS__)
    constexpr int each = 50'000;
#else
    constexpr int each = 500'000;
#endif
    std::atomic<bool> done{false};
    std::uint64_t moments = 0;
    std::thread watcher([&] {
        while (!done) {
            const Stats stats = client.stats();
            if (accounted_for(stats) != stats.recorded) ADD_FAILURE() << "at some moment";
            ++moments;
            std::this_thread::sleep_for(1ms);
        }
    });
    std::thread other([&] { record(client, each, "b"); });
    record(client, each, "a");
    other.join();
    ASSERT_TRUE(client.flush(60s));
    done = true;
    watcher.join();
    const Stats stats = client.stats();
    EXPECT_EQ(stats.recorded, 2u * each);
    EXPECT_EQ(stats.acknowledged + stats.dropped_queue_full, 2u * each);
    EXPECT_EQ(static_cast<std::uint64_t>(server.state("distinct")), stats.acknowledged);
    EXPECT_GT(moments, 10u);
}

TEST_F(Sending, WithASpoolNothingIsDroppedWhileTheServerIsAway) {
    const Folder folder;
    auto server = std::make_unique<ReferenceServer>();
    const int port = server->port();
    Config config = sending_config(*server);
    config.spool = folder.file("spool");
    config.queue_events = 2'000;
    config.shutdown_timeout_ms = 100;
    server->kill();
    {
        const Client client = open(config);
        for (int round = 0; round < 20; ++round) {
            record(client, 500, "r" + std::to_string(round) + "-");
            ASSERT_TRUE(eventually([&] { return client.stats().in_flight < 1'000; }));
        }
        const Stats stats = client.stats();
        EXPECT_EQ(stats.recorded, 10'000u);
        EXPECT_EQ(stats.dropped_queue_full, 0u);
        EXPECT_EQ(accounted_for(stats), 10'000u);
    }
    const ReferenceServer again({}, port);
    const Client client = open(config);
    ASSERT_TRUE(eventually([&] { return client.stats().acknowledged == 10'000; }, 30s))
        << client.stats().spooled;
    EXPECT_EQ(client.stats().adopted, 10'000u);
    EXPECT_EQ(again.state("distinct"), 10'000);
}

TEST_F(Sending, CloseIsBoundedWhereTheServerHangs) {
    const ReferenceServer server;
    server.post("fault", R"({"on":"events","count":1000,"hang":true})");
    Config config = sending_config(server);
    config.shutdown_timeout_ms = 200;
    Client client = open(std::move(config));
    record(client, 100, "u");
    const auto begin = std::chrono::steady_clock::now();
    client.close();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
    const Stats stats = client.stats();
    EXPECT_EQ(stats.dropped_shutdown, 100u);
    EXPECT_EQ(accounted_for(stats), 100u);
}

TEST_F(Sending, APolledClientSendsWithoutAThread) {
    const ReferenceServer server;
    Config config = sending_config(server);
    config.manual_poll = true;
    Client client = open(std::move(config));
    record(client, 100, "u");
    EXPECT_TRUE(eventually([&] {
        (void)client.poll();
        return client.stats().acknowledged == 100;
    }));
    EXPECT_EQ(server.state("distinct"), 100);
}

}  // namespace
}  // namespace expplat::tests
