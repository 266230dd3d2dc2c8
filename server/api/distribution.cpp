// What clients of the library ask for: the ruleset, and the stream of its changes (docs/PROTOCOL.md).
#include "server/api/audience.hpp"
#include "server/http/conditional.hpp"

namespace expplat::server::api {

using namespace domain;

namespace {

constexpr std::string_view image_type = "application/vnd.expplat.image";

[[nodiscard]] StreamHolder holder_of(const Call& call, const Wanted& wanted) {
    return {.kind = call.entry().principal.kind,
            .id = call.entry().principal.id,
            .operation = wanted.audience == publish::Audience::server ? auth::Operation::sdk_stream
                                                                      : auth::Operation::client_stream,
            .project = wanted.name.project,
            .environment = wanted.name.environment,
            .epoch = call.entry().epoch};
}

}  // namespace

void add_distribution(Routes& routes) {
    const Services& services = routes.services();

    routes.add_quick("GET", "/api/v1/sdk/ruleset", [&services](Call& call) {
        const Wanted what =
            wanted(call, auth::Operation::sdk_ruleset, auth::Operation::client_ruleset, services.now_ms());
        const auto release = release_of(services, what);
        const std::string_view accept = call.request().headers.find("Accept");
        const bool image =
            http::quality_of(accept, image_type) > http::quality_of(accept, "application/json");
        http::Response response;
        // Two forms of one thing are two tags.
        const std::string etag =
            image ? release->etag.substr(0, release->etag.size() - 1) + "-image\"" : release->etag;
        if (http::none_match_names(call.request().headers.find("If-None-Match"), etag)) {
            response.status = 304;
        } else if (image) {
            const auto bytes = release->image.bytes();
            response.body = std::make_shared<const std::string>(reinterpret_cast<const char*>(bytes.data()),
                                                                bytes.size());
            response.headers.set("Content-Type", std::string(image_type));
        } else {
            response.body = release->json;
            response.body_gzip = release->json_gzip;
            response.headers.set("Content-Type", "application/json");
        }
        response.headers.set("ETag", etag);
        response.headers.set("Cache-Control", "private, no-cache");
        response.headers.set("Vary", "Accept, Accept-Encoding, Authorization");
        response.headers.set("Expplat-Environment", release->environment);
        return response;
    });

    routes.add_stream("/api/v1/sdk/stream", [&services](Call& call, http::Responder& responder) {
        const Wanted what =
            wanted(call, auth::Operation::sdk_stream, auth::Operation::client_stream, services.now_ms());
        (void)release_of(services, what);
        services.hub.follow(what.name, what.audience, last_event(call.request()),
                            open_stream(services, holder_of(call, what), responder));
    });
}

}  // namespace expplat::server::api
