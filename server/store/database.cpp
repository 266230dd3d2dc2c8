#include "server/store/database.hpp"

#include <algorithm>
#include <optional>
#include <random>
#include <thread>

#include "server/store/migrator.hpp"
#include "server/store/postgres_connection.hpp"
#include "server/store/sqlite_connection.hpp"

namespace expplat::server::store {

namespace {

using domain::Access;
using domain::Problem;
using domain::ProblemType;
using domain::Refusal;

constexpr std::int64_t first_pause_ms = 5;
constexpr std::int64_t longest_pause_ms = 250;

/// A fault on its way out of the body of a transaction.
struct Raised {
    Fault fault;
};

class Session final : public domain::Transaction {
public:
    explicit Session(Connection& connection) : connection_(connection) {}
    using domain::Transaction::execute;
    Rows execute(std::string_view sql, std::span<const Cell> parameters) override {
        Outcome<Rows, Fault> rows = connection_.execute(sql, parameters);
        if (!rows) throw Raised{rows.problem()};
        return std::move(*rows);
    }

private:
    Connection& connection_;
};

Problem problem_of(const Fault& fault) {
    switch (fault.kind) {
        case FaultKind::unavailable:
        case FaultKind::busy: return {ProblemType::unavailable, fault.message};
        case FaultKind::constraint: return {ProblemType::conflict, fault.message};
        case FaultKind::text: return {ProblemType::invalid, fault.message};
        case FaultKind::statement: return {ProblemType::internal, fault.message};
    }
    return {ProblemType::internal, fault.message};
}

Begin begin_of(Access access) {
    switch (access) {
        case Access::read: return Begin::read;
        case Access::write: return Begin::write;
        case Access::ordered_write: return Begin::ordered_write;
    }
    return Begin::read;
}

/// Between half of it and all of it, so that writers that met part.
std::int64_t pause_before(int repeat) {
    thread_local std::minstd_rand random{std::random_device{}()};
    const std::int64_t most = std::min(longest_pause_ms, first_pause_ms << std::min(repeat, 10));
    return std::uniform_int_distribution<std::int64_t>(most / 2, most)(random);
}

}  // namespace

Database::Database(Address address, DatabaseOptions options)
    : address_(std::move(address)), options_(std::move(options)) {}

Outcome<std::unique_ptr<Database>> Database::open(const Address& address, DatabaseOptions options) {
    // A database in memory is its connection's.
    options.connections = address.in_memory() ? 1 : std::max<std::size_t>(options.connections, 1);
    std::unique_ptr<Database> database(new Database(address, std::move(options)));
    Outcome<std::unique_ptr<Connection>, Fault> first = database->take();
    if (!first) return problem_of(first.problem());
    database->give_back(std::move(*first));
    return database;
}

Outcome<std::unique_ptr<Connection>, Fault> Database::connect() const {
    return address_.kind == Address::Kind::sqlite ? connect_sqlite(address_.target)
                                                  : connect_postgres(address_.target);
}

Outcome<std::unique_ptr<Connection>, Fault> Database::take() {
    std::unique_lock lock(mutex_);
    const bool is_free = freed_.wait_for(lock, std::chrono::milliseconds(options_.wait_ms),
                                         [this] { return !idle_.empty() || open_ < options_.connections; });
    if (!is_free) return Fault{FaultKind::unavailable, "every connection to the database is in use"};
    if (!idle_.empty()) {
        std::unique_ptr<Connection> connection = std::move(idle_.back());
        idle_.pop_back();
        return connection;
    }
    ++open_;
    ++counts_.connections;
    lock.unlock();
    Outcome<std::unique_ptr<Connection>, Fault> made = connect();
    if (!made) give_back(nullptr);
    return made;
}

void Database::give_back(std::unique_ptr<Connection> connection) noexcept {
    {
        const std::lock_guard lock(mutex_);
        if (connection == nullptr || connection->is_broken()) {
            --open_;
        } else {
            idle_.push_back(std::move(connection));
        }
    }
    freed_.notify_one();
}

struct Database::Attempt {
    std::optional<Problem> problem;  // how it ended, where it did not commit
    bool may_repeat = false;
};

void Database::attempt(Attempt& attempt, Access access,
                       const std::function<void(domain::Transaction&)>& body) {
    attempt = {};
    Outcome<std::unique_ptr<Connection>, Fault> taken = take();
    if (!taken) {
        attempt.problem = problem_of(taken.problem());
        return;
    }
    std::unique_ptr<Connection> connection = std::move(*taken);
    const auto end_with = [&attempt](const Fault& fault, bool may_repeat) {
        attempt.problem = problem_of(fault);
        attempt.may_repeat = may_repeat;
    };
    if (Outcome<void, Fault> begun = connection->begin(begin_of(access)); !begun) {
        // It was lost while nobody used it, or another one holds the lock: nothing is done yet.
        end_with(begun.problem(), begun.problem().kind == FaultKind::busy || connection->is_broken());
    } else {
        Session session(*connection);
        try {
            body(session);
            // A connection that is lost now may have committed: the caller must look.
            if (Outcome<void, Fault> done = connection->commit(); !done) {
                end_with(done.problem(), done.problem().kind == FaultKind::busy);
            }
        } catch (const Raised& raised) {
            end_with(raised.fault, raised.fault.kind == FaultKind::busy || connection->is_broken());
        } catch (const Refusal& refusal) {
            attempt.problem = refusal.problem();
        } catch (const std::exception& error) {
            attempt.problem = Problem{ProblemType::internal, error.what()};
        }
    }
    if (attempt.problem) connection->rollback();
    give_back(std::move(connection));
}

Outcome<void> Database::run(Access access, const std::function<void(domain::Transaction&)>& body) {
    {
        const std::lock_guard lock(mutex_);
        ++counts_.transactions;
    }
    Attempt attempt;
    for (int repeat = 0;; ++repeat) {
        this->attempt(attempt, access, body);
        if (!attempt.problem) return {};
        if (!attempt.may_repeat || repeat + 1 >= options_.attempts) return *attempt.problem;
        {
            const std::lock_guard lock(mutex_);
            ++counts_.repeats;
        }
        const std::int64_t pause_ms = pause_before(repeat);
        if (options_.pause) {
            options_.pause(pause_ms);
        } else {
            std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
        }
    }
}

Outcome<std::int64_t> Database::migrate() {
    Outcome<std::unique_ptr<Connection>, Fault> taken = take();
    if (!taken) return problem_of(taken.problem());
    std::unique_ptr<Connection> connection = std::move(*taken);
    Outcome<std::int64_t> version = Problem{};
    try {
        version = store::migrate(*connection, migrations());
    } catch (const std::exception& error) {
        connection->rollback();
        version = Problem{ProblemType::internal, error.what()};
    }
    give_back(std::move(connection));
    return version;
}

Outcome<void> Database::check() {
    return run(Access::read, [](domain::Transaction& transaction) {
        (void)transaction.execute("SELECT sequence FROM audit_head WHERE id = 1");
    });
}

Database::Counts Database::counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
}

}  // namespace expplat::server::store
