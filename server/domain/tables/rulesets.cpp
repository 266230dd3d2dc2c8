#include "server/domain/tables/rulesets.hpp"

namespace expplat::server::domain::tables {

namespace {

constexpr std::string_view select_ruleset =
    "SELECT project, environment, version, document, document_hash, client_document, client_document_hash, "
    "created_ms "
    "FROM rulesets WHERE project = ? AND environment = ?";

constexpr std::string_view served_environments =
    " FROM environments e JOIN projects p ON p.key = e.project WHERE e.archived = 0 AND p.archived = 0";

std::optional<Published> first_of(const Rows& rows) {
    if (rows.empty()) return std::nullopt;
    const Row row = rows[0];
    return Published{row.text(0), row.text(1), row.integer(2), row.text(3),
                     row.text(4), row.text(5), row.text(6),    row.integer(7)};
}

std::string topic_word(OutboxRow::Topic topic) {
    return topic == OutboxRow::Topic::ruleset ? "ruleset" : "audit";
}

}  // namespace

void insert_ruleset(Transaction& t, const Published& p) {
    (void)t.execute(
        "INSERT INTO rulesets (project, environment, version, document, document_hash, client_document, "
        "client_document_hash, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        {p.project, p.environment, p.version, p.document, p.hash, p.client_document, p.client_hash,
         p.created_ms});
}

std::optional<Published> find_ruleset(Transaction& t, const std::string& project,
                                      const std::string& environment, std::int64_t version) {
    return first_of(
        t.execute(std::string(select_ruleset) + " AND version = ?", {project, environment, version}));
}

std::optional<Published> newest_ruleset(Transaction& t, const std::string& project,
                                        const std::string& environment) {
    return first_of(
        t.execute(std::string(select_ruleset) + " ORDER BY version DESC LIMIT 1", {project, environment}));
}

std::vector<RulesetHead> ruleset_heads(Transaction& t) {
    const Rows rows = t.execute("SELECT e.project, e.key, e.version" + std::string(served_environments));
    std::vector<RulesetHead> heads;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        heads.push_back({rows[i].text(0), rows[i].text(1), rows[i].integer(2)});
    }
    return heads;
}

bool is_served(Transaction& t, const std::string& project, const std::string& environment) {
    return !t.execute("SELECT 1" + std::string(served_environments) + " AND e.project = ? AND e.key = ?",
                      {project, environment})
                .empty();
}

std::vector<std::int64_t> ruleset_versions(Transaction& t, const std::string& project,
                                           const std::string& environment) {
    const Rows rows =
        t.execute("SELECT version FROM rulesets WHERE project = ? AND environment = ? ORDER BY version DESC",
                  {project, environment});
    std::vector<std::int64_t> versions;
    for (std::size_t i = 0; i < rows.size(); ++i) versions.push_back(rows[i].integer(0));
    return versions;
}

void keep_newest_rulesets(Transaction& t, const std::string& project, const std::string& environment,
                          std::int64_t count) {
    (void)t.execute(
        "DELETE FROM rulesets WHERE project = ? AND environment = ? AND version < "
        "(SELECT COALESCE(MIN(version), 0) FROM (SELECT version FROM rulesets WHERE project = ? "
        "AND environment = ? ORDER BY version DESC LIMIT ?) AS newest)",
        {project, environment, project, environment, count});
}

void add_to_outbox(Transaction& t, OutboxRow::Topic topic, const std::string& project,
                   const std::string& environment, std::int64_t number, std::int64_t now_ms) {
    (void)t.execute("UPDATE sequences SET last = last + 1 WHERE name = 'outbox'");
    (void)t.execute(
        "INSERT INTO outbox (id, topic, project, environment, number, created_ms, leased_until_ms, attempts) "
        "SELECT last, ?, ?, ?, ?, ?, 0, 0 FROM sequences WHERE name = 'outbox'",
        {topic_word(topic), project, environment, number, now_ms});
}

std::vector<OutboxRow> lease_outbox(Transaction& t, OutboxRow::Topic topic, std::int64_t now_ms,
                                    std::int64_t lease_until_ms, std::int64_t limit) {
    const Rows rows = t.execute(
        "SELECT id, project, environment, number, attempts FROM outbox "
        "WHERE topic = ? AND leased_until_ms <= ? ORDER BY id LIMIT ?",
        {topic_word(topic), now_ms, limit});
    std::vector<OutboxRow> leased;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Row row = rows[i];
        (void)t.execute("UPDATE outbox SET leased_until_ms = ?, attempts = attempts + 1 WHERE id = ?",
                        {lease_until_ms, row.integer(0)});
        leased.push_back(
            {row.integer(0), topic, row.text(1), row.text(2), row.integer(3), row.integer(4) + 1});
    }
    return leased;
}

std::vector<OutboxRow> lease_outbox_alone(Transaction& t, OutboxRow::Topic topic, std::int64_t now_ms,
                                          std::int64_t lease_until_ms, std::int64_t limit) {
    const Rows held =
        t.execute("SELECT id FROM outbox WHERE topic = ? AND leased_until_ms > ? ORDER BY id LIMIT 1",
                  {topic_word(topic), now_ms});
    if (!held.empty()) return {};
    return lease_outbox(t, topic, now_ms, lease_until_ms, limit);
}

bool extend_outbox(Transaction& t, std::int64_t id, std::int64_t held_until_ms, std::int64_t lease_until_ms) {
    return t.execute("UPDATE outbox SET leased_until_ms = ? WHERE id = ? AND leased_until_ms = ?",
                     {lease_until_ms, id, held_until_ms})
               .affected != 0;
}

void release_outbox(Transaction& t, std::int64_t id) {
    (void)t.execute("UPDATE outbox SET leased_until_ms = 0 WHERE id = ?", {id});
}

void remove_from_outbox(Transaction& t, std::int64_t id) {
    (void)t.execute("DELETE FROM outbox WHERE id = ?", {id});
}

bool has_outbox(Transaction& t, OutboxRow::Topic topic) {
    return !t.execute("SELECT id FROM outbox WHERE topic = ? ORDER BY id LIMIT 1", {topic_word(topic)})
                .empty();
}

std::int64_t count_outbox(Transaction& t) { return t.execute("SELECT COUNT(*) FROM outbox")[0].integer(0); }

}  // namespace expplat::server::domain::tables
