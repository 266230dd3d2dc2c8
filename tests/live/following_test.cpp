// A client that follows a real server over real sockets, and what it does when that server misbehaves.
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/live/live_fixture.hpp"

namespace expplat::tests {
namespace {

class FollowingServer : public Live {};

TEST_F(FollowingServer, AChangeIsSeenWithinASecond) {
    const ReferenceServer server;
    server.post("ruleset", ruleset_text(1));
    const Client client = open(config_of(server));
    ASSERT_TRUE(client.wait_ready(10s));
    EXPECT_EQ(client.status().state, State::ready);
    EXPECT_EQ(client.status().origin, Origin::server);
    EXPECT_EQ(version_seen(client), 1);
    EXPECT_TRUE(eventually([&] { return client.status().following == Following::streaming; }));

    server.post("patch", patch_text(1, 2));
    EXPECT_TRUE(follows_to(client, 2, 1s));
    server.post("ruleset", ruleset_text(3));
    EXPECT_TRUE(follows_to(client, 3, 1s));
    EXPECT_EQ(client.stats().stream_connections, 1u);
}

TEST_F(FollowingServer, ListenersHearWhichKeysChanged) {
    const ReferenceServer server;
    server.post("ruleset", ruleset_text(1));
    std::mutex mutex;
    std::vector<RulesetChange> changes;
    Config config = config_of(server);
    config.on_ruleset = [&](const RulesetChange& change) {
        const std::scoped_lock lock(mutex);
        changes.push_back(change);
    };
    const Client client = open(std::move(config));
    ASSERT_TRUE(client.wait_ready(10s));
    server.post("patch", patch_text(1, 2));
    ASSERT_TRUE(follows_to(client, 2));
    server.post("patch", R"({"version":3,"set":{"flags":{"new":{"type":"boolean","variants":{"on":true},)"
                         R"("off":"on","default":"on"}}},"remove":{"experiments":["exp"]}})");
    ASSERT_TRUE(eventually([&] { return client.boolean("new", User("u"), false); }));
    ASSERT_TRUE(eventually([&] {
        const std::scoped_lock lock(mutex);
        return changes.size() >= 3;
    }));
    const std::scoped_lock lock(mutex);
    EXPECT_TRUE(changes[0].everything);
    EXPECT_EQ(changes[1].keys, (std::vector<std::string>{"version"}));
    EXPECT_EQ(changes[2].keys, (std::vector<std::string>{"new", "exp"}));
}

TEST_F(FollowingServer, StartsWithoutItsServerAndFollowsWhenItComes) {
    int port = 0;
    {
        const ReferenceServer lent;  // a port that is free once this has ended
        port = lent.port();
    }
    Config config;
    config.source = Source::server("http://127.0.0.1:" + std::to_string(port), "sdk-test");
    const Client client = open(std::move(config));
    EXPECT_FALSE(client.wait_ready(50ms));
    const Variant answer = client.variant("version", User("u"));
    EXPECT_EQ(answer.reason(), Reason::error);
    EXPECT_EQ(answer.error(), EvaluationError::provider_not_ready);
    EXPECT_EQ(client.handle("version").variant(User("u")).error(), EvaluationError::provider_not_ready);
    EXPECT_EQ(client.integer("version", User("u"), 7), 7);
    ASSERT_TRUE(eventually([&] { return !client.status().error.empty(); }));
    EXPECT_EQ(client.status().state, State::connecting);

    const ReferenceServer server({}, port);
    server.post("ruleset", ruleset_text(5));
    EXPECT_TRUE(client.wait_ready(30s));
    EXPECT_TRUE(follows_to(client, 5));
    EXPECT_TRUE(eventually([&] { return client.status().state == State::ready; }));
    EXPECT_EQ(client.status().error, "");
}

TEST_F(FollowingServer, TheCacheAnswersWhileTheServerIsDown) {
    const Folder folder;
    auto server = std::make_unique<ReferenceServer>();
    server->post("ruleset", ruleset_text(1));
    Config config = config_of(*server);
    config.cache = folder.file("ruleset.xpr");
    {
        const Client client = open(config);
        ASSERT_TRUE(client.wait_ready(10s));
        server->post("patch", patch_text(1, 2));
        ASSERT_TRUE(follows_to(client, 2));
    }
    const int port = server->port();
    server->kill();

    const Client client = open(config);
    EXPECT_TRUE(client.wait_ready(0ms)) << "at once";
    EXPECT_EQ(version_seen(client), 2);
    EXPECT_EQ(client.status().origin, Origin::cache);
    EXPECT_EQ(client.status().state, State::stale);
    EXPECT_TRUE(eventually([&] { return !client.status().error.empty(); }));

    const ReferenceServer again({}, port);
    again.post("ruleset", ruleset_text(3));
    EXPECT_TRUE(follows_to(client, 3, 30s));
    EXPECT_TRUE(eventually([&] { return client.status().state == State::ready; }));

    Config other = config;  // another key must not be shown what the first one may see
    other.source = Source::server("http://127.0.0.1:" + std::to_string(port), "sdk-other");
    const Client stranger = open(std::move(other));
    EXPECT_FALSE(stranger.wait_ready(0ms));
}

TEST_F(FollowingServer, APatchAppliesToWhatTheCacheHeld) {
    const Folder folder;
    const ReferenceServer server;
    server.post("ruleset", ruleset_text(1));
    Config config = config_of(server);
    config.cache = folder.file("ruleset.xpr");
    {
        const Client client = open(config);
        ASSERT_TRUE(client.wait_ready(10s));
    }
    server.post("patch", patch_text(1, 2));  // while nobody listens
    const Client client = open(config);
    ASSERT_TRUE(client.wait_ready(0ms));
    EXPECT_TRUE(follows_to(client, 2));
    EXPECT_EQ(server.state("streams_resumed"), 1);
}

TEST_F(FollowingServer, AServerKilledInMidStreamIsFollowedAgain) {
    auto server = std::make_unique<ReferenceServer>();
    server->post("ruleset", ruleset_text(1));
    const Client client = open(config_of(*server));
    ASSERT_TRUE(client.wait_ready(10s));
    const int port = server->port();
    server->kill();
    ASSERT_TRUE(eventually([&] { return !client.status().error.empty(); }));
    EXPECT_EQ(version_seen(client), 1);
    const ReferenceServer again({}, port);
    again.post("ruleset", ruleset_text(9));
    EXPECT_TRUE(follows_to(client, 9, 30s));
}

TEST_F(FollowingServer, AnOlderRulesetIsRefused) {
    const ReferenceServer server;
    server.post("ruleset", ruleset_text(10));
    const Client client = open(config_of(server));
    ASSERT_TRUE(client.wait_ready(10s));
    server.post("text?version=11", ruleset_text(4));
    ASSERT_TRUE(eventually([&] { return !client.status().error.empty(); }));
    EXPECT_EQ(version_seen(client), 10);
    server.post("ruleset", ruleset_text(12));
    EXPECT_TRUE(follows_to(client, 12));
    EXPECT_TRUE(eventually([&] { return client.status().error.empty(); }));
}

TEST_F(FollowingServer, GarbageIsRefusedAndTheLastGoodRulesetStays) {
    const ReferenceServer server;
    server.post("ruleset", ruleset_text(1));
    const Client client = open(config_of(server));
    ASSERT_TRUE(client.wait_ready(10s));
    std::uint64_t version = 2;
    for (const std::string& garbage :
         {std::string("{"), std::string("\xFF\xFE"), std::string("[1,2]"),
          std::string(R"({"format":"expplat.ruleset/9"})"), std::string(300'000, '[')}) {
        const std::uint64_t refused = client.stats().rulesets_refused;
        server.post("text?version=" + std::to_string(version++), garbage);
        EXPECT_TRUE(eventually([&] {
            return client.stats().rulesets_refused > refused || !client.status().error.empty();
        })) << garbage.substr(0, 40);
        EXPECT_EQ(version_seen(client), 1);
    }
    server.post("send", "event: patch\nid: 77\ndata: {\"base\":5,\"version\":77,\"set\":{}}\n\n");
    server.post("ruleset", ruleset_text(100));
    EXPECT_TRUE(follows_to(client, 100, 30s));
}

/// The connection is open and nothing comes: the watchdog's time is the test's.
TEST_F(FollowingServer, ASilentConnectionIsGivenUp) {
    const ReferenceServer server;
    server.post("ruleset", ruleset_text(1));
    Config config = config_of(server);
    config.manual_poll = true;
    Client client = open(std::move(config));
    ASSERT_TRUE(client.wait_ready(10s));
    server.post("pause");
    server.post("patch", patch_text(1, 2));
    std::chrono::steady_clock::time_point now{1h};
    (void)client.poll(now);
    EXPECT_EQ(version_seen(client), 1);
    EXPECT_EQ(client.stats().stream_connections, 1u);
    now += std::chrono::milliseconds(limits::stream_silence_ms + 1'000);
    EXPECT_TRUE(eventually([&] {
        (void)client.poll(now += 100ms);
        return version_seen(client) == 2;
    }));
    EXPECT_EQ(client.stats().stream_connections, 2u);
}

TEST_F(FollowingServer, TenThousandRapidRulesets) {
    const ReferenceServer server;
    server.post("ruleset", ruleset_text(1));
    std::atomic<std::uint64_t> last{0};
    std::atomic<bool> went_back{false};
    Config config = config_of(server);
    config.on_ruleset = [&](const RulesetChange& change) {
        if (change.version <= last.exchange(change.version)) went_back = true;
    };
    const Client client = open(std::move(config));
    ASSERT_TRUE(client.wait_ready(10s));
    std::string burst;
    for (std::uint64_t version = 2; version <= 10'001; ++version) {
        burst += "id: " + std::to_string(version) +
                 "\nevent: patch\ndata: " + patch_text(version - 1, version) + "\n\n";
    }
    server.post("send", burst);
    EXPECT_TRUE(follows_to(client, 10'001, 60s));
    EXPECT_FALSE(went_back);
    EXPECT_TRUE(eventually([&] { return client.stats().rulesets_adopted == 10'001; }));
    EXPECT_LE(client.stats().live_images, 2u);
    EXPECT_EQ(client.stats().rulesets_refused, 0u);
}

TEST_F(FollowingServer, ARevokedKeyIsSaidAndNotRetriedFast) {
    const ReferenceServer server;
    server.post("ruleset", ruleset_text(1));
    const Client client = open(config_of(server));
    ASSERT_TRUE(client.wait_ready(10s));
    server.post("keys", R"({"revoke":["sdk-test"]})");
    ASSERT_TRUE(eventually([&] { return client.status().state == State::unauthorized; }));
    EXPECT_NE(client.status().error.find("401"), std::string::npos) << client.status().error;
    EXPECT_EQ(client.status().error.find("sdk-test"), std::string::npos) << "keys are secrets";
    EXPECT_EQ(version_seen(client), 1);
    const std::int64_t refused = server.state("refused_keys");
    std::this_thread::sleep_for(1s);
    EXPECT_EQ(server.state("refused_keys"), refused);
}

TEST_F(FollowingServer, PollsWhereStreamsAreOff) {
    const ReferenceServer server;
    server.post("ruleset", ruleset_text(1));
    Config config = config_of(server);
    config.streaming = false;
    config.poll_interval_ms = 50;
    const Client client = open(std::move(config));
    ASSERT_TRUE(client.wait_ready(10s));
    EXPECT_TRUE(eventually([&] { return client.status().following == Following::polling; }));
    server.post("ruleset", ruleset_text(2));
    EXPECT_TRUE(follows_to(client, 2));
    EXPECT_TRUE(eventually([&] { return server.state("not_modified") > 0; }));
    EXPECT_EQ(client.stats().stream_connections, 0u);
}

TEST_F(FollowingServer, FallsBackToPollsWhereAProxyBreaksStreams) {
    const ReferenceServer server;
    server.post("ruleset", ruleset_text(1));
    server.post("fault",
                R"({"on":"stream","count":1000,"status":200,"content_type":"text/html","body":"<html>"})");
    Config config = config_of(server);
    config.poll_interval_ms = 50;
    const Client client = open(std::move(config));
    ASSERT_TRUE(client.wait_ready(30s));
    server.post("ruleset", ruleset_text(2));
    EXPECT_TRUE(follows_to(client, 2));
    EXPECT_TRUE(eventually([&] { return client.status().following == Following::polling; }));
}

TEST_F(FollowingServer, BadAddressesAreClearErrors) {
    for (const char* url :
         {"", "flags.example.com", "ftp://flags.example.com", "http://", "http://user:word@host"}) {
        Config config;
        config.source = Source::server(url, "sdk-test");
        const Result<Client> client = Client::open(std::move(config));
        ASSERT_FALSE(client) << url;
        EXPECT_EQ(client.error().code, ErrorCode::invalid_argument) << url;
    }
    Config keyless;
    keyless.source = Source::server("http://127.0.0.1:1", "");
    EXPECT_FALSE(Client::open(std::move(keyless)));

    Config config;
    config.source = Source::server("http://nowhere.invalid", "sdk-test");
    const Client client = open(std::move(config));
    ASSERT_TRUE(eventually([&] { return !client.status().error.empty(); }));
    EXPECT_NE(client.status().error.find("nowhere.invalid"), std::string::npos) << client.status().error;
}

TEST_F(FollowingServer, AForkedChildFollowsOnItsOwnAndTheParentIsUndisturbed) {
#if defined(EXPPLAT_THREAD_SANITIZER)
    GTEST_SKIP() << "ThreadSanitizer does not follow threads that a forked child starts";
#endif
    const ReferenceServer server;
    server.post("ruleset", ruleset_text(1));
    const Client client = open(config_of(server));
    ASSERT_TRUE(client.wait_ready(10s));
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(30);
        ::_exit(follows_to(client, 2, 20s) && client.stats().stream_connections == 1 ? 0 : 1);
    }
    ASSERT_TRUE(eventually([&] { return server.state("streams") == 2; })) << server.get("state");
    server.post("patch", patch_text(1, 2));
    EXPECT_TRUE(follows_to(client, 2));
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    server.post("patch", patch_text(2, 3));
    EXPECT_TRUE(follows_to(client, 3));
    EXPECT_EQ(client.stats().stream_connections, 1u) << "the child's end closed nothing of the parent's";
}

}  // namespace
}  // namespace expplat::tests
