// The port's promises, on SQLite and on PostgreSQL alike: what is kept, what is undone, what is refused, who waits for whom.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/server/support/test_database.hpp"

namespace expplat::tests {
namespace {

using namespace server::domain;
using server::store::Address;
using server::store::Database;
using server::store::DatabaseOptions;

constexpr const char* insert_project =
    "INSERT INTO projects (key, name, description, archived, revision, created_ms, updated_ms) "
    "VALUES (?, ?, '', 0, 1, 0, 0)";

std::int64_t projects_in(Database& database) {
    const auto count = database.read(
        [](Transaction& t) { return t.execute("SELECT COUNT(*) FROM projects")[0].integer(0); });
    EXPECT_TRUE(count) << count.problem().detail;
    return count ? *count : -1;
}

TEST(StoredValues, ComeBackAsTheyWere) {
    const TestDatabase test;
    const auto database = test.open();
    const std::string text = "Grüße, ' \" ? $1 -- ; \\ \n\t\x01 \xF0\x9F\x98\x80 {\"a\": 1}";
    const auto back = database->write([&](Transaction& t) {
        (void)t.execute(
            "INSERT INTO keys (id, project, environment, kind, name, hash, hint, created_by, created_ms, "
            "expires_ms) "
            "SELECT ?, 'p', 'e', 'server', ?, 'h', '', '', ?, ? FROM projects WHERE key = 'none'",
            {std::string("k"), text, std::int64_t{9'007'199'254'740'991}, Cell()});
        (void)t.execute(insert_project, {text, text});
        const Rows rows = t.execute(
            "SELECT name, revision, NULL AS absent, '?' AS mark FROM projects WHERE key = ?", {text});
        EXPECT_EQ(rows.size(), 1u);
        EXPECT_EQ(rows.columns[0], "name");
        EXPECT_EQ(rows[0].integer(1), 1);
        EXPECT_TRUE(rows[0].is_null(2));
        EXPECT_EQ(rows[0].text(3), "?");
        return rows[0].text(0);
    });
    ASSERT_TRUE(back) << back.problem().detail;
    EXPECT_EQ(*back, text);
}

TEST(StoredValues, OfTheWrongKindAreRefused) {
    const TestDatabase test;
    const auto database = test.open();
    for (const std::string& bad :
         {std::string("a\0b", 3), std::string("\xFF"), std::string("\xED\xA0\x80")}) {
        const auto done = database->write([&](Transaction& t) {
            (void)t.execute(insert_project, {bad, bad});
        });
        ASSERT_FALSE(done);
        EXPECT_EQ(done.problem().type, ProblemType::invalid) << "a caller sent it";
    }
    const auto done = database->write([&](Transaction& t) {
        (void)t.execute(insert_project, {std::string("a"), std::string("a")});
        (void)t.execute("UPDATE projects SET revision = ? WHERE key = 'a'", {std::string("many")});
    });
    EXPECT_FALSE(done);
    EXPECT_EQ(projects_in(*database), 0);
}

TEST(ATransaction, IsUndoneByARefusalAndByAFault) {
    const TestDatabase test;
    const auto database = test.open();
    const auto refused = database->write([](Transaction& t) {
        (void)t.execute(insert_project, {std::string("a"), std::string("a")});
        throw Refusal(ProblemType::frozen, "no");
    });
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.problem().type, ProblemType::frozen);
    const auto twice = database->write([](Transaction& t) {
        (void)t.execute(insert_project, {std::string("a"), std::string("a")});
        (void)t.execute(insert_project, {std::string("a"), std::string("b")});
    });
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.problem().type, ProblemType::conflict);
    const auto orphan = database->write([](Transaction& t) {
        (void)t.execute(
            "INSERT INTO environments (project, key, name, description, requires_approval, archived, "
            "version, "
            "revision, created_ms, updated_ms) VALUES ('none', 'e', '', '', 0, 0, 0, 1, 0, 0)");
    });
    ASSERT_FALSE(orphan);
    EXPECT_EQ(orphan.problem().type, ProblemType::conflict);
    EXPECT_EQ(projects_in(*database), 0);
}

TEST(ATransaction, ThatOnlyReadsSeesOneState) {
    const TestDatabase test;
    const auto database = test.open();
    const auto counts = database->read([&](Transaction& t) {
        const auto before = t.execute("SELECT COUNT(*) FROM projects")[0].integer(0);
        std::thread([&] {
            EXPECT_TRUE(database->write([](Transaction& u) {
                (void)u.execute(insert_project, {std::string("a"), std::string("a")});
            }));
        }).join();
        return std::pair(before, t.execute("SELECT COUNT(*) FROM projects")[0].integer(0));
    });
    ASSERT_TRUE(counts) << counts.problem().detail;
    EXPECT_EQ(counts->first, counts->second);
    EXPECT_EQ(projects_in(*database), 1);
}

/// Both writers read a number and write the next one: none may be lost.
void count_up_together(Access access) {
    const TestDatabase test;
    const auto database = test.open({.attempts = 200});
    constexpr int writers = 4;
    constexpr int each = 15;
    ASSERT_TRUE(database->write([](Transaction& t) {
        (void)t.execute(insert_project, {std::string("a"), std::string("0")});
    }));
    std::atomic<int> failures{0};
    std::vector<std::thread> threads;
    for (int w = 0; w < writers; ++w) {
        threads.emplace_back([&] {
            for (int i = 0; i < each; ++i) {
                const auto done = database->answer(access, [](Transaction& t) {
                    const int number =
                        std::stoi(t.execute("SELECT name FROM projects WHERE key = 'a'")[0].text(0));
                    (void)t.execute("UPDATE projects SET name = ? WHERE key = 'a'",
                                    {std::to_string(number + 1)});
                });
                if (!done) ++failures;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(failures.load(), 0);
    const auto last = database->read(
        [](Transaction& t) { return t.execute("SELECT name FROM projects WHERE key = 'a'")[0].text(0); });
    EXPECT_EQ(*last, std::to_string(writers * each));
    if (access == Access::ordered_write) { EXPECT_EQ(database->counts().repeats, 0u); }
}

TEST(Writers, AtTheSameTimeLoseNoUpdate) { count_up_together(Access::write); }
TEST(Writers, ThatAreOrderedNeedNoSecondAttempt) { count_up_together(Access::ordered_write); }

TEST(Writers, ThatNeverGetThroughGiveUpAfterTheBound) {
    if (!TestDatabase::is_postgres()) GTEST_SKIP() << "SQLite's writers wait for each other";
    const TestDatabase test;
    int pauses = 0;
    const auto database = test.open({.attempts = 3, .pause = [&](std::int64_t) { ++pauses; }});
    ASSERT_TRUE(database->write([](Transaction& t) {
        (void)t.execute(insert_project, {std::string("a"), std::string("0")});
    }));
    int runs = 0;
    const auto done = database->write([&](Transaction& t) {
        ++runs;
        (void)t.execute("SELECT name FROM projects WHERE key = 'a'");
        EXPECT_TRUE(database->write(
            [](Transaction& u) { (void)u.execute("UPDATE projects SET name = name || '+'"); }));
        (void)t.execute("UPDATE projects SET name = 'mine' WHERE key = 'a'");
    });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.problem().type, ProblemType::unavailable);
    EXPECT_EQ(runs, 3);
    EXPECT_EQ(pauses, 2);
}

TEST(ThePool, RefusesOnceEveryConnectionIsInUse) {
    const TestDatabase test;
    const auto database = test.open({.connections = 1, .wait_ms = 20});
    const auto outer = database->read([&](Transaction&) {
        const auto inner = database->read([](Transaction&) {});
        EXPECT_FALSE(inner);
        EXPECT_EQ(inner.problem().type, ProblemType::unavailable);
    });
    EXPECT_TRUE(outer);
    EXPECT_EQ(projects_in(*database), 0);
}

TEST(ThePool, ReplacesALostConnection) {
    if (!TestDatabase::is_postgres()) GTEST_SKIP() << "a file is not lost";
    const TestDatabase test;
    const auto database = test.open({.connections = 2});
    const auto other = test.open({.connections = 1});
    EXPECT_EQ(projects_in(*database), 0);
    const auto end_the_others = [&] {
        EXPECT_TRUE(other->write([](Transaction& t) {
            (void)t.execute(
                "SELECT CAST(COUNT(pg_terminate_backend(pid)) AS BIGINT) FROM pg_stat_activity "
                "WHERE application_name = 'expplat-server' AND pid <> pg_backend_pid()");
        }));
    };
    end_the_others();  // while it is idle
    EXPECT_EQ(projects_in(*database), 0);
    int runs = 0;
    const auto done = database->write([&](Transaction& t) {
        (void)t.execute("SELECT COUNT(*) FROM projects");
        if (++runs == 1) end_the_others();  // in the middle of a transaction
        (void)t.execute(insert_project, {std::string("a"), std::string("a")});
    });
    EXPECT_TRUE(done) << done.problem().detail;
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(projects_in(*database), 1);
}

TEST(AnAddress, IsReadAndShownWithoutSecrets) {
    const auto uri = Address::parse("postgres://admin:s3cr3t@db.example.com:5432/flags?password=s3cr3t");
    ASSERT_TRUE(uri);
    EXPECT_EQ(uri->shown, "postgres://db.example.com:5432/flags");
    EXPECT_EQ(Address::parse("postgresql://u:p@ss@h/d")->shown, "postgres://h/d");
    EXPECT_EQ(Address::parse("sqlite:/data/x.db")->target, "/data/x.db");
    EXPECT_TRUE(Address::parse("sqlite::memory:")->in_memory());
    for (const char* bad : {"", "sqlite:", "mysql://s3cr3t@h/d", "s3cr3t"}) {
        const auto parsed = Address::parse(bad);
        ASSERT_FALSE(parsed) << bad;
        EXPECT_EQ(parsed.error().message.find("s3cr3t"), std::string::npos);
    }
}

TEST(AnAddress, WhereNobodyAnswersIsUnavailableAndKeepsThePassword) {
    for (const char* bad : {"postgres://u:s3cr3t@127.0.0.1:1/d?connect_timeout=2",
                            "postgres://u:s3cr3t@h:port/d", "sqlite:/nowhere/at/all/x.db"}) {
        const auto opened = Database::open(*Address::parse(bad));
        ASSERT_FALSE(opened) << bad;
        EXPECT_EQ(opened.problem().type, ProblemType::unavailable);
        EXPECT_EQ(opened.problem().detail.find("s3cr3t"), std::string::npos) << opened.problem().detail;
    }
}

TEST(ADatabaseInMemory, IsOneConnection) {
    const auto database = Database::open(*Address::parse("sqlite::memory:"));
    ASSERT_TRUE(database);
    ASSERT_TRUE((*database)->migrate());
    EXPECT_EQ(projects_in(**database), 0);
    EXPECT_EQ((*database)->counts().connections, 1u);
}

}  // namespace
}  // namespace expplat::tests
