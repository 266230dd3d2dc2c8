// `HttpTransport`: HTTP/1.1 over TCP and TLS: the transport that opens sockets.
//
// The client's loop owns one and polls it; every handler is called from `poll`, on that thread. Connections are kept and
// used again; certificates are verified; names are looked up without a thread. It starts no thread, handles no signal and
// raises none (writes to a closed socket are errors). `wake` alone may be called from any thread. What an exchange is told
// is in `transport.hpp`; redirects and statuses are the caller's. Next: `exchange.hpp`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "expplat/base/result.hpp"
#include "src/net/transport.hpp"

namespace expplat::net {

inline constexpr std::size_t exchanges_at_once = 256;  // a further one ends with `too_large`

struct HttpTransportSettings {
    std::string
        proxy;  // `http://[user:password@]host:port`, `none`, or empty: what the environment says (`proxy.hpp`)
    std::string ca_file;  // PEM certificates to believe instead of the system's
    std::string user_agent;
    std::string name_servers;  // `address[:port][,...]` instead of the system's
    std::size_t idle_connections_per_host = 4;
    std::int64_t idle_connection_ms = 55'000;  // below the minute after which load balancers close theirs
    /// Variables of the environment; empty: the process's.
    std::function<std::optional<std::string>(const std::string&)> environment;
};

class HttpTransport final : public Transport {
public:
    /// `not_found` or `invalid_argument` for a CA file that is none, `invalid_argument` or `unsupported` for a proxy;
    /// `io` where the system gives no descriptors.
    [[nodiscard]] static Result<std::unique_ptr<HttpTransport>> open(HttpTransportSettings settings);
    /// Cancels what is under way.
    ~HttpTransport() override;

    ExchangeId start(Request request, Handlers handlers) override;
    void cancel(ExchangeId exchange) override;

    /// Does what can be done now and calls handlers. Where nothing can be done it waits for at most `wait_ms` until
    /// something can; 0 never waits. May not be called from a handler.
    void poll(std::int64_t wait_ms);
    /// Ends a `poll` that waits, or the wait of the next one. From any thread, as long as the transport lives.
    void wake() noexcept;
    /// In a forked child, before anything else: closes the child's copies of the descriptors and lets go of everything
    /// without touching it, so that the parent's connections are not disturbed. The transport is then good for nothing
    /// but its destructor: exchanges never end.
    void abandon_after_fork() noexcept;

private:
    class Core;
    explicit HttpTransport(std::unique_ptr<Core> core);
    std::unique_ptr<Core> core_;
};

}  // namespace expplat::net
