// A process that writes through the control plane is killed at random moments: what was acknowledged is there, what was not
// is there whole or not at all, and the audit's chain is unbroken.
//
// 10 lives; 100 where EXPPLAT_FULL is set. Each is a child that changes a flag again and again, and writes the version of each
// acknowledged change into a pipe. On whatever `TestDatabase` chooses.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <random>
#include <thread>

#include "server/domain/audit_log.hpp"
#include "server/domain/digest.hpp"
#include "server/domain/publishing.hpp"
#include "tests/server/domain/plane_fixture.hpp"

namespace expplat::tests {
namespace {

constexpr const char* secret = "a secret of thirty-two characters";

Surroundings surroundings() {
    return {[] {
                return std::chrono::duration_cast<std::chrono::milliseconds>(
                           std::chrono::system_clock::now().time_since_epoch())
                    .count();
            },
            [] { return std::string("id"); }, secret};
}

const EntityId the_flag{"game", EntityKind::flag, "f"};

[[noreturn]] void live(const TestDatabase& test, int acknowledged) {
    const auto database = test.open_unmigrated({.connections = 2});
    if (database == nullptr) ::_exit(3);
    const ControlPlane plane(*database, surroundings());
    const Entities entities(plane);
    const Caller caller = Caller::system("child");
    for (int i = 0;; ++i) {
        for (const char* environment : {"production", "staging"}) {
            const std::string body =
                R"({"type":"integer","variants":{"v":)" + std::to_string(i) + R"(},"off":"v","default":"v"})";
            const auto saved = entities.configure(caller, the_flag, environment, body);
            if (!saved) ::_exit(4);
            const std::int64_t revision = saved->revision;
            if (::write(acknowledged, &revision, sizeof revision) != sizeof revision) ::_exit(5);
        }
    }
}

/// Everything that one commit writes together is there together.
void expect_whole(Transaction& t, const std::string& environment) {
    const Environment row = tables::require_environment(t, "game", environment);
    const auto published = tables::newest_ruleset(t, "game", environment);
    ASSERT_TRUE(published);
    EXPECT_EQ(published->version, row.version);
    EXPECT_EQ(published->hash, sha256_hex(published->document));
    EXPECT_EQ(published->document,
              ruleset_document(environment, row.version, tables::configured_in(t, "game", environment)));
    const Rows told =
        t.execute("SELECT id FROM outbox WHERE topic = 'ruleset' AND environment = ? AND number = ?",
                  {environment, row.version});
    EXPECT_EQ(told.size(), 1u);
    const auto noted =
        tables::audit_before(t, {.environment = environment, .subject = "flag/f"}, std::int64_t{1} << 60, 1);
    const auto configuration = tables::find_configuration(t, the_flag, environment);
    if (configuration) { EXPECT_EQ(noted.at(0).after, configuration->body); }
}

TEST(Killed, DuringWritesLeavesNoPartialPublish) {
    const TestDatabase test;
    const auto database = test.open();
    const ControlPlane plane(*database, surroundings());
    const Caller caller = Caller::system("test");
    must(Projects(plane).create(caller, "game", "game", ""));
    for (const char* environment : {"production", "staging"}) {
        must(Projects(plane).create_environment(caller, "game", environment, environment, "", false));
    }
    must(Entities(plane).create(caller, the_flag, {.name = "f"}));
    const int lives = std::getenv("EXPPLAT_FULL") != nullptr ? 100 : 10;
    std::mt19937 random(20);
    std::int64_t acknowledged = 0;
    for (int life = 0; life < lives; ++life) {
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        const pid_t child = ::fork();
        if (child == 0) live(test, ends[1]);
        ::close(ends[1]);
        std::int64_t revision = 0;
        ASSERT_EQ(::read(ends[0], &revision, sizeof revision), static_cast<ssize_t>(sizeof revision));
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 60'000));
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        EXPECT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
        while (::read(ends[0], &revision, sizeof revision) == sizeof revision) acknowledged = revision;
        ::close(ends[0]);

        must(database->answer(Access::ordered_write, [](Transaction& t) {
            for (const char* environment : {"production", "staging"}) expect_whole(t, environment);
        }));
        const Configuration last = must(Entities(plane).get(caller, the_flag)).configurations.at(0);
        EXPECT_GE(last.revision, acknowledged);
        const ChainVerdict verdict = must(AuditLog(plane).verify(caller));
        EXPECT_FALSE(verdict.fault) << *verdict.fault;
    }
}

}  // namespace
}  // namespace expplat::tests
