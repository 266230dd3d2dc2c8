#include "server/auth/role.hpp"

#include <algorithm>

namespace expplat::server::auth {

namespace {

using enum Operation;

PermissionSet viewer() {
    return {projects_read,
            environments_read,
            flags_read,
            experiments_read,
            segments_read,
            layers_read,
            holdouts_read,
            metrics_read,
            change_requests_read,
            schedules_read,
            results_read,
            evaluate,
            explain,
            account};
}

PermissionSet analyst() {
    return viewer().with({metrics_write, metrics_archive, change_requests_write, events_read, audit_read});
}

PermissionSet developer() {
    return analyst().with(
        {flags_write,         flags_archive,       flags_publish,    experiments_write,
         experiments_archive, experiments_publish, segments_write,   segments_archive,
         segments_publish,    layers_write,        layers_archive,   layers_publish,
         holdouts_write,      holdouts_archive,    holdouts_publish, change_requests_approve,
         schedules_write,     webhooks_read,       keys_read,        events_write,
         sdk_ruleset,         sdk_stream,          client_ruleset,   client_stream,
         client_evaluate});
}

/// What software never does, whatever its key: mind the people, make keys, take the audit away, run the server.
PermissionSet for_people_alone() {
    return {keys_write, audit_export, users_read, users_write,
            roles_read, roles_write,  account,    server_admin};
}

bool is_role_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

}  // namespace

std::optional<Role> Role::built_in(std::string_view name) {
    if (name == "admin") return Role{"admin", PermissionSet::all()};
    if (name == "developer") return Role{"developer", developer()};
    if (name == "analyst") return Role{"analyst", analyst()};
    if (name == "viewer") return Role{"viewer", viewer()};
    return std::nullopt;
}

Result<Role> Role::custom(std::string_view name, std::span<const std::string> operation_names) {
    const auto refuse = [](std::string why) { return Error{ErrorCode::invalid_argument, std::move(why)}; };
    if (!is_role_name(name)) return refuse("a role's name is 1 to 64 of a-z, 0-9 and -");
    if (built_in(name)) return refuse("`" + std::string(name) + "` is a role that is always there");
    Role role{std::string(name), {account}};
    for (const std::string& operation_name : operation_names) {
        const auto operation = operation_of(operation_name);
        if (!operation) return refuse("`" + operation_name + "` is no operation");
        if (*operation == server_admin) return refuse("`server.admin` belongs to the role admin alone");
        role.permissions = role.permissions.with({*operation});
    }
    return role;
}

PermissionSet permissions_of(KeyKind kind) {
    switch (kind) {
        case KeyKind::server:
            return {events_write, evaluate,       explain,       sdk_ruleset,
                    sdk_stream,   client_ruleset, client_stream, client_evaluate};
        case KeyKind::client: return {events_write, client_ruleset, client_stream, client_evaluate};
        case KeyKind::admin: return PermissionSet::all().without(for_people_alone());
    }
    return {};
}

}  // namespace expplat::server::auth
