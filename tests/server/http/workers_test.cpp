// Jobs on the workers: bounded, each by itself, and gone with them.
#include "server/http/workers.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace expplat::server::http {
namespace {

/// A job that a worker is in until it is told.
struct Gate {
    std::promise<void> entered;
    std::promise<void> opened;
    Workers::Job job = [this] {
        entered.set_value();
        opened.get_future().wait();
    };
};

TEST(Workers, RefuseWhatDoesNotFit) {
    Gate gate;
    Workers workers(1, 2);
    ASSERT_TRUE(workers.post(gate.job));
    gate.entered.get_future().wait();
    Workers::Job job = [] {};
    EXPECT_TRUE(workers.post(job));
    job = [] {};
    EXPECT_TRUE(workers.post(job));
    job = [] {};
    EXPECT_FALSE(workers.post(job));
    EXPECT_TRUE(job) << "it is as it was";
    EXPECT_EQ(workers.queued(), 2u);
    gate.opened.set_value();
}

TEST(Workers, AJobThatThrowsEndsNothingElse) {
    std::promise<std::string> first;
    std::promise<std::string> second;
    std::promise<void> done;
    std::atomic<int> faults = 0;
    Workers workers(1, 10, [&](const std::string& what) {
        (faults++ == 0 ? first : second).set_value(what);
        if (faults == 2) throw std::runtime_error("and so does who hears of it");
    });
    Workers::Job job = [] { throw std::runtime_error("no luck"); };
    ASSERT_TRUE(workers.post(job));
    job = [] { throw 7; };
    ASSERT_TRUE(workers.post(job));
    job = [&done] { done.set_value(); };
    ASSERT_TRUE(workers.post(job));
    done.get_future().wait();
    EXPECT_EQ(first.get_future().get(), "no luck");
    EXPECT_EQ(second.get_future().get(), "an unknown exception");
}

TEST(Workers, WhatIsQueuedAtTheEndIsDroppedButForWhatMustBeDone) {
    Gate gate;
    std::atomic<int> done = 0;
    std::string kept;
    const auto held = std::make_shared<int>(0);
    std::future<void> ended;
    {
        auto workers = std::make_unique<Workers>(1);
        ASSERT_TRUE(workers->post(gate.job));
        gate.entered.get_future().wait();
        for (int i = 0; i < 100; ++i) {
            Workers::Job job = [&done, held] { ++done; };
            ASSERT_TRUE(workers->post(job));
            if (i % 50 != 0) continue;
            job = [&kept, held, i] { kept += std::to_string(i) + ' '; };
            ASSERT_TRUE(workers->post(job, AtEnd::done));
        }
        Workers& ending = *workers;
        ended = std::async(std::launch::async, [owned = std::move(workers)]() mutable { owned.reset(); });
        // What is dropped is gone before the job that runs has ended.
        while (ending.queued() > 2) std::this_thread::yield();
        gate.opened.set_value();
        ended.wait();
    }
    EXPECT_EQ(done.load(), 0);
    EXPECT_EQ(kept, "0 50 ") << "in turn";
    EXPECT_EQ(held.use_count(), 1) << "what they held is free";
}

}  // namespace
}  // namespace expplat::server::http
