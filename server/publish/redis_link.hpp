// `RedisLink`: a connection to Redis that comes back: it logs in, tells when it is ready, and begins anew when it is lost.
//
// `redis_hints.hpp` has two, one that listens and one that speaks: who has subscribed may not publish (RESP2). Waits between
// two tries grow with jitter; a peer that says nothing for long is asked, and given up where it does not answer. Belongs to
// the loop's thread. Next: `resp_parser.hpp`.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <random>
#include <string>

#include "server/publish/redis_address.hpp"
#include "server/publish/resp_parser.hpp"
#include "src/net/backoff.hpp"
#include "src/net/connection.hpp"
#include "src/net/event_loop.hpp"

namespace expplat::server::publish {

inline constexpr std::int64_t redis_connect_ms = 5'000;  // the name, TCP, TLS and the log-in together
inline constexpr std::int64_t redis_quiet_ms = 10'000;   // then it is asked whether it is there ...
inline constexpr std::int64_t redis_answer_ms = 5'000;   // ... and given up
inline constexpr std::int64_t redis_retry_first_ms = 100;
inline constexpr std::int64_t redis_retry_most_ms = 2'000;
inline constexpr std::int64_t redis_retry_least_ms = 20;
inline constexpr std::size_t redis_unsent_bytes = std::size_t{1}
                                                  << 20;  // that wait for the socket; more: it is lost

/// Why a connection is none. Each is logged once, until a connection has held for a while.
enum class RedisFault : std::uint8_t {
    unreachable,  // no name, refused, no TLS, silent
    refused,      // the log-in, the database, a command
    no_redis,     // what came is not its protocol, or too large
    lost,         // was ready, and was closed
};

class RedisLink {
public:
    struct Told {
        std::function<void()> ready;                        // logged in; commands may be sent
        std::function<void(RespValue)> value;               // an answer or a message, in order
        std::function<void(RedisFault, std::string)> lost;  // words without secrets; a new try is on its way
    };

    /// Loop, resolver and context outlive it, and the address.
    RedisLink(net::EventLoop& loop, net::Resolver& resolver, const net::TlsContext& tls,
              const RedisAddress& address, Told told);
    ~RedisLink();
    RedisLink(const RedisLink&) = delete;
    RedisLink& operator=(const RedisLink&) = delete;

    void open();
    /// A command; nothing while it is not ready.
    void send(const std::string& command);
    [[nodiscard]] bool is_ready() const noexcept { return ready_; }
    /// Gives the connection up, for what an answer said.
    void fail(RedisFault fault, std::string why);

private:
    void log_in();
    void write();
    void read();
    void take(std::string_view bytes);
    void take_answer(const RespValue& value);
    void become_ready();
    void watch_silence();

    net::EventLoop& loop_;
    net::Resolver& resolver_;
    const net::TlsContext& tls_;
    const RedisAddress& address_;
    const Told told_;

    std::shared_ptr<net::Connection> connection_;
    RespParser parser_;
    std::string unsent_;
    std::shared_ptr<const std::string> sending_;  // what a write under way has; lives as long as that does
    std::size_t awaited_ = 0;                     // answers of the log-in that have not come
    bool ready_ = false;
    bool asked_ = false;  // a PING is on its way
    std::chrono::steady_clock::time_point ready_since_;

    net::EventLoop::Timer timer_;  // of connecting, of silence, or of the next try
    net::Backoff backoff_{redis_retry_first_ms, redis_retry_most_ms};
    std::mt19937 random_{std::random_device{}()};
};

/// What may be said of an error that Redis answered: its first word. What follows may repeat the command, with its secret.
[[nodiscard]] std::string redis_error_code(const RespValue& error);

}  // namespace expplat::server::publish
