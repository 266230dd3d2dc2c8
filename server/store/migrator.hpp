// Migrations: numbered SQL files, embedded when the program is built, applied by one program at a time.
//
// All that are pending are one transaction: in SQLite an exclusive one, in PostgreSQL under an advisory lock. The table
// `schema_migrations` remembers number, name and hash of each. Called by `Database::migrate` when a server starts;
// `migrations/README.md` has the rules for writing them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "server/store/connection.hpp"

namespace expplat::server::store {

struct Migration {
    std::int64_t number;
    std::string_view name;  // `0001_control_plane`
    std::string_view sql;
};

/// Those of this program, from number 1 without a gap.
[[nodiscard]] std::span<const Migration> migrations() noexcept;

/// Answers the schema's number. Refuses (`conflict`) a database with a newer number, or where a migration that was applied
/// had another text.
[[nodiscard]] Outcome<std::int64_t> migrate(Connection& connection, std::span<const Migration> known);

}  // namespace expplat::server::store
