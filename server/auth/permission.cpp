#include "server/auth/permission.hpp"

#include <algorithm>

namespace expplat::server::auth {

namespace {

/// The part of a request's scope that the operation is about.
struct Place {
    std::string_view project_id;
    std::string_view environment_id;
};

Place place_of(const OperationRow& row, const Scope& scope) noexcept {
    switch (row.level) {
        case Level::server: return {};
        case Level::project: return {scope.project_id, {}};
        case Level::environment: return {scope.project_id, scope.environment_id};
    }
    return {};
}

bool covers(const Scope& granted, const Place& place, bool is_read) noexcept {
    if (granted.project_id.empty()) return granted.environment_id.empty();
    if (granted.project_id != place.project_id) return false;
    if (granted.environment_id.empty() || granted.environment_id == place.environment_id) return true;
    // Who may read in one environment may read what its project has in common.
    return is_read && place.environment_id.empty();
}

bool encloses(const Scope& outer, const Scope& inner) noexcept {
    if (outer.project_id.empty()) return outer.environment_id.empty();
    return outer.project_id == inner.project_id &&
           (outer.environment_id.empty() || outer.environment_id == inner.environment_id);
}

bool is_over(const Principal& principal, std::int64_t now_ms) noexcept {
    return principal.is_disabled || (principal.revoked_ms && now_ms >= *principal.revoked_ms) ||
           (principal.expires_ms && now_ms >= *principal.expires_ms);
}

PrincipalKind principal_kind_of(KeyKind kind) noexcept {
    switch (kind) {
        case KeyKind::server: return PrincipalKind::server_key;
        case KeyKind::client: return PrincipalKind::client_key;
        case KeyKind::admin: return PrincipalKind::admin_key;
    }
    return PrincipalKind::client_key;
}

}  // namespace

Principal Principal::person(std::string id, std::vector<Grant> grants) {
    Principal principal;
    principal.id = std::move(id);
    principal.grants = std::move(grants);
    return principal;
}

Principal Principal::key(const StoredKey& key) {
    Principal principal;
    principal.kind = principal_kind_of(key.kind);
    principal.id = key.id;
    principal.grants = {{permissions_of(key.kind), {key.project_id, key.environment_id}}};
    principal.revoked_ms = key.revoked_ms;
    principal.expires_ms = key.expires_ms;
    return principal;
}

Verdict decide(const Principal& principal, Operation operation, const Scope& scope,
               std::int64_t now_ms) noexcept {
    if (principal.is_disabled) return Verdict::disabled;
    if (principal.revoked_ms && now_ms >= *principal.revoked_ms) return Verdict::revoked;
    if (principal.expires_ms && now_ms >= *principal.expires_ms) return Verdict::expired;
    // The own account is everybody's who has one.
    if (operation == Operation::account) {
        return principal.kind == PrincipalKind::person ? Verdict::allowed : Verdict::missing_permission;
    }
    const OperationRow& row = row_of(operation);
    const bool is_nowhere = scope.project_id.empty() && !scope.environment_id.empty();
    const Place place = place_of(row, scope);
    bool has_it_elsewhere = false;
    for (const Grant& grant : principal.grants) {
        if (!grant.permissions.has(operation)) continue;
        if (!is_nowhere && covers(grant.scope, place, row.is_read)) return Verdict::allowed;
        has_it_elsewhere = true;
    }
    return has_it_elsewhere ? Verdict::wrong_scope : Verdict::missing_permission;
}

bool may_delegate(const Principal& principal, const PermissionSet& permissions, const Scope& scope,
                  std::int64_t now_ms) noexcept {
    if (is_over(principal, now_ms)) return false;
    for (const OperationRow& row : operation_rows()) {
        if (row.operation == Operation::account || !permissions.has(row.operation)) continue;
        const bool has_it =
            std::any_of(principal.grants.begin(), principal.grants.end(), [&](const Grant& grant) {
                return grant.permissions.has(row.operation) && encloses(grant.scope, scope);
            });
        if (!has_it) return false;
    }
    return true;
}

}  // namespace expplat::server::auth
