// `AuditEntry`: one link of the audit's chain, as the server keeps it.
//
// Its canonical form, which is hashed, is in `src/audit/chain.hpp`, where whoever has no server follows the chain too. An
// exported line is the canonical form with `"hash"` as its last member. Plain values; the functions are pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/domain/caller.hpp"
#include "src/audit/chain.hpp"

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
/// One row, without a line end: RFC 4180, in the order of `audit::csv_header`.
[[nodiscard]] std::string to_csv(const AuditEntry& entry);

/// An entry that was stored, at the end of a chain.
void follow(audit::Chain& chain, const AuditEntry& entry);

}  // namespace expplat::server::domain
