// Readers against a writer (ARCHITECTURE.md, decision 2). Also run under ThreadSanitizer.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/client/client_fixture.hpp"

namespace expplat::tests {
namespace {

#if defined(EXPPLAT_THREAD_SANITIZER)
constexpr int swaps = 60;
constexpr int recorded_by_each = 20'000;
#else
constexpr int swaps = 1'000;
constexpr int recorded_by_each = 500'000;
#endif

/// Each answer must come from one ruleset as a whole: its value is the version that it names.
TEST(Readers, SeeOneRulesetAtATimeWhileAWriterReplacesIt) {
    const Folder folder;
    folder.replace("rules.json", ruleset_text(1));
    Client client = open(Source::file(folder.file("rules.json")));
    std::atomic<bool> done{false};
    std::atomic<std::uint64_t> torn{0};
    std::atomic<std::uint64_t> answers{0};
    const auto read = [&] {
        const User user("u1");
        const Client::Handle handle = client.handle("version");
        std::uint64_t count = 0;
        while (!done.load(std::memory_order_relaxed)) {
            const Detail<std::int64_t> detail = client.integer_detail("version", user, -1);
            if (detail.value != static_cast<std::int64_t>(detail.variant.ruleset_version())) ++torn;
            const Variant variant = handle.variant(user);
            if (variant.value().integer() != static_cast<std::int64_t>(variant.ruleset_version())) ++torn;
            const Snapshot snapshot = client.snapshot();
            if (snapshot.evaluate("version", user).record().bits != snapshot.version()) ++torn;
            ++count;
        }
        answers += count;
    };
    std::thread first(read);
    std::thread second(read);
    for (int swap = 2; swap <= swaps; ++swap) {
        folder.replace("rules.json", ruleset_text(static_cast<std::uint64_t>(swap)));
        ASSERT_TRUE(client.reload());
    }
    done = true;
    first.join();
    second.join();
    EXPECT_EQ(torn, 0u);
    EXPECT_GT(answers, 0u);
    EXPECT_LE(client.stats().live_images, 2u);
    EXPECT_EQ(client.integer("version", User("u1"), -1), swaps);
}

TEST(Readers, CountExactlyWhenTwoThreadsRecord) {
    Collected collected;
    Client client = open(Source::text(ruleset_text(1)), collected.sink(), 2'000'000);
    const auto record = [&](int thread) {
        for (int i = 0; i < recorded_by_each; ++i) {
            (void)client.variant("exp", User("user-" + std::to_string(thread) + "-" + std::to_string(i)));
        }
    };
    std::atomic<bool> done{false};
    std::thread watcher([&] {
        while (!done) {
            const Stats stats = client.stats();
            EXPECT_EQ(stats.recorded, accounted_for(stats));
            (void)client.flush(std::chrono::milliseconds(1));
        }
    });
    std::thread first(record, 1);
    std::thread second(record, 2);
    first.join();
    second.join();
    done = true;
    watcher.join();
    ASSERT_TRUE(client.flush(std::chrono::seconds(60)));
    const Stats stats = client.stats();
    EXPECT_EQ(stats.recorded, 2u * recorded_by_each);
    EXPECT_EQ(stats.recorded, accounted_for(stats));
    EXPECT_EQ(stats.acknowledged, collected.rows().size());
    EXPECT_EQ(stats.acknowledged + stats.dropped_queue_full + stats.deduplicated, 2u * recorded_by_each);
    EXPECT_EQ(stats.dropped_queue_full, 0u);
    EXPECT_EQ(stats.deduplicated, 0u);
}

TEST(Readers, RecordOnceWhenTwoThreadsSeeTheSameUser) {
    Collected collected;
    Client client = open(Source::text(ruleset_text(1)), collected.sink());
    const User user("one");
    const auto ask = [&] {
        for (int i = 0; i < 10'000; ++i) (void)client.variant("exp", user);
    };
    std::thread first(ask);
    std::thread second(ask);
    first.join();
    second.join();
    ASSERT_TRUE(client.flush(std::chrono::seconds(10)));
    const Stats stats = client.stats();
    EXPECT_EQ(stats.recorded, 20'000u);
    EXPECT_EQ(stats.acknowledged, 1u);
    EXPECT_EQ(stats.deduplicated, 19'999u);
}

}  // namespace
}  // namespace expplat::tests
