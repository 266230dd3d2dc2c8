// `Url`: where a request goes, taken apart; and what may stand in a request's head.
//
// `HttpTransport` parses each request's URL here, `ProxyRules` a proxy's. What could end a line or begin another header
// is refused, so that no text of a configuration or a server becomes a request of its own. Pure; safe on any bytes.
// Sources: RFC 3986 (3), RFC 9110 (4.2, 5.5, 5.6.2, 7.2). Next: `proxy.hpp`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "expplat/base/result.hpp"
#include "src/net/transport.hpp"

namespace expplat::net {

inline constexpr std::size_t url_bytes = 16 * 1024;  // a longer one is refused
inline constexpr std::size_t host_bytes = 255;       // RFC 1035, 2.3.4
inline constexpr std::size_t request_head_bytes =
    64 * 1024;  // names and values of `Request::headers` together

struct Url {
    bool tls = false;  // https
    std::string host;  // lower case; an IPv6 address without its brackets
    std::uint16_t port = 80;
    std::string target = "/";  // path and query; the fragment is dropped
    std::string user;  // what stood before `@`, as it was written; empty unless `parse_proxy_url` read it

    /// `host:port`, an IPv6 address in brackets: for messages, for CONNECT, and (port left out) for `Host`.
    [[nodiscard]] std::string authority() const;
    [[nodiscard]] std::string host_header() const;
};

/// `invalid_argument` that names what is wrong and never repeats the URL, which may hold a secret.
[[nodiscard]] Result<Url> parse_url(std::string_view text);
/// The same for a proxy: a scheme may be left out, `user:password@` is read, a path is refused unless it is `/`.
[[nodiscard]] Result<Url> parse_proxy_url(std::string_view text);

/// An address of either family in text, and nothing else.
[[nodiscard]] bool is_ip_literal(const std::string& host) noexcept;

/// A method that is no token, headers that are no headers, that the transport writes itself or that are too many bytes.
[[nodiscard]] Result<void> check_head(const Request& request);

/// The same letters, whatever their case in ASCII.
[[nodiscard]] bool same_letters(std::string_view a, std::string_view b) noexcept;
/// Lower case of ASCII letters.
[[nodiscard]] std::string lowered(std::string_view text);

}  // namespace expplat::net
