#include "server/store/migrator.hpp"

#include <string>
#include <vector>

#include "server/domain/digest.hpp"

namespace expplat::server::store {

namespace {

using domain::Problem;
using domain::ProblemType;

Problem problem_of(const Fault& fault, std::string_view what) {
    const bool is_away = fault.kind == FaultKind::unavailable || fault.kind == FaultKind::busy;
    return {is_away ? ProblemType::unavailable : ProblemType::internal,
            "migrating the database: " + std::string(what) + ": " + fault.message};
}

/// Statements end with `;` at the end of a line.
std::vector<std::string_view> statements_of(std::string_view sql) {
    std::vector<std::string_view> statements;
    while (!sql.empty()) {
        const std::size_t end = sql.find(";\n");
        if (end == std::string_view::npos) {
            if (sql.find_first_not_of(" \n") != std::string_view::npos) statements.push_back(sql);
            break;
        }
        statements.push_back(sql.substr(0, end));
        sql.remove_prefix(end + 2);
    }
    return statements;
}

/// The number of applied ones, or why the database is none of ours.
Outcome<std::int64_t> applied(Connection& connection, std::span<const Migration> known) {
    Outcome<Rows, Fault> rows =
        connection.execute("SELECT number, name, hash FROM schema_migrations ORDER BY number", {});
    if (!rows) return problem_of(rows.problem(), "schema_migrations");
    for (std::size_t i = 0; i < rows->size(); ++i) {
        const auto row = (*rows)[i];
        const std::string at = std::to_string(row.integer(0)) + " (" + row.text(1) + ")";
        if (i >= known.size()) {
            return Problem{ProblemType::conflict,
                           "the database is newer than this program: its schema has migration " + at +
                               ", and this program knows " + std::to_string(known.size())};
        }
        if (row.integer(0) != known[i].number || row.text(2) != domain::sha256_hex(known[i].sql)) {
            return Problem{ProblemType::conflict, "the database's migration " + at +
                                                      " is not the one of that number in this program"};
        }
    }
    return static_cast<std::int64_t>(rows->size());
}

Outcome<void> apply(Connection& connection, const Migration& migration) {
    for (const std::string_view statement : statements_of(migration.sql)) {
        if (Outcome<Rows, Fault> done = connection.execute(statement, {}); !done) {
            return problem_of(done.problem(), migration.name);
        }
    }
    const std::vector<Cell> row{migration.number, std::string(migration.name),
                                domain::sha256_hex(migration.sql)};
    if (Outcome<Rows, Fault> done =
            connection.execute("INSERT INTO schema_migrations (number, name, hash) VALUES (?, ?, ?)", row);
        !done) {
        return problem_of(done.problem(), migration.name);
    }
    return {};
}

Outcome<std::int64_t> bring_up_to_date(Connection& connection, std::span<const Migration> known) {
    if (Outcome<Rows, Fault> made =
            connection.execute("CREATE TABLE IF NOT EXISTS schema_migrations "
                               "(number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL)",
                               {});
        !made) {
        return problem_of(made.problem(), "schema_migrations");
    }
    Outcome<std::int64_t> count = applied(connection, known);
    if (!count) return count;
    for (const Migration& migration : known.subspan(static_cast<std::size_t>(*count))) {
        if (Outcome<void> done = apply(connection, migration); !done) return done.problem();
    }
    if (Outcome<void, Fault> done = connection.commit(); !done) return problem_of(done.problem(), "commit");
    return static_cast<std::int64_t>(known.size());
}

}  // namespace

Outcome<std::int64_t> migrate(Connection& connection, std::span<const Migration> known) {
    if (Outcome<void, Fault> begun = connection.begin(Begin::migration); !begun) {
        return problem_of(begun.problem(), "begin");
    }
    Outcome<std::int64_t> number = bring_up_to_date(connection, known);
    if (!number) connection.rollback();
    return number;
}

}  // namespace expplat::server::store
