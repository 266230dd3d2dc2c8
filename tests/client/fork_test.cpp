// After a fork the child has its own thread, queue and counts; the parent is undisturbed (EVENTS.md, "Producing").

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "tests/client/client_fixture.hpp"

namespace expplat::tests {
namespace {

/// Runs the check in a child; its exit status is what it returned.
template <class Check>
int in_child(Check&& check) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(check());
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

class Fork : public ::testing::Test {
protected:
    void SetUp() override {
#if defined(EXPPLAT_THREAD_SANITIZER)
        GTEST_SKIP() << "ThreadSanitizer does not follow threads that a forked child starts";
#endif
    }
};

TEST_F(Fork, EachSideDeliversItsOwnEventsExactly) {
    const Folder folder;
    Config config;
    config.source = Source::text(ruleset_text(1));
    config.sink = Sink::file(folder.file("events.jsonl"));
    config.batch_age_ms = 3'600'000;  // nothing leaves before it is told to
    Client client = open(config);
    for (int i = 0; i < 10; ++i) (void)client.variant("exp", User("parent-" + std::to_string(i)));
    const int child = in_child([&] {
        if (client.stats().recorded != 0) return 1;  // the parent owns what was queued
        for (int i = 0; i < 5; ++i) (void)client.variant("exp", User("child-" + std::to_string(i)));
        if (!client.flush(std::chrono::seconds(10))) return 2;
        const Stats stats = client.stats();
        return stats.recorded == 5 && stats.acknowledged == 5 && accounted_for(stats) == 5 ? 0 : 3;
    });
    EXPECT_EQ(child, 0);
    ASSERT_TRUE(client.flush(std::chrono::seconds(10)));
    EXPECT_EQ(client.stats().acknowledged, 10u);
    int of_parent = 0;
    int of_child = 0;
    for (const std::string& line : lines_of(folder.file("events.jsonl"))) {
        of_parent += line.find("\"parent-") != std::string::npos ? 1 : 0;
        of_child += line.find("\"child-") != std::string::npos ? 1 : 0;
    }
    EXPECT_EQ(of_parent, 10);
    EXPECT_EQ(of_child, 5);
}

TEST_F(Fork, TheChildFollowsRulesetsAndHoldsNoOldImage) {
    const Folder folder;
    folder.replace("rules.json", ruleset_text(1));
    Client client = open(Source::file(folder.file("rules.json")));
    std::atomic<bool> done{false};
    std::thread reader([&] {  // is often inside a call when the fork happens
        const User user("u");
        while (!done) (void)client.variant("exp", user);
    });
    for (int round = 0; round < 20; ++round) {
        EXPECT_EQ(in_child([&] {
                      for (std::uint64_t version = 2; version < 50; ++version) {
                          folder.replace("child.json", ruleset_text(version));
                          std::filesystem::rename(folder.file("child.json"), folder.file("child-rules.json"));
                          if (!client.reload()) return 1;
                      }
                      if (client.stats().live_images > 2) return 2;
                      return client.boolean("bool", User("u"), false) ? 0 : 3;
                  }),
                  0);
    }
    done = true;
    reader.join();
    EXPECT_LE(client.stats().live_images, 2u);
}

TEST_F(Fork, TheChildsThreadDeliversWithoutBeingAsked) {
    const Folder folder;
    Config config;
    config.source = Source::text(ruleset_text(1));
    config.sink = Sink::file(folder.file("events.jsonl"));
    config.batch_age_ms = 20;
    Client client = open(config);
    EXPECT_EQ(in_child([&] {
                  (void)client.variant("exp", User("child"));
                  for (int i = 0; i < 1'000 && client.stats().acknowledged == 0; ++i) ::usleep(5'000);
                  return client.stats().acknowledged == 1 ? 0 : 1;
              }),
              0);
}

}  // namespace
}  // namespace expplat::tests
