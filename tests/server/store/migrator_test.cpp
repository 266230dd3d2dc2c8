// Migrations: applied once, in order, by one program at a time; a database that is not ours or newer is refused.
#include "server/store/migrator.hpp"

#include <gtest/gtest.h>

#include <barrier>
#include <thread>

#include "server/store/postgres_connection.hpp"
#include "server/store/sqlite_connection.hpp"
#include "tests/server/support/test_database.hpp"

namespace expplat::tests {
namespace {

using namespace server::store;
using server::domain::ProblemType;
using server::domain::Transaction;

std::unique_ptr<Connection> connect(const TestDatabase& test) {
    const auto address = *Address::parse(test.address());
    auto connection = address.kind == Address::Kind::sqlite ? connect_sqlite(address.target)
                                                            : connect_postgres(address.target);
    EXPECT_TRUE(connection);
    return std::move(*connection);
}

const std::vector<Migration> two{{1, "0001_a", "CREATE TABLE a (x BIGINT);\nCREATE TABLE b (y TEXT);\n"},
                                 {2, "0002_c", "-- why;\nINSERT INTO a (x) VALUES (7);\n"}};

TEST(Migrations, AreAppliedInOrderAndOnce) {
    const TestDatabase test;
    const auto connection = connect(test);
    ASSERT_EQ(*migrate(*connection, std::span(two).first(1)), 1);
    ASSERT_EQ(*migrate(*connection, two), 2);
    ASSERT_EQ(*migrate(*connection, two), 2);
    EXPECT_EQ(connection->execute("SELECT x FROM a", {})->size(), 1u);
}

TEST(Migrations, OfANewerProgramAreRefused) {
    const TestDatabase test;
    const auto connection = connect(test);
    ASSERT_TRUE(migrate(*connection, two));
    const auto older = migrate(*connection, std::span(two).first(1));
    ASSERT_FALSE(older);
    EXPECT_EQ(older.problem().type, ProblemType::conflict);
    EXPECT_NE(older.problem().detail.find("newer than this program"), std::string::npos);
}

TEST(Migrations, ThatWereEditedAreRefused) {
    const TestDatabase test;
    const auto connection = connect(test);
    ASSERT_TRUE(migrate(*connection, two));
    auto edited = two;
    edited[0].sql = "CREATE TABLE a (x TEXT);\n";
    EXPECT_FALSE(migrate(*connection, edited));
}

TEST(Migrations, ThatFailLeaveNothingBehind) {
    const TestDatabase test;
    const auto connection = connect(test);
    auto broken = two;
    broken[1].sql = "INSERT INTO a (x) VALUES (1);\nINSERT INTO nowhere (x) VALUES (1);\n";
    ASSERT_FALSE(migrate(*connection, broken));
    EXPECT_FALSE(connection->execute("SELECT x FROM a", {}));
    EXPECT_TRUE(migrate(*connection, two));
}

// SQLite does not wait by itself where several change the journal of a new file: one was told that it is locked.
TEST(ANewDatabase, IsOpenedBySeveralAtOnce) {
    constexpr int rounds = 25, openers = 6;
    for (int round = 0; round < rounds; ++round) {
        const TestDatabase test;
        std::barrier begin(openers);
        std::vector<std::thread> programs;
        for (int i = 0; i < openers; ++i) {
            programs.emplace_back([&] {
                begin.arrive_and_wait();
                EXPECT_NE(test.open_unmigrated({.connections = 1}), nullptr);
            });
        }
        for (std::thread& program : programs) program.join();
    }
}

TEST(Migrations, OfTwoProgramsAtOnceAreAppliedOnce) {
    const TestDatabase test;
    std::vector<std::thread> programs;
    for (int i = 0; i < 3; ++i) {
        programs.emplace_back([&] {
            const auto database = test.open_unmigrated();
            ASSERT_NE(database, nullptr);
            const auto version = database->migrate();
            EXPECT_TRUE(version) << version.problem().detail;
        });
    }
    for (std::thread& program : programs) program.join();
    EXPECT_TRUE(test.open_unmigrated()->check());
}

TEST(TheSchema, IsNumberedWithoutAGap) {
    const auto all = migrations();
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(all[i].number, static_cast<std::int64_t>(i) + 1);
        EXPECT_EQ(std::stoll(std::string(all[i].name.substr(0, 4))), all[i].number);
    }
}

TEST(TheSchema, IsNotThereBeforeTheFirstMigration) {
    const TestDatabase test;
    EXPECT_FALSE(test.open_unmigrated()->check());
}

TEST(Placeholders, AreNumberedOutsideOfTextAndComments) {
    EXPECT_EQ(with_numbered_parameters("a = ? AND b = '?''?' -- ?\nAND \"c?\" = ?"),
              "a = $1 AND b = '?''?' -- ?\nAND \"c?\" = $2");
    EXPECT_EQ(with_numbered_parameters("'open ?"), "'open ?");
}

}  // namespace
}  // namespace expplat::tests
