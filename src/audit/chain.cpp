#include "src/audit/chain.hpp"

#include <algorithm>
#include <span>

#include "expplat/base/json_text.hpp"
#include "src/aws/digest.hpp"

namespace expplat::audit {

namespace {

void append_text(std::string& out, std::string_view name, std::string_view text) {
    out.append(",\"").append(name).append("\":");
    append_json_string(out, text);
}

void append_json(std::string& out, std::string_view name, const std::optional<std::string_view>& json) {
    out.append(",\"").append(name).append("\":").append(json ? *json : "null");
}

std::string hmac_hex(std::string_view key, std::string_view bytes) {
    const auto digest =
        aws::hmac_sha256({reinterpret_cast<const unsigned char*>(key.data()), key.size()}, bytes);
    return digest ? aws::hex(*digest) : std::string();
}

/// What was hashed: all members in their order but the hash itself.
std::string without_hash(const ruleset::Node& entry) {
    std::string out = "{";
    for (const ruleset::Member& member : entry.members()) {
        if (member.name == "hash") continue;
        if (out.size() > 1) out += ',';
        append_json_string(out, member.name);
        out += ':';
        out += ruleset::to_json(member.value);
    }
    return out + '}';
}

}  // namespace

std::string canonical_form(const EntryText& entry) {
    std::string out = "{\"sequence\":" + std::to_string(entry.sequence) +
                      ",\"time_ms\":" + std::to_string(entry.time_ms) + ",\"actor\":{\"kind\":";
    append_json_string(out, entry.actor_kind);
    append_text(out, "id", entry.actor_id);
    append_text(out, "name", entry.actor_name);
    out += '}';
    append_text(out, "remote", entry.remote);
    append_text(out, "request_id", entry.request_id);
    append_text(out, "action", entry.action);
    append_text(out, "project", entry.project);
    append_text(out, "environment", entry.environment);
    append_text(out, "subject", entry.subject);
    append_json(out, "before", entry.before);
    append_json(out, "after", entry.after);
    append_text(out, "previous", entry.previous);
    return out + '}';
}

std::string head_signature(std::string_view secret, std::int64_t sequence, std::string_view hash) {
    return hmac_hex(hmac_hex(secret, "expplat.audit/1"), std::to_string(sequence) + '\n' + std::string(hash));
}

std::string export_signature(std::string_view secret, std::int64_t first, std::int64_t last,
                             std::string_view hash) {
    return hmac_hex(hmac_hex(secret, "expplat.audit-export/1"),
                    std::to_string(first) + '\n' + std::to_string(last) + '\n' + std::string(hash));
}

bool same_signature(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size() || a.empty()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        difference |=
            static_cast<unsigned char>(a[i]) ^ static_cast<unsigned>(static_cast<unsigned char>(b[i]));
    return difference == 0;
}

void Chain::take(std::int64_t sequence, std::string_view action, std::string_view previous,
                 std::string_view canonical, std::string_view hash) {
    if (fault_) return;
    const std::string which = "entry " + std::to_string(sequence);
    const bool is_first = entries_ == 0;
    const auto digest = aws::sha256(canonical);
    if (!digest) {
        fault_ = "OpenSSL has no SHA-256";
    } else if (sequence < 1) {
        fault_ = is_first ? std::string("the first entry has no number")
                          : "what follows entry " + std::to_string(sequence_) + " has no number";
    } else if (!is_first && sequence != sequence_ + 1) {
        fault_ =
            which + " follows entry " + std::to_string(sequence_) + ": entries are missing or out of order";
    } else if (!is_first && previous != previous_) {
        fault_ = which + " does not follow from the one before it: one of them was changed";
    } else if (sequence == 1 && !previous.empty()) {
        fault_ = which + " is the first and names one before it";
    } else if (aws::hex(*digest) != hash) {
        fault_ = which + " was changed: its hash is another";
    } else if (action == foreign_head_action && !is_first) {
        fault_ = which + " says that the server had not signed entry " + std::to_string(sequence_) +
                 " as the newest: what is before it may have been changed";
    } else {
        if (is_first) first_ = sequence;
        ++entries_;
        sequence_ = sequence;
        previous_ = hash;
    }
}

void Chain::take(const ruleset::Node& entry) {
    if (fault_) return;
    take(integer_of(entry, "sequence"), text_of(entry, "action"), text_of(entry, "previous"),
         without_hash(entry), text_of(entry, "hash"));
}

void Chain::take_end(std::int64_t sequence, std::string_view hash) {
    if (fault_ || (sequence == sequence_ && hash == previous_)) return;
    fault_ = "the head is entry " + std::to_string(sequence) + ", and the chain ends with entry " +
             std::to_string(sequence_) + ": entries at the end are missing or were changed";
}

}  // namespace expplat::audit
