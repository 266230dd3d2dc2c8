// The one place that decides who may do what.
//
// `api` builds a `Principal` from what was authenticated (a person with the grants that the store has, or a key) and asks
// `decide` before each operation; nothing else compares roles or scopes. PERMISSIONS.md is the same as two tables, and a
// test walks every operation, role and scope of them. Values and one pure function; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/auth/api_key.hpp"
#include "server/auth/operation.hpp"
#include "server/auth/role.hpp"

namespace expplat::server::auth {

/// A place: the whole server (both empty), a project, or an environment in a project.
struct Scope {
    std::string project_id;
    std::string environment_id;

    friend bool operator==(const Scope&, const Scope&) = default;
};

/// Operations and where they are allowed, with everything below that place.
struct Grant {
    PermissionSet permissions;
    Scope scope;
};

enum class PrincipalKind : std::uint8_t { person, server_key, client_key, admin_key };

/// Whoever asks, authenticated.
struct Principal {
    PrincipalKind kind = PrincipalKind::person;
    std::string id;  // of the person or of the key: what the audit names
    std::vector<Grant> grants;
    bool is_disabled = false;                // a person whom an admin has shut out
    std::optional<std::int64_t> revoked_ms;  // of a key
    std::optional<std::int64_t> expires_ms;  // of a key, or of the access token

    [[nodiscard]] static Principal person(std::string id, std::vector<Grant> grants);
    [[nodiscard]] static Principal key(const StoredKey& key);
};

enum class Verdict : std::uint8_t {
    allowed,
    disabled,            // the person is shut out
    revoked,             // the key was taken back
    expired,             // the key's or the token's time is over
    missing_permission,  // no grant has the operation anywhere
    wrong_scope,         // a grant has it elsewhere
};

[[nodiscard]] constexpr std::string_view name(Verdict verdict) noexcept {
    switch (verdict) {
        case Verdict::allowed: return "allowed";
        case Verdict::disabled: return "disabled";
        case Verdict::revoked: return "revoked";
        case Verdict::expired: return "expired";
        case Verdict::missing_permission: return "missing permission";
        case Verdict::wrong_scope: return "wrong scope";
    }
    return "unknown";
}

/// Whether the principal may do the operation there; the first of the verdicts that applies, in the order of the
/// enumeration after `allowed`. A scope with an environment and no project is nowhere: wrong scope.
[[nodiscard]] Verdict decide(const Principal& principal, Operation operation, const Scope& scope,
                             std::int64_t now_ms) noexcept;

/// Whether the principal may give these operations in that place: it has each of them itself, there or in a place that
/// encloses it. The own account is nobody's to give and asked of nobody.
[[nodiscard]] bool may_delegate(const Principal& principal, const PermissionSet& permissions,
                                const Scope& scope, std::int64_t now_ms) noexcept;

}  // namespace expplat::server::auth
