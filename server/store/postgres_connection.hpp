// PostgreSQL behind `Connection`, through libpq.
//
// TLS, `sslmode`, service files and the PG* variables are libpq's. Writes are SERIALIZABLE. A statement is ended after
// `postgres_statement_ms` by the server; a wait for a lock, after `postgres_lock_ms`, counts as busy.
#pragma once

#include <memory>
#include <string>

#include "server/store/connection.hpp"

namespace expplat::server::store {

inline constexpr int postgres_connect_s = 5;  // where the address says nothing else
inline constexpr int postgres_statement_ms = 30'000;
inline constexpr int postgres_lock_ms = 5'000;

/// `uri` empty: all from the PG* variables.
[[nodiscard]] Outcome<std::unique_ptr<Connection>, Fault> connect_postgres(const std::string& uri);

}  // namespace expplat::server::store
