// SQLite behind `Connection`: a file in WAL mode, or a database in memory.
//
// Every commit is on disk before it is acknowledged (synchronous=FULL); a writer waits `sqlite_busy_ms` for another one.
// Needs SQLite 3.35. The database in memory is the connection's own: one connection, one database.
#pragma once

#include <memory>
#include <string>

#include "server/store/connection.hpp"

namespace expplat::server::store {

inline constexpr int sqlite_busy_ms = 5'000;

[[nodiscard]] Outcome<std::unique_ptr<Connection>, Fault> connect_sqlite(const std::string& path);

}  // namespace expplat::server::store
