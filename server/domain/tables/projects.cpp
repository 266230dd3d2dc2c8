#include "server/domain/tables/projects.hpp"

namespace expplat::server::domain::tables {

namespace {

constexpr std::string_view project_columns =
    "key, name, description, archived, revision, created_ms, updated_ms";
constexpr std::string_view environment_columns =
    "project, key, name, description, requires_approval, archived, version, revision, created_ms, updated_ms";

Project project_of(const Row& row) {
    return {row.text(0),    row.text(1),    row.text(2),   row.boolean(3),
            row.integer(4), row.integer(5), row.integer(6)};
}

Environment environment_of(const Row& row) {
    return {row.text(0),    row.text(1),    row.text(2),    row.text(3),    row.boolean(4),
            row.boolean(5), row.integer(6), row.integer(7), row.integer(8), row.integer(9)};
}

std::string select(std::string_view columns, std::string_view rest) {
    return "SELECT " + std::string(columns) + " FROM " + std::string(rest);
}

}  // namespace

std::optional<Project> find_project(Transaction& t, const std::string& key) {
    const Rows rows = t.execute(select(project_columns, "projects WHERE key = ?"), {key});
    return rows.empty() ? std::nullopt : std::optional(project_of(rows[0]));
}

Project require_project(Transaction& t, const std::string& key) {
    std::optional<Project> project = find_project(t, key);
    if (!project) throw Refusal(ProblemType::not_found, "there is no project `" + key + "`");
    return std::move(*project);
}

std::vector<Project> list_projects(Transaction& t, const std::string& after, bool archived,
                                   std::int64_t limit) {
    const Rows rows = t.execute(
        select(project_columns,
               "projects WHERE archived = ? AND key COLLATE \"C\" > ? ORDER BY key COLLATE \"C\" LIMIT ?"),
        {std::int64_t{archived}, after, limit});
    std::vector<Project> projects;
    for (std::size_t i = 0; i < rows.size(); ++i) projects.push_back(project_of(rows[i]));
    return projects;
}

std::int64_t count_projects(Transaction& t) {
    return t.execute("SELECT COUNT(*) FROM projects")[0].integer(0);
}

void insert_project(Transaction& t, const Project& p) {
    (void)t.execute(
        "INSERT INTO projects (key, name, description, archived, revision, created_ms, updated_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        {p.key, p.name, p.description, std::int64_t{p.archived}, p.revision, p.created_ms, p.updated_ms});
}

void update_project(Transaction& t, const Project& p) {
    (void)t.execute(
        "UPDATE projects SET name = ?, description = ?, archived = ?, revision = ?, updated_ms = ? WHERE key "
        "= ?",
        {p.name, p.description, std::int64_t{p.archived}, p.revision, p.updated_ms, p.key});
}

std::optional<Environment> find_environment(Transaction& t, const std::string& project,
                                            const std::string& key) {
    const Rows rows =
        t.execute(select(environment_columns, "environments WHERE project = ? AND key = ?"), {project, key});
    return rows.empty() ? std::nullopt : std::optional(environment_of(rows[0]));
}

Environment require_environment(Transaction& t, const std::string& project, const std::string& key) {
    std::optional<Environment> environment = find_environment(t, project, key);
    if (!environment) {
        throw Refusal(ProblemType::not_found, "project `" + project + "` has no environment `" + key + "`");
    }
    return std::move(*environment);
}

std::vector<Environment> list_environments(Transaction& t, const std::string& project) {
    const Rows rows = t.execute(
        select(environment_columns, "environments WHERE project = ? ORDER BY key COLLATE \"C\""), {project});
    std::vector<Environment> environments;
    for (std::size_t i = 0; i < rows.size(); ++i) environments.push_back(environment_of(rows[i]));
    return environments;
}

void insert_environment(Transaction& t, const Environment& e) {
    (void)t.execute(
        "INSERT INTO environments (project, key, name, description, requires_approval, archived, version, "
        "revision, created_ms, updated_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {e.project, e.key, e.name, e.description, std::int64_t{e.requires_approval}, std::int64_t{e.archived},
         e.version, e.revision, e.created_ms, e.updated_ms});
}

void update_environment(Transaction& t, const Environment& e) {
    (void)t.execute(
        "UPDATE environments SET name = ?, description = ?, requires_approval = ?, archived = ?, revision = "
        "?, "
        "updated_ms = ? WHERE project = ? AND key = ?",
        {e.name, e.description, std::int64_t{e.requires_approval}, std::int64_t{e.archived}, e.revision,
         e.updated_ms, e.project, e.key});
}

void set_ruleset_version(Transaction& t, const std::string& project, const std::string& environment,
                         std::int64_t version) {
    (void)t.execute("UPDATE environments SET version = ? WHERE project = ? AND key = ?",
                    {version, project, environment});
}

}  // namespace expplat::server::domain::tables
