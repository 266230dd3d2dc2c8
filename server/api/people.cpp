// People and their roles; and what a person may always see and change: the own account.
#include "server/auth/password.hpp"
#include "server/auth/password_rules.hpp"

#include "server/api/routes.hpp"

namespace expplat::server::api {

using namespace domain;

namespace {

[[nodiscard]] std::optional<std::vector<RoleGrant>> grants_of_body(Body& body) {
    const ruleset::Node* const list = body.value("grants");
    if (list == nullptr) return std::nullopt;
    if (list->kind() != ruleset::NodeKind::array) refuse_member("/grants", "must be a list");
    std::vector<RoleGrant> grants;
    for (const ruleset::Node& item : list->items()) {
        const std::string pointer = "/grants/" + std::to_string(grants.size());
        if (item.kind() != ruleset::NodeKind::object) refuse_member(pointer, "must be an object");
        RoleGrant grant;
        for (const ruleset::Member& member : item.members()) {
            std::string* const to = member.name == "role"          ? &grant.role
                                    : member.name == "project"     ? &grant.project
                                    : member.name == "environment" ? &grant.environment
                                                                   : nullptr;
            if (to == nullptr || member.value.kind() != ruleset::NodeKind::string)
                refuse_member(pointer, "has role, project and environment, which are strings");
            *to = member.value.text();
        }
        grants.push_back(std::move(grant));
    }
    return grants;
}

/// The hash to be stored. Takes its time: on a worker.
[[nodiscard]] std::string hashed(const std::string& password, std::string_view email, const char* pointer) {
    if (const Result<void> good = auth::check_new_password(password, email); !good)
        refuse_member(pointer, good.error().message);
    Result<std::string> hash = auth::hash_password(password);
    if (!hash) throw Refusal(ProblemType::internal, hash.error().message);
    return std::move(*hash);
}

/// Needed where people log in with it, refused where they come in by a user pool.
[[nodiscard]] std::optional<std::string> password_of(const Services& services, Body& body) {
    if (services.gate.has_local_log_in()) return body.text("password");
    std::optional<std::string> password = body.optional_text("password");
    if (password) services.gate.require_local_log_in();
    return password;
}

}  // namespace

void add_people(Routes& routes) {
    const Services& services = routes.services();
    const People& people = services.people;

    routes.add(
        "POST", "/api/v1/users",
        [&services, &people](Call& call) {
            // Before the password is hashed, which takes its time.
            call.require(auth::Operation::users_write, "", "", services.now_ms());
            Body body = call.body();
            const std::string email = body.text("email");
            const std::string name = body.optional_text("name").value_or("");
            const std::optional<std::string> password = password_of(services, body);
            const auto grants = grants_of_body(body).value_or(std::vector<RoleGrant>{});
            body.done();
            std::optional<std::string> hash;
            if (password) hash = hashed(*password, email, "/password");
            const PersonView made = value_of(people.create(call.caller(), email, name, hash, grants));
            return created({"users", made.person.id}, etag_of(made.person.revision), to_json(made));
        },
        Effect::none);
    routes.add("GET", "/api/v1/users", [&people](Call& call) {
        const Page<PersonView> page = value_of(people.list(call.caller(), call.page()));
        std::vector<std::string> items;
        for (const PersonView& one : page.items) items.push_back(to_json(one));
        return page_of(items, page.next);
    });
    routes.add("GET", "/api/v1/users/{id}", [&people](Call& call) {
        const PersonView one = value_of(people.get(call.caller(), call.parameter("id")));
        return revised(200, one.person.revision, to_json(one));
    });
    routes.add(
        "PATCH", "/api/v1/users/{id}",
        [&services, &people](Call& call) {
            Body body = call.body();
            PersonChange change{.name = body.optional_text("name"),
                                .disabled = body.optional_boolean("disabled"),
                                .grants = grants_of_body(body)};
            const std::optional<std::string> password = body.optional_text("password");
            if (password) services.gate.require_local_log_in();
            body.done();
            const std::string id = call.parameter("id");
            if (password) {
                const PersonView one = value_of(people.get(call.caller(), id));
                change.password_hash = hashed(*password, one.person.email, "/password");
            }
            const PersonView changed = value_of(people.update(call.caller(), id, change, call.if_revision()));
            return revised(200, changed.person.revision, to_json(changed));
        },
        Effect::none);

    routes.add("GET", "/api/v1/account", [&services](Call& call) {
        call.require(auth::Operation::account, "", "", services.now_ms());
        const auto found = value_of(services.people.find(call.caller().actor.id));
        if (!found) throw Refusal(ProblemType::not_found, "there is no such person any more");
        return revised(200, found->person.revision, to_json(*found));
    });
    routes.add(
        "POST", "/api/v1/account/password",
        [&services](Call& call) {
            call.require(auth::Operation::account, "", "", services.now_ms());
            services.gate.require_local_log_in();
            Body body = call.body();
            const std::string old_password = body.text("old");
            const std::string new_password = body.text("new");
            body.done();
            const std::string id = call.caller().actor.id;
            const auto found = value_of(services.people.find(id));
            if (!found || !found->person.password) refuse_member("/old", "is not the password");
            const std::string& remote = call.request().remote;
            services.attempts.begin(found->person.email, remote);
            if (auth::verify_password(old_password, *found->person.password) == auth::PasswordMatch::no) {
                services.attempts.failed(found->person.email, remote);
                refuse_member("/old", "is not the password");
            }
            services.attempts.succeeded(found->person.email, remote);
            Caller herself = call.caller();
            herself.may = [](const Operation& operation, Transaction&) {
                return operation.action == "user.update";
            };
            const PersonView changed = value_of(services.people.update(
                herself, id, {.password_hash = hashed(new_password, found->person.email, "/new")}));
            return revised(200, changed.person.revision, to_json(changed));
        },
        Effect::none);
}

}  // namespace expplat::server::api
