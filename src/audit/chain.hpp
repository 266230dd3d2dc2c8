// `Chain`: the audit's chain of hashes, followed entry by entry; and the form of an entry that is hashed.
//
// The canonical form is one compact JSON object with these members in this order, `before` and `after` being whole JSON
// values (null where there is none), all other texts strings:
//
//     {"sequence":7,"time_ms":1763902800123,"actor":{"kind":"person","id":"…","name":"…"},"remote":"…","request_id":"…",
//      "action":"flag.configure","project":"game","environment":"production","subject":"flag/new-ui",
//      "before":{…},"after":{…},"previous":"<hash of entry 6>"}
//
// without white space; strings escape only what JSON must. Its SHA-256 in lower-case hexadecimal is the entry's hash; the first
// entry's `previous` is empty. Signatures are HMAC-SHA-256 with a key that is derived from the server's secret. Used by the
// server, which writes the chain, and by `export_check.hpp`, which follows one without a server. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "src/ruleset/json.hpp"

namespace expplat::audit {

/// What the server writes before the next entry where it finds a head that none of its secrets has signed: somebody with the
/// database had their hands in the chain, or the secret is another and the one before it is not known.
inline constexpr std::string_view foreign_head_action = "audit.foreign-head";

/// An entry's members as views, but for its hash.
struct EntryText {
    std::int64_t sequence = 0;
    std::int64_t time_ms = 0;
    std::string_view actor_kind = {};
    std::string_view actor_id = {};
    std::string_view actor_name = {};
    std::string_view remote = {};
    std::string_view request_id = {};
    std::string_view action = {};
    std::string_view project = {};
    std::string_view environment = {};
    std::string_view subject = {};
    std::optional<std::string_view> before = {};  // JSON
    std::optional<std::string_view> after = {};
    std::string_view previous = {};
};
[[nodiscard]] std::string canonical_form(const EntryText& entry);

/// The signature of the newest entry, as the database keeps it: HMAC of `SEQUENCE LF HASH` with HMAC(secret,
/// "expplat.audit/1"). It finds what is cut off at the end. Empty where OpenSSL refuses.
[[nodiscard]] std::string head_signature(std::string_view secret, std::int64_t sequence,
                                         std::string_view hash);
/// The signature of an export from entry `first` to entry `last`, 0 where there is none: HMAC of `FIRST LF LAST LF HASH`
/// with HMAC(secret, "expplat.audit-export/1"). It finds what is cut off at either end.
[[nodiscard]] std::string export_signature(std::string_view secret, std::int64_t first, std::int64_t last,
                                           std::string_view hash);
/// In a time that depends on the sizes alone. Two empty ones differ.
[[nodiscard]] bool same_signature(std::string_view a, std::string_view b) noexcept;

/// The first fault stays.
class Chain {
public:
    /// One of the action `foreign_head_action` is a fault, as nothing vouches for what is before it.
    void take(std::int64_t sequence, std::string_view action, std::string_view previous,
              std::string_view canonical, std::string_view hash);
    /// Of an exported entry, which has its hash as a member.
    void take(const ruleset::Node& entry);
    /// After the last one, where the end is known.
    void take_end(std::int64_t sequence, std::string_view hash);
    void refuse(std::string fault) {
        if (!fault_) fault_ = std::move(fault);
    }

    [[nodiscard]] std::int64_t entries() const noexcept { return entries_; }
    [[nodiscard]] std::int64_t first_sequence() const noexcept { return first_; }
    [[nodiscard]] std::int64_t last_sequence() const noexcept { return sequence_; }
    [[nodiscard]] const std::string& last_hash() const noexcept { return previous_; }
    /// What is wrong and with which entry; nothing where all is well.
    [[nodiscard]] const std::optional<std::string>& fault() const noexcept { return fault_; }

private:
    std::int64_t entries_ = 0;
    std::int64_t first_ = 0;
    std::int64_t sequence_ = 0;
    std::string previous_;
    std::optional<std::string> fault_;
};

}  // namespace expplat::audit
