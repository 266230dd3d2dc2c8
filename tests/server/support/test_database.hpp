// `TestDatabase`: an empty database for one test, on what the run asks for.
//
// A SQLite file in a temporary folder, or, where EXPPLAT_TEST_POSTGRES is set (with_postgres.py sets it), a schema of its own
// in that PostgreSQL. So each test of the store and of the domain runs on both. Outlives what it opened.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "server/store/database.hpp"

namespace expplat::tests {

class TestDatabase {
public:
    TestDatabase() {
        std::string made = (std::filesystem::temp_directory_path() / "expplat-store-XXXXXX").string();
        folder_ = ::mkdtemp(made.data());
        address_ = is_postgres() ? address_of_new_schema() : "sqlite:" + folder_ + "/expplat.db";
    }
    TestDatabase(const TestDatabase&) = delete;
    TestDatabase& operator=(const TestDatabase&) = delete;
    ~TestDatabase() { std::filesystem::remove_all(folder_); }

    [[nodiscard]] static bool is_postgres() { return ::getenv("EXPPLAT_TEST_POSTGRES") != nullptr; }
    [[nodiscard]] const std::string& address() const { return address_; }
    [[nodiscard]] const std::string& folder() const { return folder_; }

    [[nodiscard]] std::unique_ptr<server::store::Database> open_unmigrated(
        server::store::DatabaseOptions options = {}) const {
        auto database =
            server::store::Database::open(*server::store::Address::parse(address_), std::move(options));
        if (!database) {
            ADD_FAILURE() << database.problem().detail;
            return nullptr;
        }
        return std::move(*database);
    }

    [[nodiscard]] std::unique_ptr<server::store::Database> open(
        server::store::DatabaseOptions options = {}) const {
        auto database = open_unmigrated(std::move(options));
        const auto version = database->migrate();
        EXPECT_TRUE(version) << version.problem().detail;
        return database;
    }

private:
    static std::string address_of_new_schema() {
        const std::string base = ::getenv("EXPPLAT_TEST_POSTGRES");
        const std::string schema =
            "test_" + std::to_string(::getpid()) + "_" + std::to_string(std::random_device{}());
        auto database = server::store::Database::open(*server::store::Address::parse(base));
        EXPECT_TRUE(database) << database.problem().detail;
        const auto made = (*database)->write([&](server::domain::Transaction& transaction) {
            (void)transaction.execute("CREATE SCHEMA " + schema);
        });
        EXPECT_TRUE(made) << made.problem().detail;
        return base + "&options=-csearch_path%3D" + schema;
    }

    std::string folder_;
    std::string address_;
};

}  // namespace expplat::tests
