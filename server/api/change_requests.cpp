// Change requests: proposed by one, reviewed by another, applied.
#include "server/domain/change_requests.hpp"

#include "server/api/routes.hpp"
#include "server/domain/json_object.hpp"

namespace expplat::server::api {

using namespace domain;

namespace {

[[nodiscard]] std::string json_of(const ChangeRequestView& view) {
    std::string json = to_json(view.request);
    json.pop_back();
    json += view.is_current ? R"(,"current":true)" : R"(,"current":false)";
    return json + R"(,"differences":)" + json_list(view.differences) + '}';
}

[[nodiscard]] http::Response answer_of(const ChangeRequest& request) {
    return revised(200, request.revision, to_json(request));
}

/// A review's words; the body may be left away.
[[nodiscard]] std::string comment_of(const Call& call) {
    if (call.request().body.empty()) return {};
    Body body = call.body();
    std::string comment = body.optional_text("comment").value_or("");
    body.done();
    return comment;
}

}  // namespace

void add_change_requests(Routes& routes) {
    const ChangeRequests& requests = routes.services().change_requests;
    const std::string all = "/api/v1/projects/{project}/change-requests";
    const std::string one = all + "/{id}";

    routes.add(
        "POST", all,
        [&requests](Call& call) {
            Body body = call.body();
            const std::string title = body.text("title");
            const ruleset::Node* const change = body.object("change");
            body.done();
            if (change == nullptr) refuse_member("/change", "is missing");
            const ChangeRequest made = value_of(
                requests.propose(call.caller(), call.parameter("project"), title, ruleset::to_json(*change)));
            return created({"projects", call.parameter("project"), "change-requests", made.id},
                           etag_of(made.revision), to_json(made));
        },
        Effect::none);
    routes.add("GET", all, [&requests](Call& call) {
        const Page<ChangeRequest> page = value_of(
            requests.list(call.caller(), call.parameter("project"), call.query("state"), call.page()));
        std::vector<std::string> items;
        for (const ChangeRequest& request : page.items) items.push_back(to_json(request));
        return page_of(items, page.next);
    });
    routes.add("GET", one, [&requests](Call& call) {
        const ChangeRequestView view =
            value_of(requests.get(call.caller(), call.parameter("project"), call.parameter("id")));
        // The tag is of what is reviewed; what it would change now changes by itself, so that nobody may keep it.
        http::Response response = revised(200, view.request.revision, json_of(view));
        response.headers.set("Cache-Control", "no-store");
        return response;
    });
    for (const bool approve : {true, false}) {
        routes.add(
            "POST", one + (approve ? "/approve" : "/reject"),
            [&requests, approve](Call& call) {
                return answer_of(value_of(requests.review(call.caller(), call.parameter("project"),
                                                          call.parameter("id"), approve, comment_of(call))));
            },
            Effect::none);
    }
    routes.add(
        "POST", one + "/withdraw",
        [&requests](Call& call) {
            return answer_of(
                value_of(requests.withdraw(call.caller(), call.parameter("project"), call.parameter("id"))));
        },
        Effect::none);
    routes.add("POST", one + "/apply", [&requests](Call& call) {
        return answer_of(
            value_of(requests.apply(call.caller(), call.parameter("project"), call.parameter("id"))));
    });
}

}  // namespace expplat::server::api
