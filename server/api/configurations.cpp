// Configurations of a whole environment: read together, and changes that are made together.
#include "server/domain/configurations.hpp"

#include "server/api/routes.hpp"
#include "server/domain/bounds.hpp"
#include "server/domain/json_object.hpp"

namespace expplat::server::api {

using namespace domain;

void add_configurations(Routes& routes) {
    const Configurations& configurations = routes.services().configurations;

    routes.add("GET", "/api/v1/projects/{project}/environments/{environment}/configurations",
               [&configurations](Call& call) {
                   std::vector<std::string> items;
                   for (const EntityConfiguration& one : value_of(configurations.list(
                            call.caller(), call.parameter("project"), call.parameter("environment"))))
                       items.push_back(to_json(one));
                   return page_of(items, {});
               });
    routes.add("POST", "/api/v1/projects/{project}/changes", [&configurations](Call& call) {
        Body body = call.body();
        const ruleset::Node* const list = body.value("changes");
        const bool rehearses = body.optional_boolean("rehearse").value_or(false);
        body.done();
        if (list == nullptr || list->kind() != ruleset::NodeKind::array)
            refuse_member("/changes", "must be a list");
        if (list->items().size() > bounds::changes_at_once) {
            throw Refusal(ProblemType::too_large,
                          "at most " + std::to_string(bounds::changes_at_once) + " changes are made at once");
        }
        std::vector<Change> changes;
        for (const ruleset::Node& item : list->items()) {
            changes.push_back(parse_change(call.parameter("project"), ruleset::to_json(item),
                                           "/changes/" + std::to_string(changes.size())));
        }
        check(configurations.change(call.caller(), changes,
                                    rehearses ? Attempt::rehearsal : Attempt::for_good));
        ObjectWriter writer;
        writer.integer("changes", static_cast<std::int64_t>(changes.size())).boolean("rehearsed", rehearses);
        return http::Response::json(200, std::move(writer).done());
    });
}

}  // namespace expplat::server::api
