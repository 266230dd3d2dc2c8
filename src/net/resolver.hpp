// `Resolver`: the addresses of a host's name, found without a thread and without blocking the loop.
//
// Addresses and `localhost` need no question; everything else is c-ares's: `/etc/hosts` first, then the name servers of
// `/etc/resolv.conf`, which is read anew for each name, so that a laptop that changes networks is followed. Belongs to
// the loop's thread. Sources: RFC 6761 (6.3, 6.4), RFC 6724. Next: `connection.hpp`, which tries the addresses.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "expplat/base/result.hpp"
#include "src/net/event_loop.hpp"

namespace expplat::net {

inline constexpr int dns_first_timeout_ms = 1'000;  // of one question; the second try has twice that
inline constexpr int dns_tries = 2;
inline constexpr std::size_t addresses_per_name = 16;  // more are not tried

class Resolver {
public:
    /// Addresses as text, in the order to try them: never none. Else `network` that names the host.
    using Done = std::function<void(Result<std::vector<std::string>>)>;

    /// A question under way; destroying it forgets it.
    class Lookup {
    public:
        virtual ~Lookup() = default;
    };

    /// `servers`: name servers as `address[:port][,...]`; empty: the system's. The loop outlives the resolver.
    Resolver(EventLoop& loop, std::string servers) : loop_(loop), servers_(std::move(servers)) {}

    /// `done` comes once, from the loop and never from within this call.
    [[nodiscard]] std::unique_ptr<Lookup> resolve(const std::string& host, Done done);

private:
    EventLoop& loop_;
    std::string servers_;
};

}  // namespace expplat::net
