#include "server/domain/tables/audit.hpp"

#include <algorithm>

#include "server/domain/digest.hpp"

namespace expplat::server::domain::tables {

namespace {

constexpr std::string_view select_entry =
    "SELECT sequence, time_ms, actor_kind, actor_id, actor_name, remote, request_id, action, project, "
    "environment, "
    "subject, before_json, after_json, previous_hash, hash FROM audit WHERE ";

Actor::Kind actor_kind(const std::string& word) {
    if (word == "person") return Actor::Kind::person;
    return word == "key" ? Actor::Kind::key : Actor::Kind::system;
}

AuditEntry entry_of(const Row& row) {
    return {row.integer(0),
            row.integer(1),
            {actor_kind(row.text(2)), row.text(3), row.text(4), row.text(5), row.text(6)},
            row.text(7),
            row.text(8),
            row.text(9),
            row.text(10),
            row.optional_text(11),
            row.optional_text(12),
            row.text(13),
            row.text(14)};
}

std::vector<AuditEntry> select(Transaction& t, const AuditFilter& filter, std::string_view from,
                               std::int64_t sequence, std::string_view order, std::int64_t limit) {
    std::string statement = std::string(select_entry) + std::string(from);
    std::vector<Cell> parameters{sequence};
    const auto want = [&](std::string_view condition, const std::string& value) {
        if (value.empty()) return;
        statement += condition;
        parameters.emplace_back(value);
    };
    want(" AND project = ?", filter.project);
    want(" AND environment = ?", filter.environment);
    want(" AND subject = ?", filter.subject);
    want(" AND actor_id = ?", filter.actor_id);
    want(" AND action = ?", filter.action);
    if (filter.from_ms) {
        statement += " AND time_ms >= ?";
        parameters.emplace_back(*filter.from_ms);
    }
    if (filter.to_ms) {
        statement += " AND time_ms < ?";
        parameters.emplace_back(*filter.to_ms);
    }
    statement += std::string(order) + " LIMIT ?";
    parameters.emplace_back(limit);
    const Rows rows = t.execute(statement, parameters);
    std::vector<AuditEntry> entries;
    for (std::size_t i = 0; i < rows.size(); ++i) entries.push_back(entry_of(rows[i]));
    return entries;
}

/// Behind that head, which it moves.
AuditHead append(Transaction& t, const AuditHead& head, AuditEntry& entry, const std::string& secret) {
    entry.sequence = head.sequence + 1;
    entry.previous = head.hash;
    entry.hash = sha256_hex(canonical_form(entry));
    (void)t.execute(
        "INSERT INTO audit (sequence, time_ms, actor_kind, actor_id, actor_name, remote, request_id, action, "
        "project, environment, subject, before_json, after_json, previous_hash, hash) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {entry.sequence, entry.time_ms, std::string(name(entry.actor.kind)), entry.actor.id, entry.actor.name,
         entry.actor.remote, entry.actor.request_id, entry.action, entry.project, entry.environment,
         entry.subject, cell(entry.before), cell(entry.after), entry.previous, entry.hash});
    AuditHead next{entry.sequence, entry.hash, audit::head_signature(secret, entry.sequence, entry.hash)};
    (void)t.execute("UPDATE audit_head SET sequence = ?, hash = ?, signature = ? WHERE id = 1",
                    {next.sequence, next.hash, next.signature});
    return next;
}

}  // namespace

AuditHead audit_head(Transaction& t) {
    const Rows rows = t.execute("SELECT sequence, hash, signature FROM audit_head WHERE id = 1");
    if (rows.empty()) throw Refusal(ProblemType::internal, "the audit's head is gone");
    return {rows[0].integer(0), rows[0].text(1), rows[0].text(2)};
}

bool is_own(const AuditHead& head, const std::string& secret, std::span<const std::string> former_secrets) {
    const auto has_signed = [&](const std::string& one) {
        return audit::same_signature(head.signature, audit::head_signature(one, head.sequence, head.hash));
    };
    return head.sequence == 0 || has_signed(secret) || std::ranges::any_of(former_secrets, has_signed);
}

AuditEntry append_audit(Transaction& t, AuditEntry entry, const std::string& secret,
                        std::span<const std::string> former_secrets) {
    AuditHead head = audit_head(t);
    if (!is_own(head, secret, former_secrets)) {
        AuditEntry foreign;
        foreign.time_ms = entry.time_ms;
        foreign.actor = {Actor::Kind::system, "audit", "audit", "", entry.actor.request_id};
        foreign.action = audit::foreign_head_action;
        foreign.subject = "audit/" + std::to_string(head.sequence);
        head = append(t, head, foreign, secret);
    }
    (void)append(t, head, entry, secret);
    return entry;
}

std::optional<AuditEntry> find_audit(Transaction& t, std::int64_t sequence) {
    const Rows rows = t.execute(std::string(select_entry) + "sequence = ?", {sequence});
    return rows.empty() ? std::nullopt : std::optional(entry_of(rows[0]));
}

std::vector<AuditEntry> audit_after(Transaction& t, const AuditFilter& filter, std::int64_t after,
                                    std::int64_t limit) {
    return select(t, filter, "sequence > ?", after, " ORDER BY sequence", limit);
}

std::vector<AuditEntry> audit_before(Transaction& t, const AuditFilter& filter, std::int64_t before,
                                     std::int64_t limit) {
    return select(t, filter, "sequence < ?", before, " ORDER BY sequence DESC", limit);
}

}  // namespace expplat::server::domain::tables
