// A program's own sink that answers when it can: from any thread, late, in part, never, after the end, after a fork.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <thread>

#include "tests/client/client_fixture.hpp"

namespace expplat::tests {
namespace {

using std::chrono::seconds;

/// Takes batches and keeps their answers.
class Taken {
public:
    struct Batch {
        std::vector<exposure::EventId> ids;
        exposure::Answer answer;
    };
    [[nodiscard]] Sink sink() {
        return Sink::deferred([this](std::span<const exposure::Event> batch, exposure::Answer answer) {
            const std::scoped_lock lock(mutex_);
            Batch& taken = batches_.emplace_back();
            for (const exposure::Event& event : batch) taken.ids.push_back(event.id);
            taken.answer = std::move(answer);
            came_.notify_all();
        });
    }
    /// Those that came since the last call: waits until there are so many.
    [[nodiscard]] std::vector<Batch> take(std::size_t count) {
        std::unique_lock lock(mutex_);
        EXPECT_TRUE(came_.wait_for(lock, seconds(20), [&] { return batches_.size() >= count; }));
        return std::exchange(batches_, {});
    }
    [[nodiscard]] std::size_t waiting() {
        const std::scoped_lock lock(mutex_);
        return batches_.size();
    }

private:
    std::mutex mutex_;
    std::condition_variable came_;
    std::vector<Batch> batches_;
};

Config config_of(Taken& taken, std::size_t batch_events = 1) {
    Config config;
    config.source = Source::text(ruleset_text(1));
    config.sink = taken.sink();
    config.batch_events = batch_events;
    config.batch_age_ms = 1;
    config.shutdown_timeout_ms = 50;
    return config;
}

void track(Client& client, int count) {
    for (int i = 0; i < count; ++i) client.track("event", User("u1"));
}

TEST(DeferredSinks, AreAnsweredFromAnyThreadInAnyOrder) {
    Taken taken;
    Client client = open(config_of(taken));
    track(client, 3);
    std::vector<Taken::Batch> batches;
    while (batches.size() < 3) {
        for (Taken::Batch& batch : taken.take(1)) batches.push_back(std::move(batch));
    }
    EXPECT_EQ(client.stats().in_flight, 3u);
    EXPECT_FALSE(client.flush(std::chrono::milliseconds(20)));
    std::vector<std::thread> threads;
    for (auto batch = batches.rbegin(); batch != batches.rend(); ++batch)
        threads.emplace_back([&answer = batch->answer] { answer({1, 0, {}}); });
    EXPECT_TRUE(client.flush(seconds(20)));
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(client.stats().acknowledged, 3u);
    EXPECT_EQ(taken.waiting(), 0u);
}

TEST(DeferredSinks, HaveABoundOfBatchesUnderWay) {
    Taken taken;
    Config config = config_of(taken);
    config.queue_events = 20;
    Client client = open(std::move(config));
    track(client, 100);
    EXPECT_FALSE(client.flush(std::chrono::milliseconds(100)));
    EXPECT_EQ(taken.waiting(), limits::batches_under_way);
    std::uint64_t answered = 0;
    while (!client.flush(std::chrono::milliseconds(1))) {
        if (taken.waiting() == 0) continue;
        for (const Taken::Batch& batch : taken.take(1)) {
            batch.answer({1, 0, {}});
            batch.answer({0, 0, "the second word counts no more"});
            ++answered;
            break;  // the others' answers go with the list, uncalled: they come again
        }
    }
    const Stats stats = client.stats();
    EXPECT_EQ(stats.acknowledged, answered);
    EXPECT_EQ(stats.acknowledged + stats.dropped_queue_full, 100u);
    EXPECT_EQ(stats.dead_lettered + stats.in_flight, 0u);
}

TEST(DeferredSinks, TakeBatchesInPart) {
    Taken taken;
    Client client = open(config_of(taken, 3));
    track(client, 3);
    std::vector<Taken::Batch> first;
    std::size_t events = 0;
    while (events < 3) {
        for (Taken::Batch& batch : taken.take(1)) {
            events += batch.ids.size();
            first.push_back(std::move(batch));
        }
    }
    const exposure::EventId last = first.back().ids.back();
    for (std::size_t i = 0; i < first.size(); ++i) {
        const std::size_t size = first[i].ids.size();
        const bool is_last = i + 1 == first.size();
        first[i].answer({is_last ? size - 1 : size, 0, is_last ? "no room" : ""});
    }
    const std::vector<Taken::Batch> again = taken.take(1);
    ASSERT_EQ(again.size(), 1u);
    EXPECT_EQ(again[0].ids, std::vector<exposure::EventId>{last});
    again[0].answer({0, 1, "it can never succeed"});
    EXPECT_TRUE(client.flush(seconds(20)));
    EXPECT_EQ(client.stats().acknowledged, 2u);
    EXPECT_EQ(client.stats().dead_lettered, 1u);
}

TEST(DeferredSinks, AreOfferedAgainWhatTheyForgotOrThrewAt) {
    int offered = 0;
    Config config;
    config.source = Source::text(ruleset_text(1));
    config.sink = Sink::deferred([&](std::span<const exposure::Event> batch, const exposure::Answer& answer) {
        if (++offered == 1) return;
        if (offered == 2) throw std::runtime_error("no");
        answer({batch.size(), 0, {}});
    });
    Client client = open(std::move(config));
    track(client, 1);
    EXPECT_TRUE(client.flush(seconds(20)));
    EXPECT_EQ(client.stats().acknowledged, 1u);
    EXPECT_EQ(client.stats().failed_deliveries, 2u);
    client.close();
    EXPECT_EQ(offered, 3);
}

TEST(DeferredSinks, MayAnswerAfterTheClientsEnd) {
    Taken taken;
    std::vector<Taken::Batch> batches;
    {
        Client client = open(config_of(taken));
        track(client, 1);
        batches = taken.take(1);
        client.close();
        EXPECT_EQ(client.stats().dropped_shutdown, 1u);
        EXPECT_EQ(client.stats().in_flight, 0u);
    }
    for (const Taken::Batch& batch : batches) batch.answer({1, 0, {}});
}

TEST(DeferredSinks, ArePolledWhereThereIsNoThread) {
    Taken taken;
    Config config = config_of(taken);
    config.manual_poll = true;
    Client client = open(std::move(config));
    track(client, 1);
    while (taken.waiting() == 0) client.poll();
    for (const Taken::Batch& batch : taken.take(1)) batch.answer({1, 0, {}});
    client.poll();
    EXPECT_EQ(client.stats().acknowledged, 1u);
}

TEST(DeferredSinks, OfAForkedChildHaveOnlyItsOwnEvents) {
#if defined(EXPPLAT_THREAD_SANITIZER)
    GTEST_SKIP() << "ThreadSanitizer does not follow threads that a forked child starts";
#endif
    Taken taken;
    Client client = open(config_of(taken));
    track(client, 1);
    const std::vector<Taken::Batch> parents = taken.take(1);
    const pid_t child = fork();
    if (child == 0) {
        for (const Taken::Batch& batch : parents) batch.answer({1, 0, {}});  // nobody hears it
        track(client, 1);
        const std::vector<Taken::Batch> own = taken.take(1);
        bool right = own.size() == 1 && own[0].ids[0] != parents[0].ids[0];
        for (const Taken::Batch& batch : own) batch.answer({1, 0, {}});
        right = right && client.flush(seconds(20)) && client.stats().acknowledged == 1;
        _exit(right ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    EXPECT_EQ(client.stats().in_flight, 1u);
    parents[0].answer({1, 0, {}});
    EXPECT_TRUE(client.flush(seconds(20)));
    EXPECT_EQ(client.stats().acknowledged, 1u);
}

TEST(DeferredSinks, WithoutAFunctionAreRefused) {
    Config config;
    config.source = Source::text(ruleset_text(1));
    config.sink = Sink::deferred({});
    const Result<Client> opened = Client::open(config);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace expplat::tests
