#include "server/domain/tables/entities.hpp"

#include <algorithm>

#include "server/domain/json_object.hpp"

namespace expplat::server::domain::tables {

namespace {

constexpr std::string_view entity_columns =
    "project, kind, key, name, description, owner, tags, client_visible, json_schema, archived, revision, "
    "created_ms, "
    "updated_ms";
constexpr std::string_view configuration_columns = "environment, body, state, phase, revision, updated_ms";

std::string word_of(EntityKind kind) { return std::string(ruleset::word(kind)); }
std::string key_space_of(EntityKind kind) { return ruleset::has_answers(kind) ? "answers" : word_of(kind); }

Entity entity_of(const Row& row) {
    Entity entity;
    entity.id = {row.text(0), kind_of(row.text(1)), row.text(2)};
    entity.metadata = {row.text(3),    row.text(4),         row.text(5), texts_of_list(row.text(6)),
                       row.boolean(7), row.optional_text(8)};
    entity.archived = row.boolean(9);
    entity.revision = row.integer(10);
    entity.created_ms = row.integer(11);
    entity.updated_ms = row.integer(12);
    return entity;
}

Configuration configuration_of(const Row& row) {
    return {row.text(0), row.text(1), row.text(2), row.integer(3), row.integer(4), row.integer(5)};
}

/// The text as a LIKE pattern finds it anywhere; `!` escapes.
std::string anywhere(std::string_view text) {
    std::string pattern = "%";
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '!') pattern += '!';
        pattern += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return pattern + '%';
}

constexpr std::string_view by_id = " WHERE project = ? AND kind = ? AND key = ?";
constexpr std::string_view by_id_and_environment =
    " WHERE project = ? AND kind = ? AND key = ? AND environment = ?";

std::string sql(std::string_view a, std::string_view b, std::string_view c = {}, std::string_view d = {}) {
    return std::string(a).append(b).append(c).append(d);
}

}  // namespace

EntityKind kind_of(const std::string& word) {
    for (std::size_t i = 0; i < ruleset::entity_kinds; ++i) {
        if (ruleset::word(static_cast<EntityKind>(i)) == word) return static_cast<EntityKind>(i);
    }
    throw Refusal(ProblemType::internal, "a row has the unknown kind `" + word + "`");
}

std::optional<Entity> find_entity(Transaction& t, const EntityId& id) {
    const Rows rows = t.execute(sql("SELECT ", entity_columns, " FROM entities", by_id),
                                {id.project, word_of(id.kind), id.key});
    return rows.empty() ? std::nullopt : std::optional(entity_of(rows[0]));
}

Entity require_entity(Transaction& t, const EntityId& id) {
    std::optional<Entity> entity = find_entity(t, id);
    if (!entity) {
        throw Refusal(ProblemType::not_found,
                      "project `" + id.project + "` has no " + word_of(id.kind) + " `" + id.key + "`");
    }
    return std::move(*entity);
}

std::vector<Entity> list_entities(Transaction& t, const std::string& project, EntityKind kind,
                                  const EntityFilter& filter, const std::string& after, std::int64_t limit) {
    std::string statement =
        sql("SELECT ", entity_columns,
            " FROM entities WHERE project = ? AND kind = ? AND archived = ? AND key COLLATE \"C\" > ?");
    std::vector<Cell> parameters{project, word_of(kind), std::int64_t{filter.archived}, after};
    if (!filter.tag.empty()) {
        statement += " AND LOWER(tags) LIKE ? ESCAPE '!'";
        parameters.emplace_back(anywhere('"' + filter.tag + '"'));
    }
    if (!filter.owner.empty()) {
        statement += " AND owner = ?";
        parameters.emplace_back(filter.owner);
    }
    if (!filter.text.empty()) {
        statement += " AND (LOWER(key) LIKE ? ESCAPE '!' OR LOWER(name) LIKE ? ESCAPE '!')";
        parameters.insert(parameters.end(), 2, anywhere(filter.text));
    }
    statement += " ORDER BY key COLLATE \"C\" LIMIT ?";
    parameters.emplace_back(limit);
    const Rows rows = t.execute(statement, parameters);
    std::vector<Entity> entities;
    for (std::size_t i = 0; i < rows.size(); ++i) entities.push_back(entity_of(rows[i]));
    return entities;
}

std::int64_t count_entities(Transaction& t, const std::string& project) {
    return t.execute("SELECT COUNT(*) FROM entities WHERE project = ?", {project})[0].integer(0);
}

std::optional<EntityKind> taken_by(Transaction& t, const EntityId& id) {
    const Rows rows = t.execute("SELECT kind FROM entities WHERE project = ? AND key_space = ? AND key = ?",
                                {id.project, key_space_of(id.kind), id.key});
    return rows.empty() ? std::nullopt : std::optional(kind_of(rows[0].text(0)));
}

void insert_entity(Transaction& t, const Entity& e) {
    (void)t.execute(
        "INSERT INTO entities (project, kind, key, key_space, name, description, owner, tags, "
        "client_visible, "
        "json_schema, archived, revision, created_ms, updated_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {e.id.project, word_of(e.id.kind), e.id.key, key_space_of(e.id.kind), e.metadata.name,
         e.metadata.description, e.metadata.owner, json_list(e.metadata.tags),
         std::int64_t{e.metadata.client_visible}, cell(e.metadata.json_schema), std::int64_t{e.archived},
         e.revision, e.created_ms, e.updated_ms});
}

void update_entity(Transaction& t, const Entity& e) {
    (void)t.execute(
        sql("UPDATE entities SET name = ?, description = ?, owner = ?, tags = ?, client_visible = ?, "
            "json_schema = ?, archived = ?, revision = ?, updated_ms = ?",
            by_id),
        {e.metadata.name, e.metadata.description, e.metadata.owner, json_list(e.metadata.tags),
         std::int64_t{e.metadata.client_visible}, cell(e.metadata.json_schema), std::int64_t{e.archived},
         e.revision, e.updated_ms, e.id.project, word_of(e.id.kind), e.id.key});
}

void remove_entity(Transaction& t, const EntityId& id) {
    if (id.kind == EntityKind::experiment) {
        (void)t.execute("DELETE FROM phases WHERE project = ? AND experiment = ?", {id.project, id.key});
    }
    (void)t.execute(sql("DELETE FROM configurations", by_id), {id.project, word_of(id.kind), id.key});
    (void)t.execute(sql("DELETE FROM entities", by_id), {id.project, word_of(id.kind), id.key});
}

std::optional<Configuration> find_configuration(Transaction& t, const EntityId& id,
                                                const std::string& environment) {
    const Rows rows =
        t.execute(sql("SELECT ", configuration_columns, " FROM configurations", by_id_and_environment),
                  {id.project, word_of(id.kind), id.key, environment});
    return rows.empty() ? std::nullopt : std::optional(configuration_of(rows[0]));
}

Configuration require_configuration(Transaction& t, const EntityId& id, const std::string& environment) {
    std::optional<Configuration> found = find_configuration(t, id, environment);
    if (!found) {
        throw Refusal(
            ProblemType::not_found,
            word_of(id.kind) + " `" + id.key + "` has no configuration in environment `" + environment + "`");
    }
    return std::move(*found);
}

std::vector<Configuration> configurations_of(Transaction& t, const EntityId& id) {
    const Rows rows = t.execute(sql("SELECT ", configuration_columns, " FROM configurations", by_id) +
                                    " ORDER BY environment COLLATE \"C\"",
                                {id.project, word_of(id.kind), id.key});
    std::vector<Configuration> found;
    for (std::size_t i = 0; i < rows.size(); ++i) found.push_back(configuration_of(rows[i]));
    return found;
}

void insert_configuration(Transaction& t, const EntityId& id, const Configuration& c) {
    (void)t.execute(
        "INSERT INTO configurations (project, environment, kind, key, body, state, phase, revision, "
        "updated_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {id.project, c.environment, word_of(id.kind), id.key, c.body, c.state, c.phase, c.revision,
         c.updated_ms});
}

void update_configuration(Transaction& t, const EntityId& id, const Configuration& c) {
    (void)t.execute(
        sql("UPDATE configurations SET body = ?, state = ?, phase = ?, revision = ?, updated_ms = ?",
            by_id_and_environment),
        {c.body, c.state, c.phase, c.revision, c.updated_ms, id.project, word_of(id.kind), id.key,
         c.environment});
}

void remove_configuration(Transaction& t, const EntityId& id, const std::string& environment) {
    (void)t.execute(sql("DELETE FROM configurations", by_id_and_environment),
                    {id.project, word_of(id.kind), id.key, environment});
}

std::vector<Configured> configured_in(Transaction& t, const std::string& project,
                                      const std::string& environment) {
    std::string statement =
        "SELECT e.kind, e.key, c.environment, e.client_visible, c.body, c.updated_ms FROM configurations c "
        "JOIN entities e ON e.project = c.project AND e.kind = c.kind AND e.key = c.key "
        "WHERE c.project = ? AND e.archived = 0";
    std::vector<Cell> parameters{project};
    if (!environment.empty()) {
        statement += " AND c.environment = ?";
        parameters.emplace_back(environment);
    }
    const Rows rows = t.execute(statement, parameters);
    std::vector<Configured> found;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Row row = rows[i];
        found.push_back({{project, kind_of(row.text(0)), row.text(1)},
                         row.text(2),
                         row.boolean(3),
                         row.text(4),
                         row.integer(5)});
    }
    std::ranges::sort(found, [](const Configured& a, const Configured& b) {
        return std::tie(a.environment, a.id.kind, a.id.key) < std::tie(b.environment, b.id.kind, b.id.key);
    });
    return found;
}

std::vector<Phase> phases_of(Transaction& t, const EntityId& experiment, const std::string& environment) {
    const Rows rows = t.execute(
        "SELECT number, split, reason, started_ms, ended_ms FROM phases "
        "WHERE project = ? AND environment = ? AND experiment = ? ORDER BY number",
        {experiment.project, environment, experiment.key});
    std::vector<Phase> phases;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Row row = rows[i];
        phases.push_back({row.integer(0), row.text(1), row.text(2), row.integer(3), row.optional_integer(4)});
    }
    return phases;
}

void begin_phase(Transaction& t, const EntityId& experiment, const std::string& environment,
                 const Phase& phase) {
    (void)t.execute(
        "INSERT INTO phases (project, environment, experiment, number, split, reason, started_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        {experiment.project, environment, experiment.key, phase.number, phase.split, phase.reason,
         phase.started_ms});
}

void end_phases(Transaction& t, const EntityId& experiment, const std::string& environment,
                std::int64_t now_ms) {
    (void)t.execute(
        "UPDATE phases SET ended_ms = ? WHERE project = ? AND environment = ? AND experiment = ? "
        "AND ended_ms IS NULL",
        {now_ms, experiment.project, environment, experiment.key});
}

}  // namespace expplat::server::domain::tables
