// Schedules: changes that the server applies at a time. A staged rollout is one for each step.
#include "server/domain/schedules.hpp"

#include "server/api/routes.hpp"

namespace expplat::server::api {

using namespace domain;

void add_schedules(Routes& routes) {
    const Schedules& schedules = routes.services().schedules;
    const std::string all = "/api/v1/projects/{project}/schedules";
    const std::string one = all + "/{id}";

    routes.add(
        "POST", all,
        [&schedules](Call& call) {
            Body body = call.body();
            const ruleset::Node* const change = body.object("change");
            const std::optional<std::int64_t> due_ms = body.optional_integer("due_ms");
            const std::string comment = body.optional_text("comment").value_or("");
            body.done();
            if (change == nullptr) refuse_member("/change", "is missing");
            if (!due_ms) refuse_member("/due_ms", "is missing");
            const Schedule made = value_of(schedules.create(call.caller(), call.parameter("project"),
                                                            ruleset::to_json(*change), *due_ms, comment));
            return created({"projects", call.parameter("project"), "schedules", made.id}, {}, to_json(made));
        },
        Effect::none);
    routes.add("GET", all, [&schedules](Call& call) {
        const Page<Schedule> page = value_of(
            schedules.list(call.caller(), call.parameter("project"), call.query("state"), call.page()));
        std::vector<std::string> items;
        for (const Schedule& schedule : page.items) items.push_back(to_json(schedule));
        return page_of(items, page.next);
    });
    routes.add("GET", one, [&schedules](Call& call) {
        return http::Response::json(
            200,
            to_json(value_of(schedules.get(call.caller(), call.parameter("project"), call.parameter("id")))));
    });
    /// It stays in the list, as one that was cancelled.
    routes.add(
        "POST", one + "/cancel",
        [&schedules](Call& call) {
            return http::Response::json(
                200, to_json(value_of(
                         schedules.cancel(call.caller(), call.parameter("project"), call.parameter("id")))));
        },
        Effect::none);
}

}  // namespace expplat::server::api
