// `Connection`: one connection to a database, behind which SQLite and PostgreSQL look alike.
//
// Statements are the portable SQL of `server/domain/tables` and of `migrations/`, with `?` for parameters. Nothing throws.
// One thread at a time; `Database` lends them out. Made by `connect` of `sqlite_connection.hpp` and
// `postgres_connection.hpp`.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "server/domain/outcome.hpp"
#include "server/domain/store.hpp"

namespace expplat::server::store {

using domain::Cell;
using domain::Outcome;
using domain::Rows;

enum class FaultKind : std::uint8_t {
    unavailable,  // the server or the file is not there, or the connection is lost
    busy,         // serialization failure, deadlock, locked: the transaction may be run again
    constraint,   // UNIQUE, CHECK, NOT NULL or FOREIGN KEY
    text,         // a parameter is no text that both databases keep: what a caller sent
    statement,    // the statement is wrong: a fault of ours
};

/// Never holds a password or a parameter's value.
struct Fault {
    FaultKind kind = FaultKind::statement;
    std::string message;
};

/// How a transaction begins.
enum class Begin : std::uint8_t { read, write, ordered_write, migration };

class Connection {
public:
    virtual ~Connection() = default;
    [[nodiscard]] virtual Outcome<Rows, Fault> execute(std::string_view sql,
                                                       std::span<const Cell> parameters) = 0;
    [[nodiscard]] virtual Outcome<void, Fault> begin(Begin how) = 0;
    [[nodiscard]] virtual Outcome<void, Fault> commit() = 0;
    /// Leaves the connection without a transaction, or broken.
    virtual void rollback() noexcept = 0;
    /// It can do nothing any more and must be replaced.
    [[nodiscard]] virtual bool is_broken() const noexcept = 0;
};

/// UTF-8 without U+0000, which is all that both databases keep: what is wrong with the parameters, or an empty text.
[[nodiscard]] std::string faulty_parameter(std::span<const Cell> parameters);

/// The SQL with `$1`, `$2`, … for each `?` that is outside of quotes and comments.
[[nodiscard]] std::string with_numbered_parameters(std::string_view sql);

}  // namespace expplat::server::store
