// Roles: those that are always there, and the installation's own.
#include "server/auth/role.hpp"

#include "server/api/routes.hpp"
#include "server/domain/json_object.hpp"

namespace expplat::server::api {

using namespace domain;

namespace {

[[nodiscard]] std::string to_json(std::string_view key, const auth::Role& built_in) {
    std::vector<std::string> operations;
    for (const auth::OperationRow& row : auth::operation_rows()) {
        if (built_in.permissions.has(row.operation)) operations.emplace_back(row.name);
    }
    ObjectWriter writer;
    writer.text("key", key).boolean("built_in", true).json("operations", json_list(operations));
    return std::move(writer).done();
}

/// The key of a role that can be changed: those that are always there are as they are.
[[nodiscard]] std::string own_key(const Services& services, const Call& call) {
    std::string key = call.parameter("role");
    if (!auth::Role::built_in(key)) return key;
    call.require(auth::Operation::roles_write, "", "", services.now_ms());
    throw Refusal(ProblemType::conflict,
                  "the role `" + key + "` is always there and always the same: make one of your own");
}

}  // namespace

void add_roles(Routes& routes) {
    const Services& services = routes.services();
    const Roles& roles = services.roles;
    const std::string all = "/api/v1/roles";
    const std::string one = all + "/{role}";

    routes.add(
        "POST", all,
        [&roles](Call& call) {
            Body body = call.body();
            const std::string key = body.text("key");
            const std::string name = body.optional_text("name").value_or(key);
            const auto operations = body.optional_texts("operations").value_or(std::vector<std::string>{});
            body.done();
            const Role made = value_of(roles.create(call.caller(), key, name, operations));
            return created({"roles", made.key}, etag_of(made.revision), domain::to_json(made));
        },
        Effect::none);
    routes.add("GET", all, [&roles](Call& call) {
        const std::vector<Role> own = value_of(roles.list(call.caller()));
        std::vector<std::string> items;
        for (const char* key : {"admin", "developer", "analyst", "viewer"}) {
            if (const auto built_in = auth::Role::built_in(key)) items.push_back(to_json(key, *built_in));
        }
        for (const Role& role : own) items.push_back(domain::to_json(role));
        return page_of(items, {});
    });
    routes.add("GET", one, [&services, &roles](Call& call) {
        const std::string key = call.parameter("role");
        if (const auto built_in = auth::Role::built_in(key)) {
            call.require(auth::Operation::roles_read, "", "", services.now_ms());
            return http::Response::json(200, to_json(key, *built_in));
        }
        const Role role = value_of(roles.get(call.caller(), key));
        return revised(200, role.revision, domain::to_json(role));
    });
    routes.add(
        "PATCH", one,
        [&services, &roles](Call& call) {
            Body body = call.body();
            const RoleChange change{.name = body.optional_text("name"),
                                    .operations = body.optional_texts("operations")};
            body.done();
            const Role role =
                value_of(roles.update(call.caller(), own_key(services, call), change, call.if_revision()));
            return revised(200, role.revision, domain::to_json(role));
        },
        Effect::none);
    routes.add(
        "DELETE", one,
        [&services, &roles](Call& call) {
            check(roles.remove(call.caller(), own_key(services, call), call.if_revision()));
            http::Response gone;
            gone.status = 204;
            return gone;
        },
        Effect::none);
}

}  // namespace expplat::server::api
