// `TrustedProxies`: who asks, where requests come through proxies that say so in `X-Forwarded-For`.
//
// A proxy appends the address of its own peer to the field, so what stands left of the last address that a trusted proxy
// wrote is hearsay: the client is the right-most address that is no trusted proxy. From any other peer the field means
// nothing. Made by the settings, asked by each connection; a value, safe from many threads.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/base/result.hpp"

namespace expplat::server::http {

/// An IP address; an IPv4 address is the one that IPv6 maps it to.
using Octets = std::array<unsigned char, 16>;

class TrustedProxies {
public:
    static constexpr std::size_t networks_most = 256;

    TrustedProxies() = default;
    /// A comma list of addresses and CIDR prefixes, `10.0.0.0/8, 2001:db8::/32, 192.0.2.7`; empty: none. Errors:
    /// `invalid_argument` for what is neither, and for a prefix with bits beyond its length, which is a typing error.
    [[nodiscard]] static Result<TrustedProxies> parse(std::string_view list);

    [[nodiscard]] bool is_empty() const noexcept { return networks_.empty(); }
    [[nodiscard]] bool contains(std::string_view address) const noexcept;
    /// The client's address of a request from that peer, `X-Forwarded-For` being what it sent of them. The peer's own where
    /// it is not trusted, where the field is empty, and where something in it that counts is no address. If all are
    /// trusted proxies, the first of them.
    [[nodiscard]] std::string client_of(std::string_view peer, std::string_view forwarded_for) const;

private:
    struct Network {
        Octets prefix{};
        unsigned bits = 128;
    };
    [[nodiscard]] bool contains(const Octets& address) const noexcept;

    std::vector<Network> networks_;
};

/// Whether that text is an address of this machine's own, 127.0.0.0/8 or ::1.
[[nodiscard]] bool is_loopback(std::string_view address) noexcept;

}  // namespace expplat::server::http
