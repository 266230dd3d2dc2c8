// Whether the server lives, whether it can work, and what it counts. For load balancers and Prometheus: nobody logs in.
#include "expplat/version.hpp"
#include "server/api/routes.hpp"

namespace expplat::server::api {

void add_health(Routes& routes) {
    const Services& services = routes.services();
    routes.add_at_once("GET", "/health/live", [](const http::Request&) {
        return http::Response::json(200, R"({"status":"live","version":")" + std::string(version) + "\"}");
    });
    routes.add_open("GET", "/health/ready", [&services](const http::Request&) {
        check(services.is_ready());
        return http::Response::json(200, R"({"status":"ready"})");
    });
    routes.add_at_once("GET", "/metrics", [&services](const http::Request&) {
        return http::Response::text(200, "text/plain; version=0.0.4; charset=utf-8", services.metrics.text());
    });
}

}  // namespace expplat::server::api
