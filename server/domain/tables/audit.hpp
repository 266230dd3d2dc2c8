// The tables `audit` and `audit_head`.
//
// Rows are added, never changed: who may change them with SQL is found out by `audit::Chain`. Each function runs in the
// transaction it is given, which for `append_audit` is an ordered one, and throws what that throws.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "server/domain/audit_entry.hpp"
#include "server/domain/store.hpp"

namespace expplat::server::domain {

/// Each member that is not empty must be met.
struct AuditFilter {
    std::string project = {};
    std::string environment = {};
    std::string subject = {};
    std::string actor_id = {};
    std::string action = {};
    std::optional<std::int64_t> from_ms = {};  // inclusive
    std::optional<std::int64_t> to_ms = {};    // exclusive
};

namespace tables {

[[nodiscard]] AuditHead audit_head(Transaction& t);
/// Gives the entry its sequence, previous hash and hash, and moves the signed head. Where none of the secrets has signed the
/// head that is there, an entry before it says so: the new signature must not vouch for what somebody else wrote.
AuditEntry append_audit(Transaction& t, AuditEntry entry, const std::string& secret,
                        std::span<const std::string> former_secrets = {});
/// Whether a head is one that this server wrote, or the one before the first entry.
[[nodiscard]] bool is_own(const AuditHead& head, const std::string& secret,
                          std::span<const std::string> former_secrets);
[[nodiscard]] std::optional<AuditEntry> find_audit(Transaction& t, std::int64_t sequence);
/// In order, those with a sequence over `after`.
[[nodiscard]] std::vector<AuditEntry> audit_after(Transaction& t, const AuditFilter& filter,
                                                  std::int64_t after, std::int64_t limit);
/// Newest first, those with a sequence below `before`.
[[nodiscard]] std::vector<AuditEntry> audit_before(Transaction& t, const AuditFilter& filter,
                                                   std::int64_t before, std::int64_t limit);

}  // namespace tables
}  // namespace expplat::server::domain
