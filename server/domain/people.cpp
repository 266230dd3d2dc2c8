#include "server/domain/people.hpp"

#include <algorithm>

#include "server/domain/bounds.hpp"
#include "server/domain/json_object.hpp"
#include "server/domain/tables/projects.hpp"
#include "server/domain/text_rules.hpp"

namespace expplat::server::domain {
namespace {

constexpr const char* admin = "admin";

PersonView require_person(Transaction& t, const std::string& id) {
    std::optional<Person> person = tables::find_person(t, id);
    if (!person) throw Refusal(ProblemType::not_found, "there is no such person");
    return {std::move(*person), tables::grants_of(t, id)};
}

/// With all that decides what they may.
PersonView view_of(Transaction& t, const Person& person) {
    return {person, tables::grants_of(t, person.id), tables::roles_of(t, person.id)};
}

void check_email(std::string_view email, std::string_view pointer) {
    check_name(email, pointer, bounds::email_bytes);
    if (!is_email(email)) refuse_member(std::string(pointer), "must be an e-mail address");
}

std::string lowered(std::string_view email) {
    std::string lower(email);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    }
    return lower;
}

std::string json_of(const std::vector<RoleGrant>& grants) {
    std::string json = "[";
    for (const RoleGrant& grant : grants) {
        if (json.size() > 1) json += ',';
        ObjectWriter writer;
        writer.text("role", grant.role).text("project", grant.project).text("environment", grant.environment);
        json += std::move(writer).done();
    }
    return json + ']';
}

Delegation delegation_of(const RoleGrant& grant) {
    return {.of = Delegation::Of::role,
            .name = grant.role,
            .operations = {},
            .project = grant.project,
            .environment = grant.environment};
}

/// Somebody must be left who can do everything.
void keep_an_admin(Transaction& t) {
    if (tables::count_holders(t, admin) == 0)
        throw Refusal(ProblemType::conflict, "this is the last admin of the server");
}

PersonView insert(Work& work, Person person, std::vector<RoleGrant> grants) {
    std::sort(grants.begin(), grants.end());
    grants.erase(std::unique(grants.begin(), grants.end()), grants.end());
    tables::insert_person(work.transaction(), person);
    tables::set_grants(work.transaction(), person.id, grants, work.now_ms());
    PersonView view{std::move(person), std::move(grants)};
    work.record("user.create", "", "", "user/" + view.person.id, {}, to_json(view));
    return view;
}

}  // namespace

std::string to_json(const PersonView& view) {
    ObjectWriter writer;
    writer.text("id", view.person.id)
        .text("email", view.person.email)
        .text("name", view.person.name)
        .boolean("disabled", view.person.disabled)
        .json("grants", json_of(view.grants))
        .integer("revision", view.person.revision)
        .integer("created_ms", view.person.created_ms)
        .integer("updated_ms", view.person.updated_ms);
    return std::move(writer).done();
}

void People::check_grants(Work& work, const std::vector<RoleGrant>& grants,
                          const std::vector<RoleGrant>& before) const {
    Transaction& t = work.transaction();
    if (grants.size() > bounds::grants) refuse_member("/grants", "too many");
    for (std::size_t i = 0; i < grants.size(); ++i) {
        const RoleGrant& grant = grants[i];
        const std::string pointer = "/grants/" + std::to_string(i);
        if (!is_built_in_(grant.role) && !tables::find_role(t, grant.role))
            refuse_member(pointer + "/role", "is no role");
        if (grant.project.empty() && !grant.environment.empty())
            refuse_member(pointer + "/environment", "needs a project");
        if (!grant.project.empty() && !tables::find_project(t, grant.project))
            refuse_member(pointer + "/project", "is no project");
        if (!grant.environment.empty() && !tables::find_environment(t, grant.project, grant.environment))
            refuse_member(pointer + "/environment", "is no environment of the project");
        if (std::find(before.begin(), before.end(), grant) == before.end())
            work.authorise_delegation(delegation_of(grant));
    }
}

Outcome<PersonView> People::create(const Caller& caller, const std::string& email, const std::string& name,
                                   const std::optional<std::string>& password_hash,
                                   const std::vector<RoleGrant>& grants) const {
    return plane_.write(caller, [&](Work& work) {
        check_email(email, "/email");
        check_text(name, "/name", bounds::name_bytes);
        work.authorise("user.create");
        check_grants(work, grants, {});
        Transaction& t = work.transaction();
        if (tables::find_person_by_email(t, lowered(email)))
            throw Refusal(ProblemType::already_exists, "there is a person with this e-mail already");
        if (tables::count_people(t) >= bounds::people)
            throw Refusal(ProblemType::too_large, "there are too many people already");
        return insert(work,
                      {.id = work.new_id(),
                       .email = lowered(email),
                       .name = name,
                       .password = password_hash,
                       .disabled = false,
                       .tokens_from_ms = work.now_ms(),
                       .revision = 1,
                       .created_ms = work.now_ms(),
                       .updated_ms = work.now_ms()},
                      grants);
    });
}

Outcome<std::optional<PersonView>> People::bootstrap(const std::string& email,
                                                     const std::optional<std::string>& password_hash) const {
    return plane_.write(Caller::system("bootstrap"), [&](Work& work) -> std::optional<PersonView> {
        check_email(email, "/email");
        if (tables::count_people(work.transaction()) > 0) return std::nullopt;
        return insert(work,
                      {.id = work.new_id(),
                       .email = lowered(email),
                       .name = "",
                       .password = password_hash,
                       .disabled = false,
                       .tokens_from_ms = work.now_ms(),
                       .revision = 1,
                       .created_ms = work.now_ms(),
                       .updated_ms = work.now_ms()},
                      {{admin, "", ""}});
    });
}

Outcome<PersonView> People::admit(const Caller& caller, const Arrival& arrival) const {
    return plane_.write(caller, [&](Work& work) {
        Transaction& t = work.transaction();
        if (const std::optional<Person> known = tables::find_person_by_identity(t, arrival.identity))
            return view_of(t, *known);  // on another thread, just now
        if (arrival.email.empty()) {
            throw Refusal(ProblemType::unauthorized,
                          "Nobody here is known by this token: come in once with the ID token, which has the "
                          "verified e-mail.");
        }
        check_email(arrival.email, "");
        if (std::optional<Person> person = tables::find_person_by_email(t, lowered(arrival.email))) {
            if (tables::has_identity(t, person->id, arrival.identity.issuer))
                throw Refusal(ProblemType::unauthorized, "This e-mail is of somebody else here.");
            // From now on their tokens come from elsewhere: the one that they came with is good.
            person->tokens_from_ms = arrival.issued_ms;
            ++person->revision;
            person->updated_ms = work.now_ms();
            tables::update_person(t, *person);
            tables::insert_identity(t, arrival.identity, person->id, work.now_ms());
            work.record("user.link", "", "", "user/" + person->id, {}, {});
            return view_of(t, *person);
        }
        if (tables::count_people(t) >= bounds::people)
            throw Refusal(ProblemType::too_large, "there are too many people already");
        std::vector<RoleGrant> grants;
        for (const std::string& role : arrival.roles) {
            if (is_built_in_(role)) grants.push_back({role, "", ""});
        }
        PersonView made = insert(work,
                                 {.id = work.new_id(),
                                  .email = lowered(arrival.email),
                                  .name = "",
                                  .password = {},
                                  .disabled = false,
                                  .tokens_from_ms = arrival.issued_ms,
                                  .revision = 1,
                                  .created_ms = work.now_ms(),
                                  .updated_ms = work.now_ms()},
                                 std::move(grants));
        tables::insert_identity(t, arrival.identity, made.person.id, work.now_ms());
        return made;
    });
}

Outcome<PersonView> People::get(const Caller& caller, const std::string& id) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise("user.read");
        return require_person(work.transaction(), id);
    });
}

Outcome<Page<PersonView>> People::list(const Caller& caller, const PageRequest& request) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise("user.read");
        Transaction& t = work.transaction();
        const std::int64_t limit = checked_limit(request);
        Page<PersonView> page;
        for (Person& person : tables::list_people(t, request.after, limit + 1)) {
            if (static_cast<std::int64_t>(page.items.size()) == limit) {
                page.next = page.items.back().person.email;
                break;
            }
            std::vector<RoleGrant> grants = tables::grants_of(t, person.id);
            page.items.push_back({std::move(person), std::move(grants)});
        }
        return page;
    });
}

Outcome<PersonView> People::update(const Caller& caller, const std::string& id, const PersonChange& change,
                                   std::optional<std::int64_t> if_revision) const {
    return plane_.write(caller, [&](Work& work) {
        if (change.name) check_text(*change.name, "/name", bounds::name_bytes);
        work.authorise("user.update");
        Transaction& t = work.transaction();
        PersonView view = require_person(t, id);
        check_revision(if_revision, view.person.revision);
        if (change.grants) check_grants(work, *change.grants, view.grants);
        // Who sets a password can be that person.
        if (change.password_hash && caller.actor.id != id) {
            for (const RoleGrant& grant : view.grants) work.authorise_delegation(delegation_of(grant));
        }
        const std::string before = to_json(view);
        Person& person = view.person;
        person.name = change.name.value_or(person.name);
        person.disabled = change.disabled.value_or(person.disabled);
        if (change.password_hash) person.password = change.password_hash;
        if (change.password_hash || change.disabled.value_or(false))
            person.tokens_from_ms = std::max(person.tokens_from_ms + 1, work.now_ms());
        ++person.revision;
        person.updated_ms = work.now_ms();
        tables::update_person(t, person);
        if (change.grants) {
            view.grants = *change.grants;
            std::sort(view.grants.begin(), view.grants.end());
            view.grants.erase(std::unique(view.grants.begin(), view.grants.end()), view.grants.end());
            tables::set_grants(t, id, view.grants, work.now_ms());
        }
        keep_an_admin(t);
        work.record(change.password_hash ? "user.password" : "user.update", "", "", "user/" + id, before,
                    to_json(view));
        return view;
    });
}

Outcome<void> People::end_sessions(const Caller& caller, const std::string& id) const {
    return plane_.write(caller, [&](Work& work) {
        if (caller.actor.kind != Actor::Kind::person || caller.actor.id != id) work.authorise("user.update");
        PersonView view = require_person(work.transaction(), id);
        view.person.tokens_from_ms = std::max(view.person.tokens_from_ms + 1, work.now_ms());
        ++view.person.revision;
        tables::update_person(work.transaction(), view.person);
        work.record("session.end-all", "", "", "user/" + id, {}, {});
    });
}

Outcome<std::optional<PersonView>> People::find(const std::string& id) const {
    return plane_.store().read([&](Transaction& t) -> std::optional<PersonView> {
        std::optional<Person> person = tables::find_person(t, id);
        if (!person) return std::nullopt;
        return view_of(t, *person);
    });
}

Outcome<std::optional<PersonView>> People::find_by_identity(const Identity& identity) const {
    return plane_.store().read([&](Transaction& t) -> std::optional<PersonView> {
        std::optional<Person> person = tables::find_person_by_identity(t, identity);
        if (!person) return std::nullopt;
        return view_of(t, *person);
    });
}

Outcome<std::optional<PersonView>> People::find_by_email(const std::string& email) const {
    return plane_.store().read([&](Transaction& t) -> std::optional<PersonView> {
        std::optional<Person> person = tables::find_person_by_email(t, lowered(email));
        if (!person) return std::nullopt;
        std::vector<RoleGrant> grants = tables::grants_of(t, person->id);
        return PersonView{std::move(*person), std::move(grants)};
    });
}

}  // namespace expplat::server::domain
