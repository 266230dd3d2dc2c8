#include "src/net/connection_pool.hpp"

#include <iterator>
#include <utility>

namespace expplat::net {

ConnectionPool::~ConnectionPool() {
    while (!idle_.empty()) drop(idle_.begin());
}

void ConnectionPool::drop(Position idle) {
    const std::shared_ptr<Connection> connection = std::move(idle->connection);
    idle_.erase(idle);
    connection->close();
}

ConnectionPool::Taken ConnectionPool::take(Route route, bool fresh) {
    const std::string key = fresh ? std::string() : route.key();
    for (auto idle = idle_.begin(); !fresh && idle != idle_.end();) {
        const auto here = idle++;
        if (here->key != key) continue;
        if (!here->connection->stop_watching()) {
            drop(here);
            continue;
        }
        Taken taken{std::move(here->connection), true};
        idle_.erase(here);
        return taken;
    }
    return {Connection::make(loop_, resolver_, tls_, std::move(route)), false};
}

void ConnectionPool::give_back(std::shared_ptr<Connection> connection) {
    if (per_route_ == 0) return connection->close();
    idle_.emplace_front(loop_, std::move(connection));
    const Position added = idle_.begin();
    added->timer.arm(idle_ms_, [this, added] { drop(added); });
    added->connection->watch([this, added] { drop(added); });
    std::size_t same = 0;
    for (auto idle = idle_.begin(); idle != idle_.end();) {
        const auto here = idle++;
        if (here->key == added->key && ++same > per_route_) drop(here);
    }
    if (idle_.size() > idle_connections) drop(std::prev(idle_.end()));
}

}  // namespace expplat::net
