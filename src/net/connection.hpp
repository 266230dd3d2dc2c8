// `Connection`: one TCP connection to a server, through a proxy and with TLS where the route says so.
//
// It resolves the name, tries the addresses in turn (the next one after 250 ms or at once after a failure; RFC 8305 in
// small), asks a proxy to CONNECT, and speaks TLS; then bytes go through. No time limit of its own: the exchange that
// owns it closes it. Belongs to the loop's thread. Callbacks come from the loop, never from within a call, and none
// comes after `close`. Next: `exchange.hpp`, which speaks HTTP over it, and `connection_pool.hpp`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "expplat/base/result.hpp"
#include "src/net/event_loop.hpp"
#include "src/net/proxy.hpp"
#include "src/net/resolver.hpp"
#include "src/net/tls_context.hpp"

namespace expplat::net {

inline constexpr std::int64_t next_address_ms = 250;
inline constexpr std::size_t read_bytes = 64 * 1024;  // one read

/// Where a connection leads. Two requests with equal keys may share one.
struct Route {
    bool tls = false;
    std::string host;
    std::uint16_t port = 80;
    std::optional<Proxy> proxy;

    Route(const Url& url, const Proxy* through);
    /// `host:port`, for messages.
    [[nodiscard]] std::string name() const;
    [[nodiscard]] std::string key() const;
};

class Connection {
public:
    using Done = std::function<void(Result<void>)>;
    using Written = std::function<void(Result<std::size_t>)>;
    /// What has come, living for the call; empty: the peer has closed its side.
    using Read = std::function<void(Result<std::string_view>)>;

    /// Loop, resolver and context outlive the connection.
    [[nodiscard]] static std::shared_ptr<Connection> make(EventLoop& loop, Resolver& resolver,
                                                          const TlsContext& tls, Route route);
    virtual ~Connection() = default;

    [[nodiscard]] virtual const Route& route() const noexcept = 0;
    /// Once, first.
    virtual void connect(Done done) = 0;
    /// One at a time. Some of `head` and what follows it in `body`, which live until `done` or as long as `done` does.
    virtual void write_some(std::string_view head, std::string_view body, Written done) = 0;
    /// One at a time, beside a write.
    virtual void read_some(Read done) = 0;
    /// While nothing is read: `broken` comes once, when the peer closes or sends what nobody asked for.
    virtual void watch(std::function<void()> broken) = 0;
    /// Ends the watch; false where the peer has closed already.
    [[nodiscard]] virtual bool stop_watching() = 0;
    virtual void close() noexcept = 0;
};

}  // namespace expplat::net
