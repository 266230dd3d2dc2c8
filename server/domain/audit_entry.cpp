#include "server/domain/audit_entry.hpp"

#include "expplat/base/json_text.hpp"

namespace expplat::server::domain {

namespace {

audit::EntryText text_of(const AuditEntry& entry) {
    return {.sequence = entry.sequence,
            .time_ms = entry.time_ms,
            .actor_kind = name(entry.actor.kind),
            .actor_id = entry.actor.id,
            .actor_name = entry.actor.name,
            .remote = entry.actor.remote,
            .request_id = entry.actor.request_id,
            .action = entry.action,
            .project = entry.project,
            .environment = entry.environment,
            .subject = entry.subject,
            .before = entry.before,
            .after = entry.after,
            .previous = entry.previous};
}

void append_csv_field(std::string& out, std::string_view field) {
    if (!out.empty()) out += ',';
    // A spreadsheet takes a field that begins so for a formula.
    const bool is_formula =
        !field.empty() && std::string_view("=+-@\t\r").find(field.front()) != std::string_view::npos;
    if (!is_formula && field.find_first_of(",\"\r\n") == std::string_view::npos && !field.empty()) {
        out += field;
        return;
    }
    out += '"';
    if (is_formula) out += '\'';
    for (const char c : field) {
        if (c == '"') out += '"';
        out += c;
    }
    out += '"';
}

}  // namespace

std::string canonical_form(const AuditEntry& entry) { return audit::canonical_form(text_of(entry)); }

std::string to_json(const AuditEntry& entry) {
    std::string json = canonical_form(entry);
    json.back() = ',';
    json += "\"hash\":";
    append_json_string(json, entry.hash);
    return json + '}';
}

std::string to_csv(const AuditEntry& entry) {
    std::string out;
    append_csv_field(out, std::to_string(entry.sequence));
    append_csv_field(out, std::to_string(entry.time_ms));
    for (const std::string_view field :
         {name(entry.actor.kind), std::string_view(entry.actor.id), std::string_view(entry.actor.name),
          std::string_view(entry.actor.remote), std::string_view(entry.actor.request_id),
          std::string_view(entry.action), std::string_view(entry.project),
          std::string_view(entry.environment), std::string_view(entry.subject),
          entry.before ? std::string_view(*entry.before) : std::string_view(),
          entry.after ? std::string_view(*entry.after) : std::string_view(), std::string_view(entry.previous),
          std::string_view(entry.hash)}) {
        append_csv_field(out, field);
    }
    return out;
}

void follow(audit::Chain& chain, const AuditEntry& entry) {
    chain.take(entry.sequence, entry.action, entry.previous, canonical_form(entry), entry.hash);
}

}  // namespace expplat::server::domain
