// `Address`: which database, as `DATABASE_URL` says it.
//
//     sqlite:PATH            a file; made where it is not there, for its owner alone
//     sqlite::memory:        for tests: gone with the program
//     postgres://…           libpq's URI (also `postgresql://…`); what it leaves out comes from the PG* variables
//     postgres:              all of it from the PG* variables
// A value; `shown` is what may be logged.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "expplat/base/result.hpp"

namespace expplat::server::store {

struct Address {
    enum class Kind : std::uint8_t { sqlite, postgres };

    Kind kind = Kind::sqlite;
    std::string target;  // SQLite: the path or `:memory:`; PostgreSQL: the URI, with its password
    std::string shown;   // without user, password and parameters

    [[nodiscard]] bool in_memory() const noexcept { return kind == Kind::sqlite && target == ":memory:"; }

    /// Error `invalid_argument`, whose message does not repeat the text.
    [[nodiscard]] static Result<Address> parse(std::string_view text);
};

}  // namespace expplat::server::store
