// What a program may do in the functions that it hands to a client: ask the client, and fork.
//
// A lock that is held meanwhile would show as a deadlock, so each test runs in a child that an alarm ends.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

#include "tests/client/client_fixture.hpp"

namespace expplat::tests {
namespace {

/// True where the check ends by itself and holds.
template <class Check>
bool ends_well(Check&& check) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(3);
        ::_exit(check() ? 0 : 1);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

class Reentry : public ::testing::Test {
protected:
    void SetUp() override {
#if defined(EXPPLAT_THREAD_SANITIZER)
        GTEST_SKIP() << "ThreadSanitizer does not follow threads that a forked child starts";
#endif
    }
};

TEST_F(Reentry, ALoggerMayAskTheClient) {
    EXPECT_TRUE(ends_well([] {
        const Folder folder;
        std::string newer = ruleset_text(1);
        newer.replace(newer.find(R"("default":"on")"), 14, R"("default":"on","later":1)");
        folder.replace("rules.json", newer);
        std::atomic<Client*> asked{nullptr};
        std::uint64_t live = 0;
        Config config;
        config.source = Source::file(folder.file("rules.json"));
        config.logger = [&](LogLevel, std::string_view) {
            if (asked != nullptr) live = asked.load()->stats().live_images;
        };
        Client client = open(config);
        asked = &client;
        return client.reload().ok() && live > 0;  // says that it does not support /flags/bool
    }));
}

TEST_F(Reentry, ASinkMayFork) {
    EXPECT_TRUE(ends_well([] {
        int status = -1;
        Client client =
            open(Source::text(ruleset_text(1)), Sink::custom([&](std::span<const exposure::Event> batch) {
                     const pid_t child = ::fork();  // to compress what it sends, say
                     if (child == 0) ::_exit(3);
                     ::waitpid(child, &status, 0);
                     return exposure::Delivery{batch.size(), 0, {}};
                 }));
        (void)client.variant("exp", User("u"));
        return client.flush(std::chrono::seconds(2)) && WIFEXITED(status) && WEXITSTATUS(status) == 3;
    }));
}

}  // namespace
}  // namespace expplat::tests
