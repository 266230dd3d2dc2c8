// `Delivery` with a receiver that answers later, several parcels under way, a spool, dead letters, and forks
// (EVENTS.md, "Producing"). The books are checked after every step; time is the test's.

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <random>

#include "tests/client/delivery_fixture.hpp"

namespace expplat::tests {
namespace {

using exposure::Report;
using runtime::Delivery;

class Parcels : public ::testing::Test, protected Rig {
protected:
    void SetUp() override { open(); }
};

TEST_F(Parcels, SeveralAreUnderWayAtOnceAndTheRestStaysQueued) {
    push(60);
    (void)step();
    EXPECT_EQ(receiver->waiting.size(), limits::batches_under_way);
    EXPECT_EQ(delivery->counts().in_flight, 60u);
    EXPECT_EQ(queue->size(), 20u);
    receiver->accept(2);  // in any order
    (void)step();
    EXPECT_EQ(receiver->waiting.size(), limits::batches_under_way);
    while (!receiver->waiting.empty()) {
        receiver->accept(receiver->waiting.size() - 1);
        (void)step();
    }
    EXPECT_TRUE(delivery->idle());
    EXPECT_EQ(delivery->counts().acknowledged, 60u);
    EXPECT_EQ(receiver->ids.size(), 60u);
}

TEST_F(Parcels, OnlyWhatMustBeIsOfferedAgainWhileOthersGoOn) {
    push(20);
    (void)step();
    ASSERT_EQ(receiver->waiting.size(), 2u);
    Report report;
    report.retry = {1, 4, 9};
    report.rejected = {{2, "too old"}};
    report.message = "throttled";
    receiver->answer(0, report);
    push(10);
    (void)step();
    ASSERT_EQ(receiver->waiting.size(), 2u) << "the third goes at once";
    EXPECT_EQ(receiver->waiting.back().names.front(), "e20");
    clock->advance(101);
    (void)step();
    ASSERT_EQ(receiver->waiting.size(), 3u);
    EXPECT_EQ(receiver->waiting.back().names, (std::vector<std::string>{"e1", "e4", "e9"}));
    receiver->accept_all();
    (void)step();
    EXPECT_TRUE(delivery->idle());
    EXPECT_EQ(delivery->counts().acknowledged, 29u);
    EXPECT_EQ(delivery->counts().dead_lettered, 1u);
    EXPECT_EQ(delivery->counts().failed, 1u);
}

/// "when the receiver is down do not hammer it": one parcel tries, the others wait for it.
TEST_F(Parcels, WhileNothingIsTakenOneGoesAheadOfTheOthers) {
    push(40);
    (void)step();
    ASSERT_EQ(receiver->waiting.size(), 4u);
    while (!receiver->waiting.empty()) receiver->refuse();
    (void)step();
    EXPECT_EQ(receiver->waiting.size(), 0u);
    push(50);
    for (int tries = 1; tries <= 6; ++tries) {
        std::size_t offered = receiver->offers.size();
        while (receiver->waiting.empty()) clock->advance(step());
        (void)step();
        EXPECT_EQ(receiver->waiting.size(), 1u) << "one tries";
        EXPECT_EQ(receiver->offers.size(), offered + 1);
        receiver->refuse();
    }
    while (receiver->waiting.empty()) clock->advance(step());
    receiver->accept();
    (void)step();
    EXPECT_EQ(receiver->waiting.size(), 4u) << "it is back: all go";
    while (!receiver->waiting.empty()) {
        receiver->accept_all();
        (void)step();
    }
    EXPECT_TRUE(delivery->idle());
}

TEST_F(Parcels, WaitAsLongAsTheReceiverAsks) {
    push(10);
    (void)step();
    receiver->refuse(0, "slow down", 7'000);
    (void)step();
    std::int64_t waited_ms = 0;
    while (receiver->waiting.empty()) {
        const std::int64_t wait_ms = step(true);
        if (!receiver->waiting.empty()) break;
        waited_ms += wait_ms;
        clock->advance(wait_ms);
        ASSERT_LE(waited_ms, 7'101) << "and the jitter of a first failure";
    }
    EXPECT_GE(waited_ms, 7'000);
}

TEST_F(Parcels, TheSameFailureIsLoggedOnceASecond) {
    push(200);
    for (int i = 0; i < 20; ++i) {
        (void)step();
        for (std::size_t n = receiver->waiting.size(); n > 0; --n) receiver->refuse(0, "away");
        clock->advance(100);
    }
    EXPECT_GE(logged.size(), 1u);
    EXPECT_LE(logged.size(), 3u) << "two seconds";
}

TEST_F(Parcels, ASinkIsBelievedOnlyForWhatCanBeTrue) {
    push(10);
    (void)step();
    Report report;
    report.retry = {3, 3, 77};
    report.rejected = {{3, "both"}, {5, "a"}, {5, "b"}, {1'000, "none"}};
    const auto done = receiver->waiting[0].done;
    receiver->waiting.clear();
    done(report);
    done(Report{});  // twice
    (void)step();
    const Delivery::Counts counts = delivery->counts();
    EXPECT_EQ(counts.acknowledged, 8u);
    EXPECT_EQ(counts.dead_lettered, 1u);
    EXPECT_EQ(counts.in_flight, 1u);
    clock->advance(200);
    (void)step();
    ASSERT_EQ(receiver->waiting.size(), 1u);
    done(Report{});  // of a parcel that is under way once more: not its answer
    (void)step();
    EXPECT_EQ(delivery->counts().in_flight, 1u);
}

TEST_F(Parcels, AreDroppedAtTheEndWithoutASpool) {
    push(45);
    (void)step();
    receiver->accept();
    const auto late = receiver->waiting[0].done;
    delivery->abandon();
    check_books();
    EXPECT_EQ(delivery->counts().acknowledged, 10u) << "what was answered counts";
    EXPECT_EQ(delivery->counts().dropped_shutdown, 35u);
    late(Report{});
    push(3);  // a thread that was still recording
    EXPECT_EQ(step(true), config.batch_age_ms);
    EXPECT_EQ(delivery->counts().dropped_shutdown, 38u);
    EXPECT_EQ(delivery->counts().in_flight, 0u);
}

TEST(DeadLetter, OfADeliveryHasTheEventAndTheReason) {
    const TestFolder folder;
    Rig rig;
    rig.config.dead_letters = folder.file("dead.jsonl");
    rig.open();
    rig.push(10);
    (void)rig.step();
    Report report;
    report.retry = {0};
    report.rejected = {{0, "offered again after all"}, {7, "value: must be a number"}};
    rig.receiver->waiting[0].done(report);
    (void)rig.step();
    EXPECT_EQ(rig.delivery->counts().dead_lettered, 1u);
    const auto lines = file_lines(folder.file("dead.jsonl"));
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_TRUE(lines[0].starts_with(R"({"reason":"value: must be a number","time":)")) << lines[0];
    EXPECT_NE(lines[0].find(R"("event":"e7")"), std::string::npos);
}

class Spooled : public ::testing::Test, protected Rig {
protected:
    void SetUp() override {
        config.spool = folder.file("spool");
        open();
    }
    TestFolder folder;
};

TEST_F(Spooled, AreOnDiskBeforeTheyAreSentUntilTheyAreAcknowledged) {
    receiver->on_send = [&] {
        const auto disk = on_disk();
        for (const auto& id : receiver->waiting.back().ids) EXPECT_EQ(disk.count(id), 1u);
    };
    push(10);
    (void)step();
    EXPECT_EQ(delivery->counts().spooled, 10u);
    EXPECT_EQ(delivery->counts().in_flight, 0u);
    EXPECT_FALSE(delivery->idle());
    receiver->accept();
    (void)step();
    EXPECT_EQ(delivery->counts().spooled, 0u);
    EXPECT_EQ(delivery->counts().acknowledged, 10u);
    EXPECT_TRUE(on_disk().empty());
    EXPECT_TRUE(delivery->idle());
}

/// "With the sink down, batches go to the spool and leave memory": the queue of 200 does not overflow.
TEST_F(Spooled, OutlastAReceiverThatIsAwayAndLeaveOldestFirst) {
    for (int i = 0; i < 100; ++i) {
        push(20);
        (void)step();
        while (!receiver->waiting.empty()) receiver->refuse();
        clock->advance(250);
    }
    (void)step();
    while (!receiver->waiting.empty()) receiver->refuse();
    (void)step();
    EXPECT_EQ(delivery->counts().totals.refused, 0u);
    EXPECT_EQ(delivery->counts().spooled, 2'000u);
    EXPECT_EQ(on_disk().size(), 2'000u);
    const std::size_t before = receiver->offers.size();
    for (int i = 0; i < 3'000 && !delivery->idle(); ++i) {
        clock->advance(step());
        receiver->accept_all();
    }
    EXPECT_TRUE(delivery->idle());
    EXPECT_EQ(delivery->counts().acknowledged, 2'000u);
    EXPECT_TRUE(on_disk().empty());
    int last = -1;
    for (std::size_t i = before; i < receiver->offers.size(); ++i) {
        const int first = std::stoi(receiver->offers[i].names.front().substr(1));
        EXPECT_GT(first, last);
        last = first;
    }
}

TEST_F(Spooled, ComeBackAfterACrashWithTheirIds) {
    push(35);
    (void)step();
    receiver->accept(0);
    (void)step();
    const auto ids = receiver->ids;
    delivery.reset();  // no `abandon`: as a process that dies
    open();
    (void)step();
    EXPECT_EQ(delivery->counts().adopted, 20u) << "the last five were not yet due, and are lost";
    EXPECT_EQ(delivery->counts().spooled, 20u);
    while (!receiver->waiting.empty()) {
        receiver->accept();
        (void)step();
    }
    EXPECT_EQ(receiver->ids, ids) << "the sink checks them too";
    EXPECT_EQ(receiver->settled.size(), 30u);
    EXPECT_TRUE(on_disk().empty());
}

TEST_F(Spooled, AtTheEndGoToDiskAndToTheNextProcess) {
    push(45);
    (void)step();
    receiver->waiting.clear();
    delivery->abandon();
    check_books();
    EXPECT_EQ(delivery->counts().spooled, 45u);
    EXPECT_EQ(delivery->counts().dropped_shutdown, 0u);
    EXPECT_EQ(delivery->counts().in_flight, 0u);
    open();
    for (int i = 0; i < 10; ++i) {
        (void)step();
        receiver->accept_all();
    }
    EXPECT_EQ(delivery->counts().adopted, 45u);
    EXPECT_EQ(delivery->counts().acknowledged, 45u);
    EXPECT_EQ(receiver->settled.size(), 45u);
}

/// "full -> events stay in memory as without a spool, logged once a minute".
TEST_F(Spooled, OfAFullSpoolStayInMemory) {
    delivery.reset();
    config.spool_bytes = 3'000;
    open();
    push(200);
    (void)step();
    receiver->on_send = nullptr;
    while (!receiver->waiting.empty()) receiver->refuse();
    for (int i = 0; i < 30; ++i) {
        push(10);
        (void)step();
        while (!receiver->waiting.empty()) receiver->refuse();
        clock->advance(1'000);
    }
    (void)step();
    const Delivery::Counts counts = delivery->counts();
    EXPECT_GT(counts.spooled, 0u);
    EXPECT_GT(counts.in_flight, 100u);
    EXPECT_GT(counts.totals.refused, 0u);
    EXPECT_EQ(std::count_if(logged.begin(), logged.end(),
                            [](const auto& line) { return line.find("spool is full") != std::string::npos; }),
              1);
    for (int i = 0; i < 300 && !delivery->idle(); ++i) {
        receiver->accept_all();
        clock->advance(step());
    }
    EXPECT_TRUE(delivery->idle());
    EXPECT_EQ(delivery->counts().acknowledged, pushed - counts.totals.refused);
    push(10);
    (void)step();
    EXPECT_EQ(delivery->counts().spooled, 10u) << "there is room again";
}

/// A full disk: as a full spool, and it recovers.
TEST_F(Spooled, OfAFullDiskStayInMemoryUntilThereIsRoom) {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    rlimit full = before;
    full.rlim_cur = 100;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
    push(60);
    for (int second = 0; second < 30; ++second) {
        (void)step();
        clock->advance(1'000);
    }
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_EQ(delivery->counts().spooled, 0u);
    EXPECT_EQ(delivery->counts().in_flight, 60u);
    EXPECT_EQ(receiver->waiting.size(), 4u) << "they are sent all the same";
    EXPECT_EQ(logged.size(), 1u) << "once a minute";
    (void)step();
    EXPECT_EQ(delivery->counts().spooled, 60u) << "what is under way goes to disk too";
    while (!receiver->waiting.empty()) {
        receiver->accept_all();
        (void)step();
    }
    EXPECT_TRUE(delivery->idle());
    EXPECT_TRUE(on_disk().empty());
}

TEST_F(Spooled, ThatCannotBeReadBackAreCountedAndLogged) {
    push(10);
    (void)step();
    receiver->refuse();
    push(40);
    (void)step();  // the receiver is away: these are on disk alone
    ASSERT_EQ(delivery->counts().spooled, 50u);
    std::vector<std::string> segments;
    for (const auto& entry : std::filesystem::directory_iterator(own_folder))
        if (entry.path().extension() == ".seg") segments.push_back(entry.path().string());
    std::sort(segments.begin(), segments.end());
    ASSERT_EQ(segments.size(), 5u);
    std::filesystem::remove(segments[1]);                                                    // all ten
    std::filesystem::resize_file(segments[2], std::filesystem::file_size(segments[2]) - 5);  // the last
    for (int i = 0; i < 100 && !delivery->idle(); ++i) {
        receiver->accept_all();
        clock->advance(step());
    }
    EXPECT_TRUE(delivery->idle());
    EXPECT_EQ(delivery->counts().dropped_spool, 11u);
    EXPECT_EQ(delivery->counts().acknowledged, 39u);
    EXPECT_NE(std::find_if(
                  logged.begin(), logged.end(),
                  [](const auto& line) { return line.find("could not be read back") != std::string::npos; }),
              logged.end());
    EXPECT_TRUE(on_disk().empty());
}

template <class Check>
int in_child(Check&& check) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(check());
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// The contract of the header: the child disowns, never destroys, and begins anew; the parent notices nothing.
TEST_F(Spooled, AChildBeginsAnewAndTheParentNoticesNothing) {
    push(25);
    (void)step();
    const auto disk = on_disk();
    const auto child = [&] {
        delivery->disown();
        (void)delivery.release();
        (void)queue.release();
        receiver = std::make_shared<Receiver>();
        open();
        push(10);
        (void)step();
        const Delivery::Counts counts = delivery->counts();
        if (counts.adopted != 0 || counts.spooled != 10 || receiver->waiting.size() != 1) return 1;
        receiver->accept();
        (void)step();
        if (!delivery->idle() || delivery->counts().acknowledged != 10) return 2;
        delivery->abandon();
        return HasFailure() ? 3 : 0;
    };
    EXPECT_EQ(in_child(child), 0);
    EXPECT_EQ(on_disk(), disk);
    receiver->accept_all();
    (void)step(true);
    receiver->accept_all();
    (void)step();
    EXPECT_EQ(delivery->counts().acknowledged, 25u);
    EXPECT_TRUE(delivery->idle());
}

TEST_F(Spooled, ASinkMayForkAndTheChildReturnFromIt) {
    int result = -1;
    pid_t child = -1;
    receiver->on_send = [&] {
        if (child >= 0) return;
        child = ::fork();
        if (child == 0) delivery->disown();
    };
    push(25);
    const std::int64_t wait_ms = delivery->step(false);
    if (child == 0) ::_exit(wait_ms == config.batch_age_ms && receiver->offers.size() == 1 ? 0 : 1);
    check_books();
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    result = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    EXPECT_EQ(result, 0);
    EXPECT_EQ(on_disk().size(), 20u);
}

/// Whatever happens in whatever order: the books are right after each step, and what is on disk is what they say.
class RandomLife : public ::testing::TestWithParam<unsigned>, protected Rig {
protected:
    std::mt19937 random{GetParam()};
    TestFolder folder;
    int forks = 0;
    std::size_t acknowledged_before = 0;
    std::size_t rejected_before = 0;

    int below(int end) { return static_cast<int>(random() % static_cast<unsigned>(end)); }

    void begin() {
        receiver->waiting.clear();
        acknowledged_before = receiver->acknowledged;
        rejected_before = receiver->rejected;
        open();
        for (int i = 0; i < 50; ++i) (void)step();  // until what was adopted is counted
    }

    void answer_one() {
        if (receiver->waiting.empty()) return;
        const auto number = static_cast<std::size_t>(below(static_cast<int>(receiver->waiting.size())));
        Report report;
        const int kind = below(4);  // all, none, or some
        for (std::size_t i = 0; i < receiver->waiting[number].size(); ++i) {
            const int fate = kind == 0 ? 0 : kind == 1 ? 1 : below(3);
            if (fate == 1) report.retry.push_back(i);
            if (fate == 2) report.rejected.push_back({i, "bad"});
        }
        if (!report.retry.empty()) report.message = "some";
        report.retry_after_ms = below(3) == 0 ? below(500) : 0;
        receiver->answer(number, std::move(report));
    }

    /// Everything that is settled, is counted; what is on disk and not settled, is spooled; the rest is in flight.
    void check_against_the_world() {
        const Delivery::Counts counts = delivery->counts();
        ASSERT_EQ(counts.acknowledged, receiver->acknowledged - acknowledged_before);
        ASSERT_EQ(counts.dead_lettered, receiver->rejected - rejected_before);
        ASSERT_EQ(counts.dropped_spool, 0u);
        std::uint64_t unsettled = 0;
        for (const auto& id : on_disk()) { unsettled += receiver->settled.count(id) == 0 ? 1u : 0u; }
        ASSERT_EQ(counts.spooled, unsettled);
    }

    void die() {
        delivery.reset();
        // What the dead one had settled in part is on disk as a whole, and will come again.
        for (const auto& id : on_disk()) receiver->settled.erase(id);
        begin();
    }
};

TEST_P(RandomLife, KeepsItsBooks) {
    config.spool = folder.file("spool");
    config.dead_letters = folder.file("dead.jsonl");
    config.spool_bytes = 20'000;
    begin();
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    for (int i = 0; i < 250; ++i) {
        switch (below(12)) {
            case 0:
            case 1:
            case 2: push(below(30)); break;
            case 3:
            case 4:
            case 5: answer_one(); break;
            case 6: clock->advance(below(3'000)); break;
            case 7: {
                rlimit limit = before;
                if (below(2) == 0) limit.rlim_cur = 700;  // the disk is full, in the middle of a batch
                ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
                break;
            }
            case 8:
                if (below(4) == 0) die();
                break;
            case 9:
                if (below(8) == 0) {
                    delivery->abandon();
                    check_books();
                    for (const auto& id : on_disk()) receiver->settled.erase(id);
                    begin();
                }
                break;
            case 10:
                if (below(8) == 0) {
                    ++forks;
                    EXPECT_EQ(in_child([&] {
                                  named += 1'000'000 * forks;  // its events are its own
                                  delivery->disown();
                                  (void)delivery.release();
                                  (void)queue.release();
                                  receiver = std::make_shared<Receiver>();
                                  open();
                                  push(10);
                                  (void)step(true);
                                  return HasFailure() ? 1 : 0;
                              }),
                              0);
                    // The child died without a word: its spool, where it could write one, is somebody's to adopt.
                }
                break;
            default: (void)step(below(3) == 0); break;
        }
        (void)step();
        if (HasFatalFailure()) break;
        check_against_the_world();
        if (HasFatalFailure()) break;
    }
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    if (HasFatalFailure()) return;
    for (int i = 0; i < 3'000 && !delivery->idle(); ++i) {
        clock->advance(step(true));
        receiver->accept_all();
    }
    EXPECT_TRUE(delivery->idle());
    (void)step();
    check_against_the_world();
    EXPECT_TRUE(on_disk().empty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomLife, ::testing::Range(1u, 11u));

}  // namespace
}  // namespace expplat::tests
