// Decision 2's promise: idle threads hold no old image, whatever threads come and go.

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "src/client/epoch.hpp"
#include "tests/client/client_fixture.hpp"

namespace expplat::tests {
namespace {

constexpr int rulesets = 1'000;

void replace_many(Client& client, const Folder& folder, int first) {
    for (int i = 0; i < rulesets; ++i) {
        folder.replace("rules.json", ruleset_text(static_cast<std::uint64_t>(first + i)));
        ASSERT_TRUE(client.reload());
    }
}

/// Threads that asked once and then do nothing until they are let go.
class IdleThreads {
public:
    IdleThreads(const Client& client, int count) {
        for (int i = 0; i < count; ++i) {
            threads_.emplace_back([this, &client] {
                EXPECT_TRUE(client.boolean("bool", User("u"), false));
                std::unique_lock lock(mutex_);
                ++idle_;
                changed_.notify_all();
                changed_.wait(lock, [this] { return released_; });
            });
        }
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this, count] { return idle_ == count; });
    }
    ~IdleThreads() {
        {
            const std::scoped_lock lock(mutex_);
            released_ = true;
        }
        changed_.notify_all();
        for (std::thread& thread : threads_) thread.join();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int idle_ = 0;
    bool released_ = false;
    std::vector<std::thread> threads_;
};

TEST(Epochs, IdleThreadsHoldNoImage) {
    const Folder folder;
    folder.replace("rules.json", ruleset_text(1));
    Client client = open(Source::file(folder.file("rules.json")));
    const IdleThreads threads(client, 256);
    replace_many(client, folder, 2);
    EXPECT_LE(client.stats().live_images, 2u);
    EXPECT_EQ(client.stats().rulesets_adopted, static_cast<std::uint64_t>(rulesets) + 1);
}

TEST(Epochs, AGuardWithinAnotherLeavesItsMark) {
    runtime::epoch::prepare();
    std::uint64_t ended = 0;
    {
        const runtime::ReadGuard outer;
        { const runtime::ReadGuard inner; }
        ended = runtime::epoch::advance();
        EXPECT_LE(runtime::epoch::oldest_reader(), ended);
    }
    EXPECT_GT(runtime::epoch::oldest_reader(), ended);
}

TEST(Epochs, ThreadsThatEndedHoldNoImage) {
    const Folder folder;
    folder.replace("rules.json", ruleset_text(1));
    Client client = open(Source::file(folder.file("rules.json")));
    for (int round = 0; round < 8; ++round) {
        { const IdleThreads threads(client, 32); }
        folder.replace("rules.json", ruleset_text(static_cast<std::uint64_t>(2 + round)));
        ASSERT_TRUE(client.reload());
    }
    EXPECT_LE(client.stats().live_images, 2u);
}

TEST(Epochs, ASnapshotOutlivesItsRulesetAndItsClient) {
    const Folder folder;
    folder.replace("rules.json", ruleset_text(1));
    auto client = std::make_unique<Client>(open(Source::file(folder.file("rules.json"))));
    Snapshot pinned = client->snapshot();
    replace_many(*client, folder, 2);
    EXPECT_EQ(pinned.version(), 1u);
    Snapshot copy = pinned;
    pinned = client->snapshot();
    client.reset();
    EXPECT_EQ(copy.evaluate("version", User("u")).record().bits, 1u);
    EXPECT_EQ(pinned.evaluate("version", User("u")).record().bits, static_cast<std::uint64_t>(rulesets) + 1);
}

TEST(Epochs, HandlesFollowEveryRulesetOfEveryClient) {
    const Folder folder;
    folder.replace("a.json", ruleset_text(1));
    Client a = open(Source::file(folder.file("a.json")));
    const Client b = open(Source::text(ruleset_text(77)));
    const Client::Handle in_a = a.handle("version");
    const Client::Handle in_b = b.handle("version");
    const Client::Handle unknown = a.handle("nobody");
    const User user("u");
    for (std::uint64_t version = 2; version < 20; ++version) {
        EXPECT_EQ(in_a.variant(user).value().integer(), static_cast<std::int64_t>(version - 1));
        EXPECT_EQ(in_b.variant(user).value().integer(), 77);
        EXPECT_EQ(unknown.variant(user).error(), EvaluationError::flag_not_found);
        folder.replace("a.json", ruleset_text(version));
        ASSERT_TRUE(a.reload());
    }
}

}  // namespace
}  // namespace expplat::tests
