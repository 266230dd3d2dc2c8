// Keys of programs: of one environment, or, of kind admin, of a whole project.
#include "server/auth/api_key.hpp"

#include "expplat/base/json_text.hpp"
#include "server/api/routes.hpp"

namespace expplat::server::api {

using namespace domain;

namespace {

/// The one answer that shows a key. So it is not kept for `Idempotency-Key` either.
[[nodiscard]] http::Response make_key(const Services& services, Call& call) {
    if (call.request().headers.contains("Idempotency-Key"))
        refuse_member("", "a key is shown once: Idempotency-Key cannot be honoured here");
    Body body = call.body();
    const std::string kind = body.text("kind");
    const std::string name = body.text("name");
    const std::optional<std::int64_t> expires_ms = body.optional_integer("expires_ms");
    body.done();
    const std::string environment = call.parameter("environment");
    // What the kind should have been, where it is none of these, the domain says.
    auth::KeyKind made_kind = environment.empty() ? auth::KeyKind::admin : auth::KeyKind::server;
    if (kind == "client" && !environment.empty()) made_kind = auth::KeyKind::client;
    if (kind == "admin") made_kind = auth::KeyKind::admin;
    Result<auth::NewKey> material = auth::make_api_key(made_kind, environment);
    if (!material) throw Refusal(ProblemType::not_found, "there is no such environment");
    const Key key = value_of(
        services.keys.create(call.caller(), call.parameter("project"), environment, kind, name, expires_ms,
                             {material->id, material->sha256, auth::redact_key(material->text)}));
    std::string json = to_json(key);
    json.pop_back();
    json += ",\"key\":\"" + material->text + '"';
    // Who knows the place may read it, so this too is shown once.
    if (const std::string object = kind == "client" ? services.client_object(key.id) : ""; !object.empty()) {
        json += ",\"object\":";
        append_json_string(json, object);
    }
    http::Response response = created({"projects", key.project, "keys", key.id}, {}, json + '}');
    response.headers.set("Cache-Control", "no-store");
    return response;
}

}  // namespace

void add_keys(Routes& routes) {
    const Services& services = routes.services();
    const std::string of_project = "/api/v1/projects/{project}/keys";

    for (const std::string& all :
         {std::string("/api/v1/projects/{project}/environments/{environment}/keys"), of_project}) {
        routes.add(
            "POST", all, [&services](Call& call) { return make_key(services, call); }, Effect::none);
        routes.add("GET", all, [&services](Call& call) {
            std::vector<std::string> items;
            for (const Key& key : value_of(services.keys.list(call.caller(), call.parameter("project"),
                                                              call.parameter("environment"))))
                items.push_back(to_json(key));
            return page_of(items, {});
        });
    }
    routes.add("GET", of_project + "/{id}", [&services](Call& call) {
        return http::Response::json(
            200, to_json(value_of(
                     services.keys.get(call.caller(), call.parameter("project"), call.parameter("id")))));
    });
    routes.add(
        "POST", of_project + "/{id}/revoke",
        [&services](Call& call) {
            const Key key = value_of(
                services.keys.revoke(call.caller(), call.parameter("project"), call.parameter("id")));
            services.gate.forget_key(key.id);
            services.streams.close_of(key.id);
            return http::Response::json(200, to_json(key));
        },
        Effect::none);
}

}  // namespace expplat::server::api
