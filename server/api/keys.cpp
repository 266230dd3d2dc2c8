// Keys of programs.
#include "server/auth/api_key.hpp"

#include "server/api/routes.hpp"

namespace expplat::server::api {

using namespace domain;

void add_keys(Routes& routes) {
    const Services& services = routes.services();
    const std::string all = "/api/v1/projects/{project}/environments/{environment}/keys";

    /// The one answer that shows a key. So it is not kept for `Idempotency-Key` either.
    routes.add("POST", all, [&services](Call& call) {
        if (call.request().headers.contains("Idempotency-Key"))
            refuse_member("", "a key is shown once: Idempotency-Key cannot be honoured here");
        Body body = call.body();
        const std::string kind = body.text("kind");
        const std::string name = body.text("name");
        const std::optional<std::int64_t> expires_ms = body.optional_integer("expires_ms");
        body.done();
        auth::KeyKind made_kind = auth::KeyKind::server;
        if (kind == "client") made_kind = auth::KeyKind::client;
        if (kind == "admin") made_kind = auth::KeyKind::admin;
        const std::string environment = call.parameter("environment");
        Result<auth::NewKey> material = auth::make_api_key(made_kind, environment);
        if (!material) throw Refusal(ProblemType::not_found, "there is no such environment");
        const Key key = value_of(services.keys.create(
            call.caller(), call.parameter("project"), environment, kind, name, expires_ms,
            {material->id, material->sha256, auth::redact_key(material->text)}));
        std::string json = to_json(key);
        json.pop_back();
        http::Response response = http::Response::json(201, json + ",\"key\":\"" + material->text + "\"}");
        response.headers.set("Cache-Control", "no-store");
        return response;
    });
    routes.add("GET", all, [&services](Call& call) {
        std::vector<std::string> items;
        for (const Key& key : value_of(
                 services.keys.list(call.caller(), call.parameter("project"), call.parameter("environment"))))
            items.push_back(to_json(key));
        return page_of(items, {});
    });
    routes.add("POST", "/api/v1/projects/{project}/keys/{id}/revoke", [&services](Call& call) {
        const Key key =
            value_of(services.keys.revoke(call.caller(), call.parameter("project"), call.parameter("id")));
        services.gate.forget_key(key.id);
        return http::Response::json(200, to_json(key));
    });
}

}  // namespace expplat::server::api
