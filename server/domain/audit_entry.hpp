// `AuditEntry`: one link of the audit's chain, and the form of it that is hashed, exported and checked.
//
// The canonical form is one compact JSON object with these members in this order, `before` and `after` being whole JSON
// values (null where there is none), all other texts strings:
//
//     {"sequence":7,"time_ms":1763902800123,"actor":{"kind":"person","id":"…","name":"…"},"remote":"…","request_id":"…",
//      "action":"flag.configure","project":"game","environment":"production","subject":"flag/new-ui",
//      "before":{…},"after":{…},"previous":"<hash of entry 6>"}
//
// without white space; strings escape only what JSON must. `hash` is the SHA-256 of it in lower-case hexadecimal; the first
// entry's `previous` is empty. An exported line is the canonical form with `"hash"` as its last member. The signed head is
// HMAC-SHA-256, with a key that is HMAC(secret, "expplat.audit/1"), of `SEQUENCE LF HASH`: it finds what is cut off at the end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/domain/caller.hpp"

namespace expplat::server::domain {

struct AuditEntry {
    std::int64_t sequence = 0;  // from 1, without a gap
    std::int64_t time_ms = 0;
    Actor actor;
    std::string action;   // `flag.configure`; caller.hpp has the words
    std::string project;  // empty where it is of none, as the two below
    std::string environment;
    std::string subject;                // `flag/new-ui`
    std::optional<std::string> before;  // JSON
    std::optional<std::string> after;
    std::string previous;
    std::string hash;
};

struct AuditHead {
    std::int64_t sequence = 0;  // 0: no entry yet
    std::string hash;
    std::string signature;
};

[[nodiscard]] std::string canonical_form(const AuditEntry& entry);
/// The canonical form and the hash.
[[nodiscard]] std::string to_json(const AuditEntry& entry);
/// One row, without a line end: RFC 4180, in the order of `audit_csv_header`.
[[nodiscard]] std::string to_csv(const AuditEntry& entry);
inline constexpr std::string_view audit_csv_header =
    "sequence,time_ms,actor_kind,actor_id,actor_name,remote,request_id,action,project,environment,subject,"
    "before,after,"
    "previous,hash";

[[nodiscard]] std::string head_signature(std::string_view secret, std::int64_t sequence,
                                         std::string_view hash);

/// Follows a chain entry by entry; the first fault stays.
class ChainCheck {
public:
    /// Of an entry that was stored.
    void take(const AuditEntry& entry);
    /// Of a line that was exported.
    void take_line(std::string_view line);
    /// After the last one, where the head is known. `secret` empty: its signature is not looked at.
    void take_head(const AuditHead& head, std::string_view secret);

    [[nodiscard]] std::int64_t entries() const noexcept { return entries_; }
    [[nodiscard]] std::int64_t last_sequence() const noexcept { return sequence_; }
    [[nodiscard]] const std::string& last_hash() const noexcept { return previous_; }
    /// What is wrong and with which entry; nothing where all is well.
    [[nodiscard]] const std::optional<std::string>& fault() const noexcept { return fault_; }

private:
    void follow(std::int64_t sequence, std::string_view previous, std::string_view canonical,
                std::string_view hash);

    std::int64_t entries_ = 0;
    std::int64_t sequence_ = 0;
    std::string previous_;
    std::optional<std::string> fault_;
};

}  // namespace expplat::server::domain
