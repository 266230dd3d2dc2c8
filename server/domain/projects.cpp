#include "server/domain/projects.hpp"

#include "server/domain/bounds.hpp"
#include "server/domain/json_object.hpp"
#include "server/domain/tables/projects.hpp"
#include "server/domain/tables/rulesets.hpp"
#include "server/domain/text_rules.hpp"

namespace expplat::server::domain {

namespace {

/// Nothing was published, but whoever carries rulesets elsewhere has to look: it is served no longer, or again.
void tell_of_archiving(Work& work, const Environment& environment) {
    tables::add_to_outbox(work.transaction(), OutboxRow::Topic::ruleset, environment.project, environment.key,
                          environment.version, work.now_ms());
}

}  // namespace

std::string to_json(const Project& p) {
    ObjectWriter writer;
    writer.text("key", p.key)
        .text("name", p.name)
        .text("description", p.description)
        .boolean("archived", p.archived)
        .integer("revision", p.revision)
        .integer("created_ms", p.created_ms)
        .integer("updated_ms", p.updated_ms);
    return std::move(writer).done();
}

std::string to_json(const Environment& e) {
    ObjectWriter writer;
    writer.text("key", e.key)
        .text("name", e.name)
        .text("description", e.description)
        .boolean("requires_approval", e.requires_approval)
        .boolean("archived", e.archived)
        .integer("version", e.version)
        .integer("revision", e.revision)
        .integer("created_ms", e.created_ms)
        .integer("updated_ms", e.updated_ms);
    return std::move(writer).done();
}

Outcome<Project> Projects::create(const Caller& caller, const std::string& key, const std::string& name,
                                  const std::string& description) const {
    return plane_.write(caller, [&](Work& work) {
        check_short_key(key, "/key");
        check_name(name, "/name", bounds::name_bytes);
        check_text(description, "/description", bounds::description_bytes);
        work.authorise("project.create", key);
        Transaction& t = work.transaction();
        if (tables::find_project(t, key)) {
            throw Refusal(ProblemType::already_exists, "there is a project `" + key + "` already");
        }
        if (tables::count_projects(t) >= bounds::projects) {
            throw Refusal(ProblemType::too_large,
                          "there are " + std::to_string(bounds::projects) + " projects already");
        }
        const Project project{key, name, description, false, 1, work.now_ms(), work.now_ms()};
        tables::insert_project(t, project);
        work.record("project.create", key, "", "project/" + key, {}, to_json(project));
        return project;
    });
}

Outcome<Project> Projects::get(const Caller& caller, const std::string& key) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise("project.read", key);
        return tables::require_project(work.transaction(), key);
    });
}

Outcome<Page<Project>> Projects::list(const Caller& caller, bool archived, const PageRequest& request) const {
    return plane_.read(caller, [&](Work& work) {
        const std::int64_t limit = checked_limit(request);
        Transaction& t = work.transaction();
        Page<Project> page;
        std::string after = request.after;
        while (true) {
            const std::vector<Project> rows = tables::list_projects(t, after, archived, limit);
            for (const Project& project : rows) {
                if (static_cast<std::int64_t>(page.items.size()) == limit) {
                    page.next = page.items.back().key;
                    return page;
                }
                if (caller.may && caller.may({"project.read", project.key, ""}, t))
                    page.items.push_back(project);
            }
            if (static_cast<std::int64_t>(rows.size()) < limit) return page;
            after = rows.back().key;
        }
    });
}

Outcome<Project> Projects::update(const Caller& caller, const std::string& key, const ProjectChange& change,
                                  std::optional<std::int64_t> if_revision) const {
    return plane_.write(caller, [&](Work& work) {
        Transaction& t = work.transaction();
        if (change.archived) work.authorise("project.archive", key);
        if (change.name || change.description || !change.archived) work.authorise("project.update", key);
        Project project = tables::require_project(t, key);
        check_revision(if_revision, project.revision);
        const std::string before = to_json(project);
        const bool was_archived = project.archived;
        project.name = change.name.value_or(project.name);
        project.description = change.description.value_or(project.description);
        project.archived = change.archived.value_or(project.archived);
        check_name(project.name, "/name", bounds::name_bytes);
        check_text(project.description, "/description", bounds::description_bytes);
        if (to_json(project) == before) return project;
        const std::string verb = project.archived == was_archived ? "update"
                                 : project.archived               ? "archive"
                                                                  : "unarchive";
        ++project.revision;
        project.updated_ms = work.now_ms();
        tables::update_project(t, project);
        work.record("project." + verb, key, "", "project/" + key, before, to_json(project));
        if (project.archived == was_archived) return project;
        for (const Environment& environment : tables::list_environments(t, key)) {
            if (!environment.archived) tell_of_archiving(work, environment);
        }
        return project;
    });
}

Outcome<Environment> Projects::create_environment(const Caller& caller, const std::string& project,
                                                  const std::string& key, const std::string& name,
                                                  const std::string& description,
                                                  bool requires_approval) const {
    return plane_.write(caller, [&](Work& work) {
        check_short_key(key, "/key");
        check_name(name, "/name", bounds::name_bytes);
        check_text(description, "/description", bounds::description_bytes);
        work.authorise("environment.create", project, key);
        Transaction& t = work.transaction();
        if (tables::require_project(t, project).archived) {
            throw Refusal(ProblemType::conflict, "project `" + project + "` is archived");
        }
        if (tables::find_environment(t, project, key)) {
            throw Refusal(ProblemType::already_exists,
                          "the project has an environment `" + key + "` already");
        }
        if (static_cast<std::int64_t>(tables::list_environments(t, project).size()) >= bounds::environments) {
            throw Refusal(ProblemType::too_large,
                          "a project has at most " + std::to_string(bounds::environments) + " environments");
        }
        const Environment environment{project, key, name, description,   requires_approval,
                                      false,   0,   1,    work.now_ms(), work.now_ms()};
        tables::insert_environment(t, environment);
        work.record("environment.create", project, key, "environment/" + key, {}, to_json(environment));
        work.touch(project, key);
        work.finish();
        return tables::require_environment(t, project, key);
    });
}

Outcome<Environment> Projects::get_environment(const Caller& caller, const std::string& project,
                                               const std::string& key) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise("environment.read", project, key);
        return tables::require_environment(work.transaction(), project, key);
    });
}

Outcome<std::vector<Environment>> Projects::list_environments(const Caller& caller,
                                                              const std::string& project) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise("environment.read", project);
        (void)tables::require_project(work.transaction(), project);
        return tables::list_environments(work.transaction(), project);
    });
}

Outcome<Environment> Projects::update_environment(const Caller& caller, const std::string& project,
                                                  const std::string& key, const EnvironmentChange& change,
                                                  std::optional<std::int64_t> if_revision) const {
    return plane_.write(caller, [&](Work& work) {
        Transaction& t = work.transaction();
        if (change.archived) work.authorise("environment.archive", project, key);
        if (change.name || change.description || change.requires_approval || !change.archived)
            work.authorise("environment.update", project, key);
        Environment environment = tables::require_environment(t, project, key);
        check_revision(if_revision, environment.revision);
        const std::string before = to_json(environment);
        const bool was_archived = environment.archived;
        environment.name = change.name.value_or(environment.name);
        environment.description = change.description.value_or(environment.description);
        environment.requires_approval = change.requires_approval.value_or(environment.requires_approval);
        environment.archived = change.archived.value_or(environment.archived);
        check_name(environment.name, "/name", bounds::name_bytes);
        check_text(environment.description, "/description", bounds::description_bytes);
        if (to_json(environment) == before) return environment;
        const std::string verb = environment.archived == was_archived ? "update"
                                 : environment.archived               ? "archive"
                                                                      : "unarchive";
        ++environment.revision;
        environment.updated_ms = work.now_ms();
        tables::update_environment(t, environment);
        work.record("environment." + verb, project, key, "environment/" + key, before, to_json(environment));
        if (environment.archived && !was_archived) tell_of_archiving(work, environment);
        // Entities may have been archived meanwhile.
        if (was_archived && !environment.archived) work.touch(project, key);
        work.finish();
        return tables::require_environment(t, project, key);
    });
}

}  // namespace expplat::server::domain
