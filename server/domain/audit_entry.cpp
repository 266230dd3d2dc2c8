#include "server/domain/audit_entry.hpp"

#include "server/domain/digest.hpp"
#include "server/domain/json_object.hpp"

namespace expplat::server::domain {

namespace {

ObjectWriter written(const AuditEntry& entry) {
    ObjectWriter actor;
    actor.text("kind", name(entry.actor.kind)).text("id", entry.actor.id).text("name", entry.actor.name);
    ObjectWriter writer;
    writer.integer("sequence", entry.sequence)
        .integer("time_ms", entry.time_ms)
        .json("actor", std::move(actor).done())
        .text("remote", entry.actor.remote)
        .text("request_id", entry.actor.request_id)
        .text("action", entry.action)
        .text("project", entry.project)
        .text("environment", entry.environment)
        .text("subject", entry.subject)
        .json_or_null("before", entry.before)
        .json_or_null("after", entry.after)
        .text("previous", entry.previous);
    return writer;
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

std::string canonical_form(const AuditEntry& entry) { return written(entry).done(); }

std::string to_json(const AuditEntry& entry) {
    ObjectWriter writer = written(entry);
    writer.text("hash", entry.hash);
    return std::move(writer).done();
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

std::string head_signature(std::string_view secret, std::int64_t sequence, std::string_view hash) {
    const std::string key = hmac_sha256_hex(secret, "expplat.audit/1");
    return hmac_sha256_hex(key, std::to_string(sequence) + '\n' + std::string(hash));
}

void ChainCheck::follow(std::int64_t sequence, std::string_view previous, std::string_view canonical,
                        std::string_view hash) {
    if (fault_) return;
    const std::string which = "entry " + std::to_string(sequence);
    const bool is_first = entries_ == 0;
    if (!is_first && sequence != sequence_ + 1) {
        fault_ =
            which + " follows entry " + std::to_string(sequence_) + ": entries are missing or out of order";
    } else if (!is_first && previous != previous_) {
        fault_ = which + " does not follow from the one before it: one of them was changed";
    } else if (sequence == 1 && !previous.empty()) {
        fault_ = which + " is the first and names one before it";
    } else if (sha256_hex(canonical) != hash) {
        fault_ = which + " was changed: its hash is another";
    } else {
        ++entries_;
        sequence_ = sequence;
        previous_ = hash;
    }
}

void ChainCheck::take(const AuditEntry& entry) {
    follow(entry.sequence, entry.previous, canonical_form(entry), entry.hash);
}

void ChainCheck::take_line(std::string_view line) {
    if (fault_) return;
    const Result<ruleset::Document> document = ruleset::parse_json(line);
    if (!document || document->root().kind() != ruleset::NodeKind::object ||
        document->has_repeated_members()) {
        fault_ = "what follows entry " + std::to_string(sequence_) + " is no entry";
        return;
    }
    const ruleset::Node& root = document->root();
    const ruleset::Node* sequence = root.find("sequence");
    follow(sequence != nullptr ? sequence->integer() : 0, text_member(root, "previous"),
           without_member(root, "hash"), text_member(root, "hash"));
}

void ChainCheck::take_head(const AuditHead& head, std::string_view secret) {
    if (fault_) return;
    if (head.sequence != sequence_ || head.hash != previous_) {
        fault_ = "the head is entry " + std::to_string(head.sequence) + ", and the chain ends with entry " +
                 std::to_string(sequence_) + ": entries at the end are missing or were changed";
    } else if (!secret.empty() && head.sequence > 0 &&
               !equal_in_constant_time(head.signature, head_signature(secret, head.sequence, head.hash))) {
        fault_ = "the head's signature is not this server's";
    }
}

}  // namespace expplat::server::domain
