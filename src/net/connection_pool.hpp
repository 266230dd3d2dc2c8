// `ConnectionPool`: connections that wait for their next request, a few for each route and not for long.
//
// An exchange takes one here, or has one made, and gives it back when the answer has been read to its end. The one that
// was used last is taken first. A connection that its peer closes leaves by itself. Belongs to the loop's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "src/net/connection.hpp"
#include "src/net/event_loop.hpp"

namespace expplat::net {

inline constexpr std::size_t idle_connections = 32;  // of all routes together; the oldest leaves

class ConnectionPool {
public:
    struct Taken {
        std::shared_ptr<Connection> connection;
        bool is_reused = false;  // connected already, and maybe closed by its peer a moment ago
    };

    /// Loop, resolver and context outlive the pool.
    ConnectionPool(EventLoop& loop, Resolver& resolver, const TlsContext& tls, std::size_t per_route,
                   std::int64_t idle_ms)
        : loop_(loop), resolver_(resolver), tls_(tls), per_route_(per_route), idle_ms_(idle_ms) {}
    ConnectionPool(const ConnectionPool&) = delete;
    ConnectionPool& operator=(const ConnectionPool&) = delete;
    ~ConnectionPool();

    /// One that waits, or a new one that is not connected yet; always a new one where `fresh`.
    [[nodiscard]] Taken take(Route route, bool fresh);
    void give_back(std::shared_ptr<Connection> connection);

private:
    struct Idle {
        Idle(EventLoop& loop, std::shared_ptr<Connection> waiting)
            : key(waiting->route().key()), connection(std::move(waiting)), timer(loop) {}
        std::string key;
        std::shared_ptr<Connection> connection;
        EventLoop::Timer timer;
    };
    using Position = std::list<Idle>::iterator;

    void drop(Position idle);

    EventLoop& loop_;
    Resolver& resolver_;
    const TlsContext& tls_;
    std::size_t per_route_;
    std::int64_t idle_ms_;
    std::list<Idle> idle_;  // the one used last is first
};

}  // namespace expplat::net
