#include "server/http/cors.hpp"

#include <algorithm>

#include "server/http/field.hpp"

namespace expplat::server::http {

namespace {

constexpr std::string_view methods = "GET, HEAD, POST, PUT, PATCH, DELETE";
constexpr std::string_view request_fields =
    "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID, X-API-Key, "
    "X-Request-Id, "
    "traceparent, tracestate";
constexpr std::string_view exposed_fields =
    "ETag, Location, Retry-After, X-Request-Id, Expplat-Environment, WWW-Authenticate";
constexpr std::string_view preflight_s = "600";

/// `scheme://host[:port]` as browsers send it: nothing behind it, no capital, no port that is the scheme's own.
[[nodiscard]] bool is_origin(std::string_view text) noexcept {
    for (const std::string_view scheme : {"https://", "http://"}) {
        if (!text.starts_with(scheme)) continue;
        const std::string_view host = text.substr(scheme.size());
        const std::string_view port_left_away = scheme == "https://" ? ":443" : ":80";
        return !host.empty() && is_host(host) && !host.ends_with(port_left_away) &&
               std::ranges::none_of(text, [](char c) { return c == '*' || (c >= 'A' && c <= 'Z'); });
    }
    return false;
}

}  // namespace

Result<Cors> Cors::parse(std::string_view list) {
    Cors cors;
    if (trim(list) == "*") {
        cors.is_any_ = true;
        return cors;
    }
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(','), list.size());
        const std::string_view origin = trim(list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
        if (!is_origin(origin) || cors.origins_.size() >= origins_most) {
            return Error{ErrorCode::invalid_argument,
                         '`' + std::string(origin) +
                             "` must be an origin, https://console.example.com, or the list `*` alone"};
        }
        cors.origins_.emplace_back(origin);
    }
    return cors;
}

bool Cors::allows(std::string_view origin) const noexcept {
    return is_any_ || std::ranges::find(origins_, origin) != origins_.end();
}

std::optional<Response> Cors::preflight(const Request& request) const {
    if (is_empty() || request.method != "OPTIONS" ||
        !request.headers.contains("Access-Control-Request-Method"))
        return std::nullopt;
    const std::string_view origin = request.headers.find("Origin");
    if (origin.empty()) return std::nullopt;
    Response response;
    response.status = 204;
    if (!allows(origin)) return response;  // the browser then asks no further
    response.headers.set("Access-Control-Allow-Methods", std::string(methods));
    response.headers.set("Access-Control-Allow-Headers", std::string(request_fields));
    response.headers.set("Access-Control-Max-Age", std::string(preflight_s));
    return response;
}

std::string Cors::fields_for(std::string_view origin) const {
    if (is_empty()) return {};
    // Whether an origin was sent or not, so that what a cache keeps of the one is good for the other: the same field for
    // all, or word that it differs (Fetch, "CORS protocol and HTTP caches").
    std::string fields;
    if (!is_any_) {
        fields += "Vary: Origin\r\n";
        if (origin.empty() || !allows(origin)) return fields;
    }
    fields += "Access-Control-Allow-Origin: ";
    fields += is_any_ ? "*" : origin;
    fields += "\r\nAccess-Control-Expose-Headers: ";
    fields += exposed_fields;
    fields += "\r\n";
    return fields;
}

}  // namespace expplat::server::http
