#include "server/auth/operation.hpp"

#include <algorithm>
#include <array>

namespace expplat::server::auth {

namespace {

using enum Operation;
using enum Level;

constexpr std::array<OperationRow, operations> rows{{
    {projects_read, "projects.read", project, true},
    {projects_write, "projects.write", project, false},
    {projects_archive, "projects.archive", project, false},
    {environments_read, "environments.read", project, true},
    {environments_write, "environments.write", project, false},
    {environments_archive, "environments.archive", project, false},
    {flags_read, "flags.read", environment, true},
    {flags_write, "flags.write", environment, false},
    {flags_archive, "flags.archive", project, false},
    {flags_publish, "flags.publish", environment, false},
    {experiments_read, "experiments.read", environment, true},
    {experiments_write, "experiments.write", environment, false},
    {experiments_archive, "experiments.archive", project, false},
    {experiments_publish, "experiments.publish", environment, false},
    {segments_read, "segments.read", environment, true},
    {segments_write, "segments.write", environment, false},
    {segments_archive, "segments.archive", project, false},
    {segments_publish, "segments.publish", environment, false},
    {layers_read, "layers.read", environment, true},
    {layers_write, "layers.write", environment, false},
    {layers_archive, "layers.archive", project, false},
    {layers_publish, "layers.publish", environment, false},
    {holdouts_read, "holdouts.read", environment, true},
    {holdouts_write, "holdouts.write", environment, false},
    {holdouts_archive, "holdouts.archive", project, false},
    {holdouts_publish, "holdouts.publish", environment, false},
    {metrics_read, "metrics.read", project, true},
    {metrics_write, "metrics.write", project, false},
    {metrics_archive, "metrics.archive", project, false},
    {change_requests_read, "change-requests.read", environment, true},
    {change_requests_write, "change-requests.write", environment, false},
    {change_requests_approve, "change-requests.approve", environment, false},
    {schedules_read, "schedules.read", environment, true},
    {schedules_write, "schedules.write", environment, false},
    {webhooks_read, "webhooks.read", project, false},
    {webhooks_write, "webhooks.write", project, false},
    {keys_read, "keys.read", environment, false},
    {keys_write, "keys.write", environment, false},
    {events_read, "events.read", environment, false},
    {events_write, "events.write", environment, false},
    {results_read, "results.read", environment, false},
    {evaluate, "evaluate", environment, false},
    {explain, "explain", environment, false},
    {sdk_ruleset, "sdk.ruleset", environment, false},
    {sdk_stream, "sdk.stream", environment, false},
    {client_ruleset, "client.ruleset", environment, false},
    {client_stream, "client.stream", environment, false},
    {client_evaluate, "client.evaluate", environment, false},
    {audit_read, "audit.read", project, false},
    {audit_export, "audit.export", server, false},
    {users_read, "users.read", server, false},
    {users_write, "users.write", server, false},
    {roles_read, "roles.read", server, false},
    {roles_write, "roles.write", server, false},
    {account, "account", server, false},
    {server_admin, "server.admin", server, false},
}};

constexpr bool is_in_order() {
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (static_cast<std::size_t>(rows[i].operation) != i) return false;
    }
    return true;
}
static_assert(is_in_order());

}  // namespace

std::span<const OperationRow> operation_rows() noexcept { return rows; }

const OperationRow& row_of(Operation operation) noexcept { return rows[static_cast<std::size_t>(operation)]; }

std::optional<Operation> operation_of(std::string_view name) noexcept {
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&](const OperationRow& row) { return row.name == name; });
    if (found == rows.end()) return std::nullopt;
    return found->operation;
}

}  // namespace expplat::server::auth
