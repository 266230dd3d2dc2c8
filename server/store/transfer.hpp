// Export and import: the whole database as NDJSON, from SQLite to PostgreSQL and back.
//
//     {"expplat":"export/1","schema":1}
//     {"table":"projects","row":{"key":"game","name":"The game",…}}
//     …
//     {"end":{"rows":1234}}
// One read transaction, so one state; one write transaction into an empty database of the same schema. It holds secrets
// (password hashes, webhooks' secrets): for its owner alone. Called by `expplat-server export` and `import`.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "server/domain/store.hpp"

namespace expplat::server::store {

/// Gives `write` the lines, line ends included; ends (`unavailable`) where it answers false. Answers the number of rows.
[[nodiscard]] domain::Outcome<std::int64_t> export_database(
    domain::Store& store, const std::function<bool(std::string_view line)>& write);

/// `next` gives the lines, without line ends, then nothing. Refuses (`conflict`) a database that has a project, person or
/// audit entry, another schema's file, and (`invalid`) one that is damaged or cut off; then nothing has changed.
[[nodiscard]] domain::Outcome<std::int64_t> import_database(
    domain::Store& store, const std::function<std::optional<std::string>()>& next);

}  // namespace expplat::server::store
