// `Cors`: which pages of other origins may call this server from a browser.
//
// Given with the listener's settings; each connection asks it for every request: a preflight is answered at once, and what
// is answered to an allowed origin says so, whoever answers. Cookies have no part in this
// server, so neither have credentials: programs send their token themselves. A value, safe from many threads. Source: the
// WHATWG's Fetch, "CORS protocol".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/base/result.hpp"
#include "server/http/message.hpp"

namespace expplat::server::http {

class Cors {
public:
    static constexpr std::size_t origins_most = 256;

    Cors() = default;
    /// A comma list of origins as browsers write them, `https://console.example.com`, or `*` alone: any. Empty: none. Errors:
    /// `invalid_argument` for what is neither.
    [[nodiscard]] static Result<Cors> parse(std::string_view list);

    [[nodiscard]] bool is_empty() const noexcept { return !is_any_ && origins_.empty(); }
    [[nodiscard]] bool allows(std::string_view origin) const noexcept;

    /// The answer to a browser that asks before it asks, whatever the path; nothing where the request is none such.
    [[nodiscard]] std::optional<Response> preflight(const Request& request) const;
    /// The fields, with their line ends, that every answer to that `Origin` has; an empty one: it was not sent.
    [[nodiscard]] std::string fields_for(std::string_view origin) const;

private:
    bool is_any_ = false;
    std::vector<std::string> origins_;
};

}  // namespace expplat::server::http
