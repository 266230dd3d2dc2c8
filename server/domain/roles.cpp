#include "server/domain/roles.hpp"

#include <algorithm>

#include "server/domain/bounds.hpp"
#include "server/domain/json_object.hpp"
#include "server/domain/text_rules.hpp"

namespace expplat::server::domain {

namespace {

Role require(Transaction& t, const std::string& key) {
    std::optional<Role> role = tables::find_role(t, key);
    if (!role) throw Refusal(ProblemType::not_found, "there is no role `" + key + "` of your own");
    return std::move(*role);
}

std::vector<std::string> in_order(std::vector<std::string> operations) {
    std::sort(operations.begin(), operations.end());
    operations.erase(std::unique(operations.begin(), operations.end()), operations.end());
    return operations;
}

}  // namespace

std::string to_json(const Role& role) {
    ObjectWriter writer;
    writer.text("key", role.key)
        .text("name", role.name)
        .json("operations", json_list(role.operations))
        .integer("revision", role.revision)
        .integer("created_ms", role.created_ms)
        .integer("updated_ms", role.updated_ms);
    return std::move(writer).done();
}

void Roles::check(Work& work, const Role& role) const {
    check_name(role.name, "/name", bounds::name_bytes);
    if (const auto fault = fault_(role.key, role.operations)) refuse_member("/operations", *fault);
    work.authorise_delegation({.of = Delegation::Of::operations,
                               .name = {},
                               .operations = role.operations,
                               .project = {},
                               .environment = {}});
}

Outcome<Role> Roles::create(const Caller& caller, const std::string& key, const std::string& name,
                            const std::vector<std::string>& operations) const {
    return plane_.write(caller, [&](Work& work) {
        work.authorise("role.create");
        const Role role{key, name, in_order(operations), 1, work.now_ms(), work.now_ms()};
        if (const auto fault = fault_(key, {})) refuse_member("/key", *fault);
        check(work, role);
        Transaction& t = work.transaction();
        if (tables::find_role(t, key))
            throw Refusal(ProblemType::already_exists, "there is a role `" + key + "` already");
        if (tables::list_roles(t).size() >= bounds::roles)
            throw Refusal(ProblemType::too_large,
                          "there are " + std::to_string(bounds::roles) + " roles already");
        tables::insert_role(t, role);
        work.record("role.create", "", "", "role/" + key, {}, to_json(role));
        return role;
    });
}

Outcome<Role> Roles::get(const Caller& caller, const std::string& key) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise("role.read");
        return require(work.transaction(), key);
    });
}

Outcome<std::vector<Role>> Roles::list(const Caller& caller) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise("role.read");
        return tables::list_roles(work.transaction());
    });
}

Outcome<Role> Roles::update(const Caller& caller, const std::string& key, const RoleChange& change,
                            std::optional<std::int64_t> if_revision) const {
    return plane_.write(caller, [&](Work& work) {
        work.authorise("role.update");
        Role role = require(work.transaction(), key);
        check_revision(if_revision, role.revision);
        const std::string before = to_json(role);
        role.name = change.name.value_or(role.name);
        if (change.operations) role.operations = in_order(*change.operations);
        check(work, role);
        if (to_json(role) == before) return role;
        ++role.revision;
        role.updated_ms = work.now_ms();
        tables::update_role(work.transaction(), role);
        work.record("role.update", "", "", "role/" + key, before, to_json(role));
        return role;
    });
}

Outcome<void> Roles::remove(const Caller& caller, const std::string& key,
                            std::optional<std::int64_t> if_revision) const {
    return plane_.write(caller, [&](Work& work) {
        work.authorise("role.delete");
        Transaction& t = work.transaction();
        const Role role = require(t, key);
        check_revision(if_revision, role.revision);
        if (tables::is_granted(t, key))
            throw Refusal(ProblemType::in_use, "somebody has the role `" + key + "`");
        tables::remove_role(t, key);
        work.record("role.delete", "", "", "role/" + key, to_json(role), {});
    });
}

}  // namespace expplat::server::domain
