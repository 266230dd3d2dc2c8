// The description of this interface, for programs and for people. Anybody may read it.
#include "server/api/description.hpp"
#include "server/api/routes.hpp"
#include "server/http/conditional.hpp"

namespace expplat::server::api {

namespace {

[[nodiscard]] http::Response served(const http::Request& request, const Document& document,
                                    const char* content_type) {
    http::Response response;
    if (http::none_match_names(request.headers.find("If-None-Match"), document.etag)) {
        response.status = 304;
    } else {
        response.body = document.text;
        response.headers.set("Content-Type", content_type);
    }
    response.headers.set("ETag", document.etag);
    response.headers.set("Cache-Control", "public, no-cache");
    return response;
}

}  // namespace

void add_reference(Routes& routes) {
    routes.add_at_once("GET", "/api/v1/openapi.json", [](const http::Request& request) {
        return served(request, description_json(), "application/json");
    });
    routes.add_at_once("GET", "/api/v1/reference", [](const http::Request& request) {
        http::Response response = served(request, reference_page(), "text/html; charset=utf-8");
        response.headers.set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
        return response;
    });
}

}  // namespace expplat::server::api
