#include "server/store/sqlite_connection.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <thread>

namespace expplat::server::store {

namespace {

struct CloseDatabase {
    void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
};
struct FinishStatement {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using DatabaseHandle = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, FinishStatement>;

FaultKind kind_of(int code) noexcept {
    switch (code & 0xFF) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return FaultKind::busy;
        case SQLITE_CONSTRAINT: return FaultKind::constraint;
        case SQLITE_CANTOPEN:
        case SQLITE_CORRUPT:
        case SQLITE_FULL:
        case SQLITE_IOERR:
        case SQLITE_NOMEM:
        case SQLITE_NOTADB:
        case SQLITE_PERM:
        case SQLITE_READONLY: return FaultKind::unavailable;
        default: return FaultKind::statement;
    }
}

Fault fault_of(sqlite3* database, int code) {
    return {kind_of(code), std::string("SQLite: ") +
                               (database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code))};
}

/// PostgreSQL's collation "C": by bytes.
int compare_bytes(void*, int left_size, const void* left, int right_size, const void* right) noexcept {
    const auto common = static_cast<std::size_t>(std::min(left_size, right_size));
    const int order = common == 0 ? 0 : std::memcmp(left, right, common);
    return order != 0 ? order : left_size - right_size;
}

class SqliteConnection final : public Connection {
public:
    explicit SqliteConnection(DatabaseHandle database) : database_(std::move(database)) {}

    Outcome<Rows, Fault> execute(std::string_view sql, std::span<const Cell> parameters) override {
        if (std::string faulty = faulty_parameter(parameters); !faulty.empty()) {
            return Fault{FaultKind::text, std::move(faulty)};
        }
        sqlite3_stmt* prepared = nullptr;
        int code =
            sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()), &prepared, nullptr);
        const Statement statement(prepared);
        if (code != SQLITE_OK) return fault_of(database_.get(), code);
        if (prepared == nullptr) return Rows{};
        if (sqlite3_bind_parameter_count(prepared) != static_cast<int>(parameters.size())) {
            return Fault{FaultKind::statement, "SQLite: the statement has another number of parameters"};
        }
        code = bind(prepared, parameters);
        if (code != SQLITE_OK) return fault_of(database_.get(), code);
        Rows rows;
        for (int i = 0; i < sqlite3_column_count(prepared); ++i) {
            rows.columns.emplace_back(sqlite3_column_name(prepared, i));
        }
        while ((code = sqlite3_step(prepared)) == SQLITE_ROW) {
            Outcome<std::vector<Cell>, Fault> cells = row_of(prepared);
            if (!cells) return cells.problem();
            rows.cells.push_back(std::move(*cells));
        }
        if (code != SQLITE_DONE) return fault_of(database_.get(), code);
        if (rows.columns.empty()) rows.affected = sqlite3_changes64(database_.get());
        return rows;
    }

    Outcome<void, Fault> begin(Begin how) override {
        return plain(how == Begin::read        ? "BEGIN"
                     : how == Begin::migration ? "BEGIN EXCLUSIVE"
                                               : "BEGIN IMMEDIATE");
    }
    Outcome<void, Fault> commit() override { return plain("COMMIT"); }
    void rollback() noexcept override {
        if (sqlite3_get_autocommit(database_.get()) == 0) {
            sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
        }
    }
    [[nodiscard]] bool is_broken() const noexcept override { return false; }

private:
    Outcome<void, Fault> plain(const char* sql) {
        const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
        if (code != SQLITE_OK) return fault_of(database_.get(), code);
        return {};
    }

    static int bind(sqlite3_stmt* statement, std::span<const Cell> parameters) {
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            const int at = static_cast<int>(i) + 1;
            int code = SQLITE_OK;
            if (const auto* number = std::get_if<std::int64_t>(&parameters[i])) {
                code = sqlite3_bind_int64(statement, at, *number);
            } else if (const auto* text = std::get_if<std::string>(&parameters[i])) {
                // SQLITE_STATIC: the parameters outlive the statement.
                code = sqlite3_bind_text64(statement, at, text->data(), text->size(), nullptr, SQLITE_UTF8);
            } else {
                code = sqlite3_bind_null(statement, at);
            }
            if (code != SQLITE_OK) return code;
        }
        return SQLITE_OK;
    }

    static Outcome<std::vector<Cell>, Fault> row_of(sqlite3_stmt* statement) {
        std::vector<Cell> cells;
        const int columns = sqlite3_column_count(statement);
        cells.reserve(static_cast<std::size_t>(columns));
        for (int i = 0; i < columns; ++i) {
            switch (sqlite3_column_type(statement, i)) {
                case SQLITE_NULL: cells.emplace_back(); break;
                case SQLITE_INTEGER:
                    cells.emplace_back(std::int64_t{sqlite3_column_int64(statement, i)});
                    break;
                case SQLITE_TEXT: {
                    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
                    cells.emplace_back(
                        std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement, i))));
                    break;
                }
                default:
                    return Fault{FaultKind::statement, std::string("SQLite: column ") +
                                                           sqlite3_column_name(statement, i) +
                                                           " is neither text nor an integer"};
            }
        }
        return cells;
    }

    DatabaseHandle database_;
};

/// Makes the file, readable by its owner alone; SQLite gives its companions the same mode.
bool create_file(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) return false;
    ::close(descriptor);
    return true;
}

/// The journal of a new file is changed by whoever opens it first. Those who come at the same time each hold what the others
/// want, so SQLite does not wait for them, whatever its timeout: one gives way here and asks again.
int write_ahead(sqlite3* opened) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(sqlite_busy_ms);
    for (;;) {
        const int code = sqlite3_exec(opened, "PRAGMA journal_mode=WAL", nullptr, nullptr, nullptr);
        if (kind_of(code) != FaultKind::busy || std::chrono::steady_clock::now() >= end) return code;
        std::uint8_t pause_ms = 0;
        sqlite3_randomness(sizeof pause_ms, &pause_ms);
        std::this_thread::sleep_for(std::chrono::milliseconds(1 + pause_ms % 16));
    }
}

}  // namespace

Outcome<std::unique_ptr<Connection>, Fault> connect_sqlite(const std::string& path) {
    if (path != ":memory:" && !create_file(path)) {
        return Fault{FaultKind::unavailable, "SQLite: " + path + ": " + std::strerror(errno)};
    }
    sqlite3* opened = nullptr;
    int code = sqlite3_open_v2(path.c_str(), &opened,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    DatabaseHandle database(opened);
    if (code != SQLITE_OK) return fault_of(opened, code);
    sqlite3_extended_result_codes(opened, 1);
    sqlite3_busy_timeout(opened, sqlite_busy_ms);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_limit(opened, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_create_collation_v2(opened, "C", SQLITE_UTF8, nullptr, compare_bytes, nullptr);
    code = write_ahead(opened);
    if (code != SQLITE_OK) return fault_of(opened, code);
    code = sqlite3_exec(opened,
                        "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                        "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON",
                        nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return fault_of(opened, code);
    return std::unique_ptr<Connection>(std::make_unique<SqliteConnection>(std::move(database)));
}

}  // namespace expplat::server::store
