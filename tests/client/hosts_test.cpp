// How a host lives with a client: without a thread, with a memory of its own, told of changes.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory_resource>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "tests/client/client_fixture.hpp"

namespace expplat::tests {
namespace {

using namespace std::chrono_literals;

std::size_t threads_of_this_process() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& task : std::filesystem::directory_iterator("/proc/self/task")) ++count;
    return count;
}

TEST(ManualPoll, RunsNoThreadAndSendsWhatIsDueWhenPolled) {
    Collected collected;
    Config config;
    config.source = Source::text(ruleset_text(1));
    config.sink = collected.sink();
    config.manual_poll = true;
    const std::size_t threads_before = threads_of_this_process();
    Client client = open(config);
    EXPECT_EQ(threads_of_this_process(), threads_before);
    EXPECT_TRUE(client.wait_ready(0ms));

    std::chrono::steady_clock::time_point now{100h};  // the program's own time
    (void)client.poll(now);
    (void)client.variant("exp", User("u"));
    EXPECT_GT(client.poll(now), 0);
    EXPECT_TRUE(collected.rows().empty());
    EXPECT_LE(client.poll(now + 999ms), 1);
    EXPECT_TRUE(collected.rows().empty()) << "a batch leaves at the age of a second";
    (void)client.poll(now + 1'000ms);
    EXPECT_EQ(collected.rows().size(), 1u);
    EXPECT_EQ(client.stats().acknowledged, 1u);
}

TEST(ManualPoll, TimeDoesNotGoBack) {
    Collected collected;
    Config config;
    config.source = Source::text(ruleset_text(1));
    config.sink = collected.sink();
    config.manual_poll = true;
    Client client = open(config);
    const std::chrono::steady_clock::time_point now{100h};
    (void)client.poll(now);
    (void)client.variant("exp", User("u"));
    (void)client.poll(now);
    (void)client.poll(now - 50h);
    (void)client.poll(now + 500ms);
    EXPECT_TRUE(collected.rows().empty());
    (void)client.poll(now + 1'000ms);
    EXPECT_EQ(collected.rows().size(), 1u);
}

TEST(ManualPoll, FlushAndCloseSendOnTheCallingThread) {
    Collected collected;
    Config config;
    config.source = Source::text(ruleset_text(1));
    config.sink = collected.sink();
    config.manual_poll = true;
    Client client = open(config);
    (void)client.variant("exp", User("a"));
    EXPECT_TRUE(client.flush(1s));
    EXPECT_EQ(collected.rows().size(), 1u);
    (void)client.variant("exp", User("b"));
    client.close();
    EXPECT_EQ(collected.rows().size(), 2u);
    EXPECT_EQ(client.status().state, State::closed);
}

TEST(Flush, EndsWhileAnotherThreadRecordsOnAndOn) {
    std::atomic<std::uint64_t> received{0};
    Config config;
    config.source = Source::text(ruleset_text(1));
    config.sink = Sink::custom([&](std::span<const exposure::Event> batch) {
        received += batch.size();
        return exposure::Delivery{batch.size(), 0, {}};
    });
    const Client client = open(config);
    std::atomic<bool> ends{false};
    std::thread recording([&] {
        const User user("u");
        while (!ends) client.track("again", user);
    });
    for (int i = 0; i < 20; ++i) {
        const Stats before = client.stats();
        EXPECT_TRUE(client.flush(10s));
        EXPECT_GE(received + client.stats().dropped_queue_full, before.recorded);
    }
    ends = true;
    recording.join();
}

TEST(ManualPoll, WithAThreadOfItsOwnAClientIsNotPolled) {
    Collected collected;
    Client client = open(Source::text(ruleset_text(1)), collected.sink());
    EXPECT_GT(client.poll(), 0);
    EXPECT_TRUE(client.flush(5s));
}

TEST(Listeners, AreToldOfRulesetsAndOfTheirSource) {
    const Folder folder;
    folder.replace("rules.json", ruleset_text(1));
    std::vector<RulesetChange> rulesets;
    std::vector<Status> statuses;
    Config config;
    config.source = Source::file(folder.file("rules.json"));
    config.on_ruleset = [&](const RulesetChange& change) { rulesets.push_back(change); };
    config.on_status = [&](const Status& status) { statuses.push_back(status); };
    Client client = open(config);
    ASSERT_EQ(rulesets.size(), 1u);
    EXPECT_TRUE(rulesets[0].everything);
    EXPECT_EQ(rulesets[0].version, 1u);
    EXPECT_EQ(rulesets[0].origin, Origin::file);
    ASSERT_EQ(statuses.size(), 1u);
    EXPECT_EQ(statuses[0].state, State::ready);
    EXPECT_EQ(statuses[0].environment, "test");

    folder.replace("rules.json", ruleset_text(2));
    ASSERT_TRUE(client.reload());
    ASSERT_EQ(rulesets.size(), 2u);
    EXPECT_EQ(rulesets[1].version, 2u);

    folder.replace("rules.json", "{");
    EXPECT_FALSE(client.reload());
    ASSERT_EQ(statuses.size(), 3u);
    EXPECT_EQ(statuses[2].state, State::stale);
    EXPECT_NE(statuses[2].error.find("rules.json"), std::string::npos) << statuses[2].error;
    EXPECT_EQ(client.status().ruleset_version, 2u);
    EXPECT_EQ(client.stats().rulesets_refused, 1u);

    folder.replace("rules.json", ruleset_text(3));
    ASSERT_TRUE(client.reload());
    EXPECT_EQ(client.status().state, State::ready);
    EXPECT_TRUE(client.status().error.empty());
    client.close();
    EXPECT_EQ(statuses.back().state, State::closed);
}

TEST(Listeners, MayAskTheClient) {
    const Folder folder;
    folder.replace("rules.json", ruleset_text(1));
    std::atomic<Client*> asked{nullptr};
    std::uint64_t seen = 0;
    Config config;
    config.source = Source::file(folder.file("rules.json"));
    config.on_ruleset = [&](const RulesetChange&) {
        if (asked != nullptr) seen = asked.load()->status().ruleset_version;
    };
    Client client = open(config);
    asked = &client;
    folder.replace("rules.json", ruleset_text(2));
    ASSERT_TRUE(client.reload());
    EXPECT_EQ(seen, 2u);
}

/// Counts, and ends at a limit.
class Counting final : public std::pmr::memory_resource {
public:
    std::size_t limit = SIZE_MAX;
    std::size_t used = 0;

private:
    void* do_allocate(std::size_t size, std::size_t alignment) override {
        if (used + size > limit) throw std::bad_alloc();
        used += size;
        return std::pmr::new_delete_resource()->allocate(size, alignment);
    }
    void do_deallocate(void* bytes, std::size_t size, std::size_t alignment) override {
        used -= size;
        std::pmr::new_delete_resource()->deallocate(bytes, size, alignment);
    }
    [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
        return this == &other;
    }
};

TEST(HostMemory, HoldsImagesAndGetsThemBack) {
    Counting memory;
    const Folder folder;
    folder.replace("rules.json", ruleset_text(1));
    {
        Config config;
        config.source = Source::file(folder.file("rules.json"));
        config.memory = &memory;
        Client client = open(config);
        EXPECT_GE(memory.used, client.stats().image_bytes);
        const std::size_t with_one = memory.used;
        for (std::uint64_t version = 2; version < 20; ++version) {
            folder.replace("rules.json", ruleset_text(version));
            ASSERT_TRUE(client.reload());
        }
        EXPECT_LE(memory.used, 2 * with_one);

        memory.limit = memory.used;  // no room for another
        folder.replace("rules.json", ruleset_text(20));
        const Result<void> refused = client.reload();
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::too_large);
        EXPECT_EQ(client.status().ruleset_version, 19u);
        EXPECT_TRUE(client.boolean("bool", User("u"), false));
    }
    EXPECT_EQ(memory.used, 0u);
}

TEST(HostMemory, HoldsTheQueueOfEvents) {
    Counting memory;
    Config config;
    config.source = Source::text(ruleset_text(1));
    config.memory = &memory;
    { const Client without = open(config); }
    config.sink = Sink::custom([](std::span<const exposure::Event> batch) {
        return exposure::Delivery{batch.size(), 0, {}};
    });
    {
        const Client client = open(config);
        const std::size_t used = memory.used;
        EXPECT_GE(used, config.queue_events * 256) << "texts of that size on average";
        for (int i = 0; i < 1'000; ++i) client.track("again", User("u"));
        EXPECT_TRUE(client.flush(10s));
        EXPECT_EQ(memory.used, used);
    }
    EXPECT_EQ(memory.used, 0u);
    memory.limit = 64 << 10;  // enough for the ruleset
    const Result<Client> refused = Client::open(config);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::too_large);
    EXPECT_EQ(memory.used, 0u);
}

}  // namespace
}  // namespace expplat::tests
