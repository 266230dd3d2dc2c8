#include "server/domain/entities.hpp"

#include "server/domain/bounds.hpp"
#include "server/domain/json_object.hpp"
#include "server/domain/json_schema.hpp"
#include "server/domain/publishing.hpp"
#include "server/domain/references.hpp"
#include "server/domain/tables/projects.hpp"
#include "server/domain/text_rules.hpp"
#include "src/ruleset/pointer.hpp"

namespace expplat::server::domain {

std::string action_of(EntityKind kind, std::string_view verb) {
    return std::string(ruleset::word(kind)) + "." + std::string(verb);
}

std::string to_json(const Entity& e) {
    ObjectWriter writer;
    writer.text("kind", ruleset::word(e.id.kind))
        .text("key", e.id.key)
        .text("name", e.metadata.name)
        .text("description", e.metadata.description)
        .text("owner", e.metadata.owner)
        .json("tags", json_list(e.metadata.tags));
    if (ruleset::has_answers(e.id.kind)) {
        writer.boolean("client_visible", e.metadata.client_visible)
            .json_or_null("json_schema", e.metadata.json_schema);
    }
    writer.boolean("archived", e.archived)
        .integer("revision", e.revision)
        .integer("created_ms", e.created_ms)
        .integer("updated_ms", e.updated_ms);
    return std::move(writer).done();
}

std::string to_json(const Configuration& c) {
    ObjectWriter writer;
    writer.text("environment", c.environment);
    if (!c.state.empty()) writer.text("state", c.state).integer("phase", c.phase);
    writer.integer("revision", c.revision).integer("updated_ms", c.updated_ms).json("body", c.body);
    return std::move(writer).done();
}

std::string to_json(const Phase& p) {
    ObjectWriter writer;
    writer.integer("number", p.number).text("reason", p.reason).integer("started_ms", p.started_ms);
    p.ended_ms ? writer.integer("ended_ms", *p.ended_ms) : writer.null("ended_ms");
    writer.json("split", p.split);
    return std::move(writer).done();
}

Entity create_entity(Work& work, const EntityId& id, const Metadata& metadata) {
    Transaction& t = work.transaction();
    check_entity_key(id.key, "/key");
    check_metadata(metadata, id.kind);
    if (tables::require_project(t, id.project).archived) {
        throw Refusal(ProblemType::conflict, "project `" + id.project + "` is archived");
    }
    if (const std::optional<EntityKind> taken = tables::taken_by(t, id)) {
        throw Refusal({ProblemType::already_exists,
                       "the key is taken by " + subject_of({id.project, *taken, id.key}) +
                           (*taken == id.kind ? "" : "; flags and experiments share their keys"),
                       {{"/key", "is taken"}}});
    }
    if (tables::count_entities(t, id.project) >= bounds::entities) {
        throw Refusal(ProblemType::too_large,
                      "a project has at most " + std::to_string(bounds::entities) + " entities");
    }
    Entity entity{id, metadata, false, 1, work.now_ms(), work.now_ms()};
    if (metadata.json_schema) {
        entity.metadata.json_schema = ruleset::to_json(parse_stored(*metadata.json_schema).root());
    }
    tables::insert_entity(t, entity);
    work.record(action_of(id.kind, "create"), id.project, "", subject_of(id), {}, to_json(entity));
    return entity;
}

/// A schema that what is there does not fit is refused, rather than found out at the next change.
void check_configurations(Transaction& t, const Entity& entity) {
    const ruleset::Document schema = parse_stored(*entity.metadata.json_schema);
    Problem problem{ProblemType::invalid, "", {}};
    for (const Configuration& configuration : tables::configurations_of(t, entity.id)) {
        if (tables::require_environment(t, entity.id.project, configuration.environment).archived) continue;
        const ruleset::Document body = parse_stored(configuration.body);
        for (const Violation& fault : faults_of_variants(schema.root(), body.root())) {
            problem.violations.push_back({"/json_schema",
                                          "does not fit environment `" + configuration.environment +
                                              "`: " + fault.pointer + ": " + fault.message,
                                          ruleset_pointer(entity.id) + fault.pointer});
        }
    }
    if (problem.violations.empty()) return;
    problem.detail = "/json_schema: " + problem.violations.front().message;
    throw Refusal(std::move(problem));
}

std::vector<Use> uses_of(Work& work, const EntityId& id) {
    std::vector<Use> uses;
    for (const tables::Configured& other : tables::configured_in(work.transaction(), id.project, "")) {
        // Parsing is dear; a body that does not hold the key's letters does not name it.
        if (other.body.find(id.key) == std::string::npos) continue;
        for (const ruleset::Reference& reference : references_in(other.id.kind, other.id.key, other.body)) {
            if (!points_to(reference, id.kind, id.key)) continue;
            uses.push_back({other.id, other.environment, ruleset_pointer(other.id) + reference.pointer});
        }
    }
    return uses;
}

Outcome<EntityView> Entities::create(const Caller& caller, const EntityId& id, const Metadata& metadata,
                                     const std::map<std::string, std::string>& bodies) const {
    return plane_.write(caller, [&](Work& work) {
        work.authorise(action_of(id.kind, "create"), id.project);
        EntityView view{create_entity(work, id, metadata), {}};
        for (const auto& [environment, body] : bodies) {
            work.authorise(action_of(id.kind, "configure"), id.project, environment);
            Configure options;
            options.request_pointer = "/configurations";
            ruleset::append_pointer_token(options.request_pointer, environment);
            view.configurations.push_back(domain::configure(work, id, environment, body, options));
        }
        return view;
    });
}

bool may_read(const Caller& caller, Transaction& t, const EntityId& id, const std::string& environment) {
    return caller.may && caller.may({action_of(id.kind, "read"), id.project, environment}, t);
}

Outcome<EntityView> Entities::get(const Caller& caller, const EntityId& id) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise(action_of(id.kind, "read"), id.project);
        Transaction& t = work.transaction();
        EntityView view{tables::require_entity(t, id), tables::configurations_of(t, id)};
        // Who may read in one environment sees nothing of the others.
        std::erase_if(view.configurations,
                      [&](const Configuration& one) { return !may_read(caller, t, id, one.environment); });
        return view;
    });
}

Outcome<Page<Entity>> Entities::list(const Caller& caller, const std::string& project, EntityKind kind,
                                     const EntityFilter& filter, const PageRequest& request) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise(action_of(kind, "read"), project);
        const std::int64_t limit = checked_limit(request);
        check_text(filter.text, "/text", bounds::search_bytes);
        check_text(filter.tag, "/tag", bounds::tag_bytes);
        check_text(filter.owner, "/owner", bounds::owner_bytes);
        Transaction& t = work.transaction();
        (void)tables::require_project(t, project);
        Page<Entity> page;
        page.items = tables::list_entities(t, project, kind, filter, request.after, limit + 1);
        if (static_cast<std::int64_t>(page.items.size()) > limit) {
            page.items.pop_back();
            page.next = page.items.back().id.key;
        }
        return page;
    });
}

Entity update_metadata(Work& work, const EntityId& id, const MetadataChange& change,
                       std::optional<std::int64_t> if_revision, std::string_view verb) {
    Transaction& t = work.transaction();
    Entity entity = tables::require_entity(t, id);
    check_revision(if_revision, entity.revision);
    const std::string before = to_json(entity);
    Metadata& metadata = entity.metadata;
    const bool was_visible = metadata.client_visible;
    const std::optional<std::string> old_schema = metadata.json_schema;
    metadata.name = change.name.value_or(metadata.name);
    metadata.description = change.description.value_or(metadata.description);
    metadata.owner = change.owner.value_or(metadata.owner);
    metadata.tags = change.tags.value_or(metadata.tags);
    metadata.client_visible = change.client_visible.value_or(was_visible);
    if (change.json_schema) {
        metadata.json_schema = change.json_schema->empty() ? std::nullopt : change.json_schema;
    }
    check_metadata(metadata, id.kind);
    if (metadata.json_schema)
        metadata.json_schema = ruleset::to_json(parse_stored(*metadata.json_schema).root());
    if (metadata.json_schema && metadata.json_schema != old_schema) check_configurations(t, entity);
    ++entity.revision;
    entity.updated_ms = work.now_ms();
    tables::update_entity(t, entity);
    work.record(action_of(id.kind, verb), id.project, "", subject_of(id), before, to_json(entity));
    if (metadata.client_visible == was_visible || entity.archived) return entity;
    for (const Configuration& configuration : tables::configurations_of(t, id)) {
        const Environment environment = tables::require_environment(t, id.project, configuration.environment);
        if (environment.archived) continue;
        if (environment.requires_approval && !work.is_approved()) {
            throw Refusal(ProblemType::approval_required,
                          "environment `" + environment.key + "` takes changes by change request alone");
        }
        work.authorise(action_of(id.kind, "configure"), id.project, configuration.environment);
        work.touch(id.project, configuration.environment);
    }
    return entity;
}

Outcome<Entity> Entities::update(const Caller& caller, const EntityId& id, const MetadataChange& change,
                                 std::optional<std::int64_t> if_revision) const {
    return plane_.write(caller, [&](Work& work) {
        work.authorise(action_of(id.kind, "update"), id.project);
        return update_metadata(work, id, change, if_revision);
    });
}

Outcome<EntityView> Entities::clone(const Caller& caller, const EntityId& id, const std::string& key,
                                    const std::string& name) const {
    return plane_.write(caller, [&](Work& work) {
        work.authorise(action_of(id.kind, "read"), id.project);
        work.authorise(action_of(id.kind, "create"), id.project);
        Transaction& t = work.transaction();
        Metadata metadata = tables::require_entity(t, id).metadata;
        metadata.name = name;
        const EntityId copy{id.project, id.kind, key};
        EntityView view{create_entity(work, copy, metadata), {}};
        for (const Configuration& configuration : tables::configurations_of(t, id)) {
            if (tables::require_environment(t, id.project, configuration.environment).archived) continue;
            work.authorise(action_of(id.kind, "configure"), id.project, configuration.environment);
            std::string body = configuration.body;
            if (id.kind == EntityKind::experiment) {
                // The same salt would put the same people together again.
                for (const char* member : {"status", "salt", "winner"}) {
                    body = without_member(parse_stored(body).root(), member);
                }
            }
            view.configurations.push_back(domain::configure(work, copy, configuration.environment, body));
        }
        return view;
    });
}

Entity set_archived(Work& work, const EntityId& id, bool archived, std::optional<std::int64_t> if_revision) {
    Transaction& t = work.transaction();
    Entity entity = tables::require_entity(t, id);
    check_revision(if_revision, entity.revision);
    if (entity.archived == archived) return entity;
    const std::vector<Configuration> configurations = tables::configurations_of(t, id);
    if (archived) {
        for (const Configuration& configuration : configurations) {
            if (configuration.state == "running" || configuration.state == "paused") {
                throw Refusal(ProblemType::conflict, subject_of(id) + " is " + configuration.state +
                                                         " in environment `" + configuration.environment +
                                                         "`: complete it first");
            }
        }
        if (const std::vector<Use> uses = uses_of(work, id); !uses.empty()) {
            Problem problem{ProblemType::in_use, subject_of(id) + " is named by others", {}};
            for (const Use& use : uses) {
                problem.violations.push_back(
                    {"", "is named by " + subject_of(use.id) + " in environment `" + use.environment + "`",
                     use.pointer});
            }
            throw Refusal(std::move(problem));
        }
    }
    const std::string before = to_json(entity);
    entity.archived = archived;
    ++entity.revision;
    entity.updated_ms = work.now_ms();
    tables::update_entity(t, entity);
    work.record(action_of(id.kind, archived ? "archive" : "unarchive"), id.project, "", subject_of(id),
                before, to_json(entity));
    for (const Configuration& configuration : configurations) {
        const Environment environment = tables::require_environment(t, id.project, configuration.environment);
        if (environment.archived) continue;
        if (environment.requires_approval && !work.is_approved()) {
            throw Refusal(ProblemType::approval_required,
                          "environment `" + environment.key + "` takes changes by change request alone");
        }
        work.touch(id.project, configuration.environment);
    }
    return entity;
}

Outcome<Entity> Entities::set_archived(const Caller& caller, const EntityId& id, bool archived,
                                       std::optional<std::int64_t> if_revision) const {
    return plane_.write(caller, [&](Work& work) {
        work.authorise(action_of(id.kind, "archive"), id.project);
        return domain::set_archived(work, id, archived, if_revision);
    });
}

Outcome<Entity> Entities::archive(const Caller& caller, const EntityId& id,
                                  std::optional<std::int64_t> if_revision) const {
    return set_archived(caller, id, true, if_revision);
}

Outcome<Entity> Entities::unarchive(const Caller& caller, const EntityId& id,
                                    std::optional<std::int64_t> if_revision) const {
    return set_archived(caller, id, false, if_revision);
}

Outcome<void> Entities::remove(const Caller& caller, const EntityId& id,
                               std::optional<std::int64_t> if_revision) const {
    return plane_.write(caller, [&](Work& work) {
        work.authorise(action_of(id.kind, "delete"), id.project);
        Transaction& t = work.transaction();
        const Entity entity = tables::require_entity(t, id);
        check_revision(if_revision, entity.revision);
        // Archiving has found that nobody names it, and nobody can since.
        if (!entity.archived)
            throw Refusal(ProblemType::conflict, subject_of(id) + " is in use: archive it first");
        tables::remove_entity(t, id);
        work.record(action_of(id.kind, "delete"), id.project, "", subject_of(id), to_json(entity), {});
    });
}

Outcome<std::vector<Use>> Entities::where_used(const Caller& caller, const EntityId& id) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise(action_of(id.kind, "read"), id.project);
        Transaction& t = work.transaction();
        (void)tables::require_entity(t, id);
        std::vector<Use> uses = uses_of(work, id);
        std::erase_if(uses, [&](const Use& use) { return !may_read(caller, t, use.id, use.environment); });
        return uses;
    });
}

template <class F>
Outcome<Configuration> Entities::change(const Caller& caller, const EntityId& id,
                                        const std::string& environment, std::string_view verb, F step) const {
    return plane_.write(caller, [&](Work& work) {
        work.authorise(action_of(id.kind, verb), id.project, environment);
        return step(work);
    });
}

Outcome<Configuration> Entities::configure(const Caller& caller, const EntityId& id,
                                           const std::string& environment, const std::string& body,
                                           const Configure& options) const {
    return change(caller, id, environment, "configure",
                  [&](Work& work) { return domain::configure(work, id, environment, body, options); });
}

Outcome<void> Entities::unconfigure(const Caller& caller, const EntityId& id, const std::string& environment,
                                    std::optional<std::int64_t> if_revision) const {
    return plane_.write(caller, [&](Work& work) {
        work.authorise(action_of(id.kind, "configure"), id.project, environment);
        domain::unconfigure(work, id, environment, if_revision);
    });
}

Outcome<Configuration> Entities::set_enabled(const Caller& caller, const EntityId& id,
                                             const std::string& environment, bool enabled,
                                             std::optional<std::int64_t> if_revision) const {
    return change(caller, id, environment, "toggle", [&](Work& work) {
        return domain::set_enabled(work, id, environment, enabled, if_revision);
    });
}

Outcome<Configuration> Entities::start(const Caller& caller, const EntityId& id,
                                       const std::string& environment,
                                       std::optional<std::int64_t> if_revision) const {
    return change(caller, id, environment, "start",
                  [&](Work& work) { return domain::start(work, id, environment, if_revision); });
}

Outcome<Configuration> Entities::pause(const Caller& caller, const EntityId& id,
                                       const std::string& environment,
                                       std::optional<std::int64_t> if_revision) const {
    return change(caller, id, environment, "pause",
                  [&](Work& work) { return domain::pause(work, id, environment, if_revision); });
}

Outcome<Configuration> Entities::complete(const Caller& caller, const EntityId& id,
                                          const std::string& environment,
                                          const std::optional<std::string>& winner,
                                          std::optional<std::int64_t> if_revision) const {
    return change(caller, id, environment, "complete",
                  [&](Work& work) { return domain::complete(work, id, environment, winner, if_revision); });
}

Outcome<std::vector<Phase>> Entities::phases(const Caller& caller, const EntityId& id,
                                             const std::string& environment) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise(action_of(id.kind, "read"), id.project, environment);
        (void)tables::require_configuration(work.transaction(), id, environment);
        return tables::phases_of(work.transaction(), id, environment);
    });
}

}  // namespace expplat::server::domain
