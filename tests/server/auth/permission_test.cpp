// Every operation × role × grant × request, against the tables of PERMISSIONS.md.
#include "server/auth/permission.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace expplat::server::auth {
namespace {

using Row = std::map<std::string, std::string>;  // the column's head to the cell

std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells;
    std::istringstream in(line.substr(1));
    for (std::string cell; std::getline(in, cell, '|');) {
        const std::size_t first = cell.find_first_not_of(' ');
        const std::size_t last = cell.find_last_not_of(' ');
        cells.push_back(first == std::string::npos ? "" : cell.substr(first, last - first + 1));
    }
    return cells;
}

/// The table under a heading of the document.
std::vector<Row> table_under(const std::string& heading) {
    std::ifstream in(EXPPLAT_PERMISSIONS);
    std::vector<Row> rows;
    std::vector<std::string> head;
    bool is_below = false;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("## ")) is_below = line == "## " + heading;
        if (!is_below || !line.starts_with("|")) continue;
        const auto cells = cells_of(line);
        if (head.empty()) {
            head = cells;
        } else if (!cells[0].starts_with("---")) {
            EXPECT_EQ(cells.size(), head.size()) << line;
            Row row;
            for (std::size_t i = 0; i < head.size() && i < cells.size(); ++i) row[head[i]] = cells[i];
            rows.push_back(row);
        }
    }
    return rows;
}

/// Whoever has the permissions of a column of the table, in a scope.
Principal principal_of(const std::string& column, const Scope& scope) {
    if (const auto role = Role::built_in(column)) {
        return Principal::person("person", {{role->permissions, scope}});
    }
    for (const KeyKind kind : {KeyKind::server, KeyKind::client, KeyKind::admin}) {
        if (column != "key " + std::string(name(kind))) continue;
        return Principal::key({"id", "", kind, scope.project_id, scope.environment_id, {}, {}});
    }
    ADD_FAILURE() << "no role " << column;
    return {};
}

const std::map<std::string, Scope> grants{
    {"everywhere", {"", ""}},
    {"the project", {"shop", ""}},
    {"the environment", {"shop", "production"}},
    {"another environment", {"shop", "staging"}},
    {"another project", {"blog", ""}},
    {"another project's environment of that id", {"blog", "production"}},
};
const std::vector<Scope> requests{{"", ""}, {"shop", ""}, {"shop", "production"}};

/// The column of the table of scopes for a request of an operation, by the words of the document.
std::string column_of(const Row& operation, const Scope& request) {
    const std::string& level = operation.at("level");
    if (level == "server" || request.project_id.empty()) return "server";
    if (level == "environment" && !request.environment_id.empty()) return "environment";
    return operation.at("covers above") == "yes" ? "project, covers above" : "project";
}

TEST(Permission, EveryVerdictIsTheDocumentedOne) {
    const auto operation_table = table_under("Operations");
    const auto scope_table = table_under("Scopes");
    ASSERT_EQ(scope_table.size(), grants.size());
    const std::vector<std::string> columns{"admin",     "developer",  "analyst",   "viewer",
                                           "key admin", "key server", "key client"};
    std::size_t walked = 0;
    for (const Row& row : operation_table) {
        const auto operation = operation_of(row.at("operation"));
        ASSERT_TRUE(operation) << row.at("operation");
        for (const std::string& column : columns) {
            for (const Row& scopes : scope_table) {
                ASSERT_TRUE(grants.contains(scopes.at("grant"))) << scopes.at("grant");
                const Principal principal = principal_of(column, grants.at(scopes.at("grant")));
                for (const Scope& request : requests) {
                    std::string expected = scopes.at(column_of(row, request));
                    if (row.at(column) == "no") expected = "missing permission";
                    else if (row.at("operation") == "account") expected = "allowed";
                    EXPECT_EQ(name(decide(principal, *operation, request, 0)), expected)
                        << column << " " << scopes.at("grant") << ": " << row.at("operation") << " at `"
                        << request.project_id << "/" << request.environment_id << "`";
                    ++walked;
                }
            }
        }
    }
    EXPECT_EQ(walked, operations * 7 * 6 * 3);
}

TEST(Permission, EveryOperationIsDocumentedOnceAndAsItIs) {
    std::set<std::string> documented;
    const std::map<std::string, Level> levels{
        {"server", Level::server}, {"project", Level::project}, {"environment", Level::environment}};
    for (const Row& row : table_under("Operations")) {
        EXPECT_TRUE(documented.insert(row.at("operation")).second) << row.at("operation");
        const auto operation = operation_of(row.at("operation"));
        ASSERT_TRUE(operation) << row.at("operation");
        EXPECT_EQ(row_of(*operation).level, levels.at(row.at("level"))) << row.at("operation");
        EXPECT_EQ(row_of(*operation).is_read, row.at("covers above") == "yes") << row.at("operation");
        for (const auto& [column, cell] : row) {
            if (column == "operation" || column == "level" || column == "notes") continue;
            EXPECT_TRUE(cell == "yes" || cell == "no") << row.at("operation") << " " << column;
        }
    }
    EXPECT_EQ(documented.size(), operations);
    EXPECT_EQ(operation_rows().size(), operations);
}

/// One custom role for each operation: exactly that operation is allowed, and the own account.
TEST(Permission, CustomRolesAreEnforcedPerProjectAndEnvironment) {
    for (const Row& row : table_under("Operations")) {
        if (row.at("operation") == "server.admin") continue;
        const std::vector<std::string> names{row.at("operation")};
        const auto role = Role::custom("one-thing", names);
        ASSERT_TRUE(role) << role.error().message;
        for (const Row& scopes : table_under("Scopes")) {
            const Principal person =
                Principal::person("person", {{role->permissions, grants.at(scopes.at("grant"))}});
            for (const OperationRow& asked : operation_rows()) {
                for (const Scope& request : requests) {
                    std::string expected = "missing permission";
                    if (asked.name == "account") expected = "allowed";
                    else if (asked.name == row.at("operation")) expected = scopes.at(column_of(row, request));
                    EXPECT_EQ(name(decide(person, asked.operation, request, 0)), expected)
                        << row.at("operation") << " asked for " << asked.name;
                }
            }
        }
    }
}

TEST(Permission, GrantsAddUp) {
    const auto viewer = Role::built_in("viewer");
    const auto developer = Role::built_in("developer");
    const Principal person = Principal::person(
        "person", {{viewer->permissions, {"shop", ""}}, {developer->permissions, {"shop", "staging"}}});
    EXPECT_EQ(decide(person, Operation::flags_write, {"shop", "staging"}, 0), Verdict::allowed);
    EXPECT_EQ(decide(person, Operation::flags_write, {"shop", "production"}, 0), Verdict::wrong_scope);
    EXPECT_EQ(decide(person, Operation::flags_write, {"shop", ""}, 0), Verdict::wrong_scope);
    EXPECT_EQ(decide(person, Operation::flags_read, {"shop", "production"}, 0), Verdict::allowed);
    EXPECT_EQ(decide(person, Operation::keys_write, {"shop", "staging"}, 0), Verdict::missing_permission);
}

TEST(Permission, NobodyWithoutGrantsHasMoreThanAnAccount) {
    const Principal person = Principal::person("person", {});
    for (const OperationRow& row : operation_rows()) {
        EXPECT_EQ(decide(person, row.operation, {}, 0),
                  row.operation == Operation::account ? Verdict::allowed : Verdict::missing_permission);
    }
}

/// Every operation × grant × place: given is what one has, where one has it or below.
TEST(Permission, NobodyGivesWhatTheyHaveNot) {
    const std::map<std::string, std::vector<std::string>> may_give{
        {"everywhere", {"", "shop/", "shop/production"}},
        {"the project", {"shop/", "shop/production"}},
        {"the environment", {"shop/production"}},
    };
    for (const OperationRow& row : operation_rows()) {
        for (const auto& [grant, scope] : grants) {
            const Principal person = Principal::person("person", {{{row.operation}, scope}});
            for (const Scope& place : requests) {
                const std::string name =
                    place.project_id.empty() ? "" : place.project_id + '/' + place.environment_id;
                bool expected = row.operation == Operation::account;
                if (const auto found = may_give.find(grant); found != may_give.end())
                    expected = expected || std::count(found->second.begin(), found->second.end(), name) == 1;
                EXPECT_EQ(may_delegate(person, {row.operation}, place, 0), expected)
                    << row.name << " " << grant << " at `" << name << "`";
                EXPECT_FALSE(may_delegate(person, PermissionSet::all(), place, 0)) << row.name;
            }
        }
    }
    Principal shut = Principal::person("person", {{PermissionSet::all(), {}}});
    EXPECT_TRUE(may_delegate(shut, PermissionSet::all(), {}, 0));
    shut.is_disabled = true;
    EXPECT_FALSE(may_delegate(shut, {}, {}, 0));
}

TEST(Permission, WhatIsOverComesBeforeWhatIsMissing) {
    Principal principal = principal_of("key client", {"shop", "production"});
    principal.revoked_ms = 1000;
    principal.expires_ms = 500;
    const auto verdict = [&](std::int64_t now_ms) {
        return decide(principal, Operation::events_write, {"shop", "production"}, now_ms);
    };
    EXPECT_EQ(verdict(499), Verdict::allowed);
    EXPECT_EQ(verdict(500), Verdict::expired);
    EXPECT_EQ(verdict(1000), Verdict::revoked);
    EXPECT_EQ(decide(principal, Operation::users_write, {}, 500), Verdict::expired);
    principal.is_disabled = true;
    EXPECT_EQ(verdict(0), Verdict::disabled);
    EXPECT_EQ(decide(principal, Operation::account, {}, 0), Verdict::disabled);
}

TEST(Permission, AnEnvironmentWithoutAProjectIsNowhere) {
    const Principal admin = principal_of("admin", {});
    EXPECT_EQ(decide(admin, Operation::flags_read, {"", "production"}, 0), Verdict::wrong_scope);
    const Principal odd = principal_of("admin", {"", "production"});
    EXPECT_EQ(decide(odd, Operation::flags_read, {"", "production"}, 0), Verdict::wrong_scope);
    EXPECT_EQ(decide(odd, Operation::flags_read, {"shop", "production"}, 0), Verdict::wrong_scope);
}

TEST(Role, RefusesWhatIsNone) {
    const std::vector<std::string> none;
    const auto with = [](std::string operation) { return std::vector<std::string>{std::move(operation)}; };
    EXPECT_TRUE(Role::custom("release-crew", with("flags.publish")));
    EXPECT_FALSE(Role::custom("admin", none));
    EXPECT_FALSE(Role::custom("", none));
    EXPECT_FALSE(Role::custom("Crew", none));
    EXPECT_FALSE(Role::custom(std::string(65, 'a'), none));
    EXPECT_FALSE(Role::custom("crew", with("flags.fly")));
    EXPECT_FALSE(Role::custom("crew", with("server.admin")));
    EXPECT_FALSE(Role::built_in("owner"));
}

}  // namespace
}  // namespace expplat::server::auth
