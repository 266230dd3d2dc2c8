// Whether the server lives, whether it can work, and what it counts. For load balancers and Prometheus.
#include "expplat/version.hpp"
#include "server/api/routes.hpp"
#include "server/auth/secret.hpp"

namespace expplat::server::api {

namespace {

/// Metrics tell much about who uses the server how: they are open on this machine alone, and otherwise for a token.
void require_metrics_access(const Services& services, const http::Request& request) {
    if (services.are_metrics_open) return;
    if (services.metrics_token.empty())
        throw domain::Refusal(domain::ProblemType::not_found,
                              "The metrics are shown to who has EXPPLAT_METRICS_TOKEN, which is not set.");
    if (!auth::is_equal_in_constant_time(bearer_of(request), services.metrics_token))
        throw domain::Refusal(domain::ProblemType::unauthorized,
                              "The metrics are shown to who has EXPPLAT_METRICS_TOKEN.");
}

}  // namespace

void add_health(Routes& routes) {
    const Services& services = routes.services();
    routes.add_at_once("GET", "/health/live", [](const http::Request&) {
        return http::Response::json(200, R"({"status":"live","version":")" + std::string(version) + "\"}");
    });
    routes.add_open("GET", "/health/ready", [&services](const http::Request&) {
        check(services.is_ready());
        std::string json = R"({"status":"ready")";
        if (services.event_stream != nullptr) {
            json += R"(,"event_stream":)";
            json += services.event_stream->is_failing() ? R"("failing")" : R"("working")";
        }
        return http::Response::json(200, json + '}');
    });
    routes.add_at_once("GET", "/metrics", [&services](const http::Request& request) {
        require_metrics_access(services, request);
        return http::Response::text(200, "text/plain; version=0.0.4; charset=utf-8", services.metrics.text());
    });
}

}  // namespace expplat::server::api
