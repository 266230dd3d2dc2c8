// Projects and environments.
#include "server/api/routes.hpp"

namespace expplat::server::api {

using namespace domain;

void add_projects(Routes& routes) {
    const Projects& projects = routes.services().projects;

    routes.add(
        "POST", "/api/v1/projects",
        [&projects](Call& call) {
            Body body = call.body();
            const std::string key = body.text("key");
            const std::string name = body.optional_text("name").value_or(key);
            const std::string description = body.optional_text("description").value_or("");
            body.done();
            const Project made = value_of(projects.create(call.caller(), key, name, description));
            return created({"projects", made.key}, etag_of(made.revision), to_json(made));
        },
        Effect::none);
    routes.add("GET", "/api/v1/projects", [&projects](Call& call) {
        const Page<Project> page =
            value_of(projects.list(call.caller(), call.query_flag("archived"), call.page()));
        std::vector<std::string> items;
        for (const Project& project : page.items) items.push_back(to_json(project));
        return page_of(items, page.next);
    });
    routes.add("GET", "/api/v1/projects/{project}", [&projects](Call& call) {
        const Project project = value_of(projects.get(call.caller(), call.parameter("project")));
        return revised(200, project.revision, to_json(project));
    });
    routes.add("PATCH", "/api/v1/projects/{project}", [&projects](Call& call) {
        Body body = call.body();
        const ProjectChange change{.name = body.optional_text("name"),
                                   .description = body.optional_text("description"),
                                   .archived = body.optional_boolean("archived")};
        body.done();
        const Project project =
            value_of(projects.update(call.caller(), call.parameter("project"), change, call.if_revision()));
        return revised(200, project.revision, to_json(project));
    });

    const std::string environments = "/api/v1/projects/{project}/environments";
    routes.add("POST", environments, [&projects](Call& call) {
        Body body = call.body();
        const std::string key = body.text("key");
        const std::string name = body.optional_text("name").value_or(key);
        const std::string description = body.optional_text("description").value_or("");
        const bool requires_approval = body.optional_boolean("requires_approval").value_or(false);
        body.done();
        const Environment made = value_of(projects.create_environment(
            call.caller(), call.parameter("project"), key, name, description, requires_approval));
        return created({"projects", call.parameter("project"), "environments", made.key},
                       etag_of(made.revision), to_json(made));
    });
    routes.add("GET", environments, [&projects](Call& call) {
        std::vector<std::string> items;
        for (const Environment& one :
             value_of(projects.list_environments(call.caller(), call.parameter("project"))))
            items.push_back(to_json(one));
        return page_of(items, {});
    });
    routes.add("GET", environments + "/{environment}", [&projects](Call& call) {
        const Environment one = value_of(projects.get_environment(call.caller(), call.parameter("project"),
                                                                  call.parameter("environment")));
        return revised(200, one.revision, to_json(one));
    });
    routes.add("PATCH", environments + "/{environment}", [&projects](Call& call) {
        Body body = call.body();
        const EnvironmentChange change{.name = body.optional_text("name"),
                                       .description = body.optional_text("description"),
                                       .requires_approval = body.optional_boolean("requires_approval"),
                                       .archived = body.optional_boolean("archived")};
        body.done();
        const Environment one =
            value_of(projects.update_environment(call.caller(), call.parameter("project"),
                                                 call.parameter("environment"), change, call.if_revision()));
        return revised(200, one.revision, to_json(one));
    });
}

}  // namespace expplat::server::api
