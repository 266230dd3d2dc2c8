// What clients of the library ask for: the ruleset, and the stream of its changes (docs/PROTOCOL.md).
#include <charconv>

#include "server/api/routes.hpp"
#include "server/http/conditional.hpp"

namespace expplat::server::api {

using namespace domain;

namespace {

constexpr std::string_view image_type = "application/vnd.expplat.image";

struct Wanted {
    publish::EnvironmentName name;
    publish::Audience audience = publish::Audience::server;
};

/// A key's own environment; a person, or a key that is of none, names it in the query.
[[nodiscard]] publish::EnvironmentName environment_of(const Call& call) {
    if (!call.entry().environment.empty()) return {call.entry().project, call.entry().environment};
    publish::EnvironmentName name{call.query("project"), call.query("environment")};
    if (name.project.empty() || name.environment.empty())
        refuse_member("", "the query must name `project` and `environment`");
    return name;
}

/// Who may see all sees all.
[[nodiscard]] Wanted wanted(const Call& call, auth::Operation all, auth::Operation visible,
                            std::int64_t now_ms) {
    Wanted wanted{environment_of(call)};
    const auth::Scope scope{wanted.name.project, wanted.name.environment};
    if (auth::decide(call.entry().principal, all, scope, now_ms) == auth::Verdict::allowed) return wanted;
    call.require(visible, wanted.name.project, wanted.name.environment, now_ms);
    wanted.audience = publish::Audience::client;
    return wanted;
}

[[nodiscard]] std::shared_ptr<const publish::Release> release_of(const Services& services,
                                                                 const Wanted& wanted) {
    auto release = services.hub.current(wanted.name, wanted.audience);
    if (release == nullptr) throw Refusal(ProblemType::not_found, "there is no such environment");
    return release;
}

[[nodiscard]] std::optional<std::uint64_t> last_event(const http::Request& request) {
    const std::string_view text = request.headers.find("Last-Event-ID");
    std::uint64_t version = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return version;
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
        http::Response head;
        head.headers.set("Content-Type", "text/event-stream");
        head.headers.set("Cache-Control", "no-store");
        head.headers.set("X-Accel-Buffering", "no");
        http::Stream stream = responder.open(std::move(head));
        services.hub.follow(what.name, what.audience, last_event(call.request()),
                            [stream](const publish::SharedText& piece) {
                                if (piece != nullptr) return stream.send(piece);
                                stream.close();
                                return false;
                            });
    });
}

}  // namespace expplat::server::api
