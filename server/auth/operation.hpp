// Everything that can be asked of the server, as far as permission goes: one entry for each group of REST operations.
//
// A handler names its operation to `decide` (permission.hpp); roles and keys are sets of them. PERMISSIONS.md has the table
// for people; a test holds both to each other. Constants; thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace expplat::server::auth {

enum class Operation : std::uint8_t {
    projects_read,
    projects_write,
    projects_archive,
    environments_read,
    environments_write,
    environments_archive,
    flags_read,
    flags_write,
    flags_archive,
    flags_publish,
    experiments_read,
    experiments_write,
    experiments_archive,
    experiments_publish,
    segments_read,
    segments_write,
    segments_archive,
    segments_publish,
    layers_read,
    layers_write,
    layers_archive,
    layers_publish,
    holdouts_read,
    holdouts_write,
    holdouts_archive,
    holdouts_publish,
    metrics_read,
    metrics_write,
    metrics_archive,
    change_requests_read,
    change_requests_write,
    change_requests_approve,
    schedules_read,
    schedules_write,
    webhooks_read,
    webhooks_write,
    keys_read,
    keys_write,
    events_read,
    events_write,
    results_read,
    evaluate,
    explain,
    sdk_ruleset,
    sdk_stream,
    client_ruleset,
    client_stream,
    client_evaluate,
    audit_read,
    audit_export,
    users_read,
    users_write,
    roles_read,
    roles_write,
    account,
    server_admin,
};
inline constexpr std::size_t operations = 56;

/// How deep the thing lies that is asked for. What is deeper in a request's scope is no matter of the operation.
enum class Level : std::uint8_t { server, project, environment };

struct OperationRow {
    Operation operation;
    std::string_view name;  // `flags.read`: in custom roles, in the audit, in PERMISSIONS.md
    Level level;
    bool is_read;  // of a thing that encloses others: who may read inside may read it too
};

/// In the order of the enumeration.
[[nodiscard]] std::span<const OperationRow> operation_rows() noexcept;
[[nodiscard]] const OperationRow& row_of(Operation operation) noexcept;
[[nodiscard]] std::optional<Operation> operation_of(std::string_view name) noexcept;

}  // namespace expplat::server::auth
