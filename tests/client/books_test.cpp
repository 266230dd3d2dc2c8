// The books of `Delivery` while others look: threads record, one steps, one reads the counts all the time.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/client/delivery_fixture.hpp"

namespace expplat::tests {
namespace {

TEST(Books, AddUpAtAnyMomentForAnyThread) {
    const TestFolder folder;
    Rig rig;
    rig.config.spool = folder.file("spool");
    rig.config.batch_events = 100;
    rig.open();
    std::atomic<bool> done{false};
    std::uint64_t looks = 0;
    std::thread reader([&] {
        std::uint64_t settled = 0;
        while (!done) {
            const runtime::Delivery::Counts counts = rig.delivery->counts();
            // A count that was taken at another moment than the rest would go below zero, far past the top.
            ASSERT_LE(counts.in_flight, counts.totals.accepted);
            ASSERT_LE(counts.spooled, counts.totals.accepted);
            ASSERT_EQ(counts.totals.accepted, counts.acknowledged + counts.spooled + counts.in_flight);
            ASSERT_GE(counts.acknowledged, settled) << "what is settled stays so";
            settled = counts.acknowledged;
            (void)rig.delivery->idle();
            ++looks;
        }
    });
    std::atomic<int> recording{2};
    std::vector<std::thread> recorders;
    for (int thread = 0; thread < 2; ++thread) {
        recorders.emplace_back([&, thread] {
            exposure::Event event;
            for (int i = 0; i < 2'000; ++i) {
                const std::string name = std::to_string(thread) + '-' + std::to_string(i);
                event.name = name;
                std::size_t depth = 0;
                while (!rig.queue->push(event, depth)) std::this_thread::yield();
            }
            --recording;
        });
    }
    while (recording > 0 || !rig.delivery->idle()) {
        (void)rig.delivery->step(true);
        rig.receiver->accept_all();
        (void)rig.delivery->step(true);
    }
    done = true;
    reader.join();
    for (std::thread& recorder : recorders) recorder.join();
    EXPECT_GT(looks, 0u);
    EXPECT_EQ(rig.delivery->counts().acknowledged, 4'000u);
    EXPECT_EQ(rig.receiver->ids.size(), 4'000u);
}

}  // namespace
}  // namespace expplat::tests
