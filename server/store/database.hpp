// `Database`: a pool of connections that implements the domain's `Store` over SQLite or PostgreSQL.
//
// At most `connections` are open; who finds none free waits at most `wait_ms`. A write that meets another one is run again
// from its start, after a random pause, at most `attempts` times; a lost connection is replaced, and a transaction that was
// not being committed when it was lost is run again. Thread-safe. `migrate` once before all else.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "server/domain/store.hpp"
#include "server/store/address.hpp"
#include "server/store/connection.hpp"

namespace expplat::server::store {

struct DatabaseOptions {
    std::size_t connections = 8;
    std::int64_t wait_ms = 5'000;
    int attempts = 10;
    /// How the pause before another attempt is spent; tests give one that only counts.
    std::function<void(std::int64_t pause_ms)> pause = {};
};

class Database final : public domain::Store {
public:
    /// Makes one connection, so that a wrong address is found here.
    [[nodiscard]] static Outcome<std::unique_ptr<Database>> open(const Address& address,
                                                                 DatabaseOptions options = {});

    Outcome<void> run(domain::Access access, const std::function<void(domain::Transaction&)>& body) override;

    /// Brings the schema up to date: `migrator.hpp`. Answers its number.
    [[nodiscard]] Outcome<std::int64_t> migrate();

    /// One connection works and the schema is there: for readiness.
    [[nodiscard]] Outcome<void> check();

    struct Counts {
        std::uint64_t transactions = 0;
        std::uint64_t repeats = 0;      // transactions run again
        std::uint64_t connections = 0;  // made since the start
    };
    [[nodiscard]] Counts counts() const;

private:
    Database(Address address, DatabaseOptions options);

    class Lease;
    [[nodiscard]] Outcome<std::unique_ptr<Connection>, Fault> connect() const;
    [[nodiscard]] Outcome<std::unique_ptr<Connection>, Fault> take();
    void give_back(std::unique_ptr<Connection> connection) noexcept;

    struct Attempt;
    void attempt(Attempt& attempt, domain::Access access,
                 const std::function<void(domain::Transaction&)>& body);

    const Address address_;
    const DatabaseOptions options_;
    mutable std::mutex mutex_;  // guards what follows
    std::condition_variable freed_;
    std::vector<std::unique_ptr<Connection>> idle_;
    std::size_t open_ = 0;  // idle or lent
    Counts counts_;
};

}  // namespace expplat::server::store
