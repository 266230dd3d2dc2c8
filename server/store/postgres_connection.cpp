#include "server/store/postgres_connection.hpp"

#include <libpq-fe.h>

#include <array>
#include <charconv>

namespace expplat::server::store {

namespace {

struct CloseConnection {
    void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
struct ClearAnswer {
    void operator()(PGresult* answer) const noexcept { PQclear(answer); }
};
using Handle = std::unique_ptr<PGconn, CloseConnection>;
using Answer = std::unique_ptr<PGresult, ClearAnswer>;

// Of the server's catalogue `pg_type`; they never change.
constexpr Oid oid_of_int8 = 20;
constexpr Oid oid_of_int4 = 23;
constexpr Oid oid_of_int2 = 21;
constexpr Oid oid_of_text = 25;
constexpr Oid oid_of_void = 2278;

/// One program at a time migrates; the number is "expplat" in ASCII.
constexpr std::string_view migration_lock = "SELECT pg_advisory_xact_lock(28561396965597556)";

FaultKind kind_of(std::string_view state) noexcept {
    if (state == "40001" || state == "40P01" || state == "55P03") return FaultKind::busy;
    if (state.starts_with("23")) return FaultKind::constraint;
    // 25006: a writer that has become a reader (fail-over); 42501: no permission.
    for (const std::string_view lost : {"08", "53", "57P", "58", "XX", "25006", "28", "42501"}) {
        if (state.starts_with(lost)) return FaultKind::unavailable;
    }
    return FaultKind::statement;
}

std::string first_line(const char* text) {
    const std::string_view all = text == nullptr ? "" : text;
    return std::string(all.substr(0, all.find('\n')));
}

class PostgresConnection final : public Connection {
public:
    explicit PostgresConnection(Handle connection) : connection_(std::move(connection)) {}

    Outcome<Rows, Fault> execute(std::string_view sql, std::span<const Cell> parameters) override {
        if (std::string faulty = faulty_parameter(parameters); !faulty.empty()) {
            return Fault{FaultKind::text, std::move(faulty)};
        }
        return send(with_numbered_parameters(sql), parameters);
    }

    Outcome<void, Fault> begin(Begin how) override {
        switch (how) {
            case Begin::read: return plain("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
            case Begin::write: return plain("BEGIN ISOLATION LEVEL SERIALIZABLE");
            case Begin::ordered_write:
                // LOCK takes no snapshot: what follows sees all that was committed while it waited.
                return plain("BEGIN ISOLATION LEVEL SERIALIZABLE; LOCK TABLE audit_head IN EXCLUSIVE MODE");
            case Begin::migration:
                return plain("BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'",
                             migration_lock);
        }
        return {};
    }

    Outcome<void, Fault> commit() override {
        Outcome<Rows, Fault> answer = send("COMMIT", {});
        if (!answer) return answer.problem();
        return {};
    }

    void rollback() noexcept override {
        if (PQtransactionStatus(connection_.get()) == PQTRANS_IDLE) return;
        const Answer answer(PQexec(connection_.get(), "ROLLBACK"));
        if (PQtransactionStatus(connection_.get()) != PQTRANS_IDLE) broken_ = true;
    }

    [[nodiscard]] bool is_broken() const noexcept override {
        return broken_ || PQstatus(connection_.get()) != CONNECTION_OK;
    }

    Outcome<void, Fault> plain(std::string_view sql, std::string_view then = {}) {
        const Answer answer(PQexec(connection_.get(), std::string(sql).c_str()));
        if (PQresultStatus(answer.get()) != PGRES_COMMAND_OK) return fault_of(answer.get());
        if (then.empty()) return {};
        Outcome<Rows, Fault> rows = send(std::string(then), {});
        if (!rows) return rows.problem();
        return {};
    }

private:
    Outcome<Rows, Fault> send(const std::string& sql, std::span<const Cell> parameters) {
        std::vector<Oid> types;
        std::vector<std::string> numbers(parameters.size());
        std::vector<const char*> values;
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            if (const auto* number = std::get_if<std::int64_t>(&parameters[i])) {
                numbers[i] = std::to_string(*number);
                types.push_back(oid_of_int8);
                values.push_back(numbers[i].c_str());
            } else if (const auto* text = std::get_if<std::string>(&parameters[i])) {
                types.push_back(oid_of_text);
                values.push_back(text->c_str());
            } else {
                types.push_back(0);
                values.push_back(nullptr);
            }
        }
        const Answer answer(PQexecParams(connection_.get(), sql.c_str(), static_cast<int>(parameters.size()),
                                         types.data(), values.data(), nullptr, nullptr, 0));
        switch (PQresultStatus(answer.get())) {
            case PGRES_COMMAND_OK: {
                Rows rows;
                const std::string_view count = PQcmdTuples(answer.get());
                std::from_chars(count.data(), count.data() + count.size(), rows.affected);
                return rows;
            }
            case PGRES_EMPTY_QUERY: return Rows{};  // a comment alone
            case PGRES_TUPLES_OK: return rows_of(answer.get());
            default: return fault_of(answer.get());
        }
    }

    Fault fault_of(const PGresult* answer) {
        const char* state = PQresultErrorField(answer, PG_DIAG_SQLSTATE);
        if (state == nullptr) {
            if (PQstatus(connection_.get()) != CONNECTION_OK) {
                return {FaultKind::unavailable, "PostgreSQL: the connection is lost"};
            }
            return {FaultKind::unavailable, "PostgreSQL: " + first_line(PQerrorMessage(connection_.get()))};
        }
        const FaultKind kind = kind_of(state);
        if (kind == FaultKind::unavailable) broken_ = true;
        // The primary message names tables and constraints; values are in the detail, which stays here.
        return {kind, "PostgreSQL: " + first_line(PQresultErrorField(answer, PG_DIAG_MESSAGE_PRIMARY)) +
                          " (" + state + ")"};
    }

    static Outcome<Rows, Fault> rows_of(const PGresult* answer) {
        Rows rows;
        const int columns = PQnfields(answer);
        for (int i = 0; i < columns; ++i) rows.columns.emplace_back(PQfname(answer, i));
        for (int row = 0; row < PQntuples(answer); ++row) {
            std::vector<Cell>& cells = rows.cells.emplace_back();
            cells.reserve(static_cast<std::size_t>(columns));
            for (int i = 0; i < columns; ++i) {
                const std::string_view value(PQgetvalue(answer, row, i),
                                             static_cast<std::size_t>(PQgetlength(answer, row, i)));
                const Oid type = PQftype(answer, i);
                if (PQgetisnull(answer, row, i) != 0 || type == oid_of_void) {
                    cells.emplace_back();
                } else if (type == oid_of_int8 || type == oid_of_int4 || type == oid_of_int2) {
                    std::int64_t number = 0;
                    std::from_chars(value.data(), value.data() + value.size(), number);
                    cells.emplace_back(number);
                } else if (type == oid_of_text) {
                    cells.emplace_back(std::string(value));
                } else {
                    return Fault{FaultKind::statement, "PostgreSQL: column " +
                                                           rows.columns[static_cast<std::size_t>(i)] +
                                                           " is neither text nor an integer"};
                }
            }
        }
        return rows;
    }

    Handle connection_;
    bool broken_ = false;
};

}  // namespace

Outcome<std::unique_ptr<Connection>, Fault> connect_postgres(const std::string& uri) {
    if (!uri.empty()) {
        // libpq's own complaint about an address repeats it, with its password.
        PQconninfoOption* parsed = PQconninfoParse(uri.c_str(), nullptr);
        if (parsed == nullptr) {
            return Fault{FaultKind::unavailable, "PostgreSQL: the database's address is no connection URI"};
        }
        PQconninfoFree(parsed);
    }
    const std::string timeout = std::to_string(postgres_connect_s);
    // What stands behind `dbname`, which is expanded, has the last word.
    const std::array<const char*, 5> names{"connect_timeout", "application_name", "dbname", "client_encoding",
                                           nullptr};
    const std::array<const char*, 5> values{timeout.c_str(), "expplat-server", uri.c_str(), "UTF8", nullptr};
    Handle connection(PQconnectdbParams(names.data(), values.data(), 1));
    if (PQstatus(connection.get()) != CONNECTION_OK) {
        return Fault{FaultKind::unavailable, "PostgreSQL: " + first_line(PQerrorMessage(connection.get()))};
    }
    PQsetNoticeProcessor(
        connection.get(), [](void*, const char*) {}, nullptr);
    auto made = std::make_unique<PostgresConnection>(std::move(connection));
    const std::string settings = "SET statement_timeout = " + std::to_string(postgres_statement_ms) +
                                 "; SET lock_timeout = " + std::to_string(postgres_lock_ms) +
                                 "; SET idle_in_transaction_session_timeout = '60s'";
    if (Outcome<void, Fault> done = made->plain(settings); !done) return done.problem();
    return std::unique_ptr<Connection>(std::move(made));
}

}  // namespace expplat::server::store
