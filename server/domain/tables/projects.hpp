// The tables `projects` and `environments`.
//
// Statements only: the rules are in `server/domain/projects.cpp`. Each function runs in the transaction it is given, and
// throws what that throws. `require_*` refuse with `not_found`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/domain/nouns.hpp"
#include "server/domain/store.hpp"

namespace expplat::server::domain::tables {

[[nodiscard]] std::optional<Project> find_project(Transaction& t, const std::string& key);
[[nodiscard]] Project require_project(Transaction& t, const std::string& key);
/// Those after that key, by key; `limit` rows at most.
[[nodiscard]] std::vector<Project> list_projects(Transaction& t, const std::string& after, bool archived,
                                                 std::int64_t limit);
[[nodiscard]] std::int64_t count_projects(Transaction& t);
void insert_project(Transaction& t, const Project& project);
/// Of the row with that key: everything but the key and `created_ms`.
void update_project(Transaction& t, const Project& project);

[[nodiscard]] std::optional<Environment> find_environment(Transaction& t, const std::string& project,
                                                          const std::string& key);
[[nodiscard]] Environment require_environment(Transaction& t, const std::string& project,
                                              const std::string& key);
/// All of a project, by key.
[[nodiscard]] std::vector<Environment> list_environments(Transaction& t, const std::string& project);
void insert_environment(Transaction& t, const Environment& environment);
void update_environment(Transaction& t, const Environment& environment);
void set_ruleset_version(Transaction& t, const std::string& project, const std::string& environment,
                         std::int64_t version);

}  // namespace expplat::server::domain::tables
