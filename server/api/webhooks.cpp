// Webhooks: who is to be told of a project's changes. Registered here; nothing is delivered yet.
#include "server/domain/webhooks.hpp"

#include "server/api/routes.hpp"
#include "server/auth/secret.hpp"
#include "src/aws/digest.hpp"

namespace expplat::server::api {

using namespace domain;

namespace {

constexpr std::size_t secret_bytes = 32;

[[nodiscard]] std::string made_secret() {
    Result<std::string> random = auth::random_bytes(secret_bytes);
    if (!random) throw Refusal(ProblemType::internal, random.error().message);
    return "whsec_" + aws::hex(auth::octets_of(*random));
}

}  // namespace

void add_webhooks(Routes& routes) {
    const Webhooks& webhooks = routes.services().webhooks;
    const std::string all = "/api/v1/projects/{project}/webhooks";
    const std::string one = all + "/{id}";

    /// The one answer that shows the secret. So it is not kept for `Idempotency-Key` either.
    routes.add(
        "POST", all,
        [&webhooks](Call& call) {
            if (call.request().headers.contains("Idempotency-Key"))
                refuse_member("", "a secret is shown once: Idempotency-Key cannot be honoured here");
            Body body = call.body();
            const std::string url = body.text("url");
            const auto events = body.optional_texts("events").value_or(std::vector<std::string>{"*"});
            body.done();
            const Webhook made = value_of(
                webhooks.create(call.caller(), call.parameter("project"), url, events, made_secret()));
            std::string json = to_json(made);
            json.pop_back();
            http::Response response =
                created({"projects", call.parameter("project"), "webhooks", made.id}, etag_of(made.revision),
                        json + R"(,"secret":")" + made.secret + "\"}");
            response.headers.set("Cache-Control", "no-store");
            return response;
        },
        Effect::none);
    routes.add("GET", all, [&webhooks](Call& call) {
        std::vector<std::string> items;
        for (const Webhook& webhook : value_of(webhooks.list(call.caller(), call.parameter("project"))))
            items.push_back(to_json(webhook));
        return page_of(items, {});
    });
    routes.add("GET", one, [&webhooks](Call& call) {
        const Webhook webhook =
            value_of(webhooks.get(call.caller(), call.parameter("project"), call.parameter("id")));
        return revised(200, webhook.revision, to_json(webhook));
    });
    routes.add(
        "PATCH", one,
        [&webhooks](Call& call) {
            Body body = call.body();
            const WebhookChange change{.url = body.optional_text("url"),
                                       .events = body.optional_texts("events"),
                                       .enabled = body.optional_boolean("enabled")};
            body.done();
            const Webhook webhook = value_of(webhooks.update(
                call.caller(), call.parameter("project"), call.parameter("id"), change, call.if_revision()));
            return revised(200, webhook.revision, to_json(webhook));
        },
        Effect::none);
    routes.add(
        "DELETE", one,
        [&webhooks](Call& call) {
            check(webhooks.remove(call.caller(), call.parameter("project"), call.parameter("id")));
            http::Response gone;
            gone.status = 204;
            return gone;
        },
        Effect::none);
}

}  // namespace expplat::server::api
