// `ProxyRules`: which proxy, if any, stands between the host program and a URL.
//
// Read once when a transport is opened, from its settings or the environment, in curl's way: `https_proxy` or
// `HTTPS_PROXY` for https, `http_proxy` (lower case only: a CGI host lets its client write `HTTP_PROXY`) for http, and
// `no_proxy` or `NO_PROXY` for exceptions. Immutable afterwards. Next: `connection.hpp`, which asks the proxy to CONNECT.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/base/result.hpp"
#include "src/net/url.hpp"

namespace expplat::net {

struct Proxy {
    std::string host;
    std::uint16_t port = 80;
    std::string authorization;  // the value of Proxy-Authorization; empty: none. A secret
};

class ProxyRules {
public:
    using Environment = std::function<std::optional<std::string>(const std::string&)>;

    /// `setting`: a proxy for every URL, `none`, or empty for the environment's. `invalid_argument` that says where the
    /// address that is none came from, `unsupported` for a proxy that speaks something else than HTTP.
    [[nodiscard]] static Result<ProxyRules> read(const std::string& setting, const Environment& environment);

    /// Nothing where the URL is reached directly. Lives as long as the rules.
    [[nodiscard]] const Proxy* find(const Url& url) const noexcept;

private:
    [[nodiscard]] bool is_excepted(const std::string& host) const noexcept;

    std::optional<Proxy> http_;
    std::optional<Proxy> https_;
    std::vector<std::string> exceptions_;  // lower case; names without a leading dot, addresses, networks
};

/// RFC 4648, 4.
[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace expplat::net
