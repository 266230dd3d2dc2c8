// Flags, experiments, segments, layers and holdouts: one set of routes for the five kinds, and an experiment's life.
#include "expplat/base/json_text.hpp"
#include "server/api/routes.hpp"
#include "server/domain/json_object.hpp"
#include "server/http/conditional.hpp"
#include "src/net/fingerprint.hpp"
#include "src/ruleset/outline.hpp"

namespace expplat::server::api {

using namespace domain;

namespace {

constexpr std::size_t etag_digits = 16;

[[nodiscard]] EntityId id_of(const Call& call, EntityKind kind) {
    return {call.parameter("project"), kind, call.parameter("key")};
}

[[nodiscard]] std::string json_of(const EntityView& view) {
    std::string configurations = "{";
    for (const Configuration& one : view.configurations) {
        if (configurations.size() > 1) configurations += ',';
        append_json_string(configurations, one.environment);
        configurations += ':' + to_json(one);
    }
    const std::string entity = to_json(view.entity);
    return entity.substr(0, entity.size() - 1) + ",\"configurations\":" + configurations + "}}";
}

/// Of an entity with what it is in each environment, as it is shown: it changes with each of them.
[[nodiscard]] std::string etag_of(const EntityView& view) {
    std::string versions;
    for (const Configuration& one : view.configurations)
        versions += one.environment + ' ' + std::to_string(one.revision) + ' ' +
                    std::to_string(one.updated_ms) + '\n';
    std::string revision = std::to_string(view.entity.revision);
    if (!versions.empty()) revision += '-' + net::fingerprint({versions}).substr(0, etag_digits);
    return '"' + revision + '"';
}

[[nodiscard]] http::Response shown(const EntityView& view) {
    return tagged(200, etag_of(view), json_of(view));
}

/// Whether `If-Match` has an entity's own tag; refuses where that is of another version. A bare revision says nothing of
/// configurations, and is for who changes.
[[nodiscard]] std::optional<EntityView> matched(const Entities& entities, const Call& call, EntityKind kind) {
    const std::string tags = call.request().headers.all("If-Match");
    if (tags.find('-') == std::string::npos) return std::nullopt;
    EntityView view = value_of(entities.get(call.caller(), id_of(call, kind)));
    if (http::match_allows(tags, etag_of(view))) return view;
    throw Refusal(ProblemType::precondition_failed, "it was changed since: this is another version now");
}

/// The revision that the change's transaction compares.
[[nodiscard]] std::optional<std::int64_t> if_entity(const Entities& entities, const Call& call,
                                                    EntityKind kind) {
    if (const std::optional<EntityView> view = matched(entities, call, kind)) return view->entity.revision;
    return call.if_revision();
}

/// Of a change: null takes it away, which the domain writes as an empty text.
[[nodiscard]] std::optional<std::string> schema_of(Body& body) {
    if (const ruleset::Node* const schema = body.value("json_schema")) return ruleset::to_json(*schema);
    return body.is_null("json_schema") ? std::optional<std::string>("") : std::nullopt;
}

[[nodiscard]] std::map<std::string, std::string> configurations_of(Body& body) {
    std::map<std::string, std::string> bodies;
    if (const ruleset::Node* const object = body.object("configurations")) {
        for (const ruleset::Member& member : object->members())
            bodies[std::string(member.name)] = ruleset::to_json(member.value);
    }
    return bodies;
}

[[nodiscard]] http::Response revised_configuration(const Configuration& configuration) {
    return revised(200, configuration.revision, to_json(configuration));
}

[[nodiscard]] std::string json_of(const HistoryEntry& entry) {
    ObjectWriter writer;
    writer.json("entry", to_json(entry.entry)).json("differences", json_list(entry.differences));
    return std::move(writer).done();
}

void add_kind(Routes& routes, EntityKind kind) {
    const Services& services = routes.services();
    const Entities& entities = services.entities;
    const std::string all = "/api/v1/projects/{project}/" + std::string(ruleset::map_name(kind));
    const std::string one = all + "/{key}";
    const std::string configured = one + "/environments/{environment}";

    routes.add("POST", all, [&entities, kind](Call& call) {
        Body body = call.body();
        const EntityId id{call.parameter("project"), kind, body.text("key")};
        std::optional<std::string> schema = schema_of(body);
        if (schema && schema->empty()) schema.reset();
        const Metadata metadata{.name = body.optional_text("name").value_or(id.key),
                                .description = body.optional_text("description").value_or(""),
                                .owner = body.optional_text("owner").value_or(""),
                                .tags = body.optional_texts("tags").value_or(std::vector<std::string>{}),
                                .client_visible = body.optional_boolean("client_visible").value_or(false),
                                .json_schema = schema};
        const auto bodies = configurations_of(body);
        body.done();
        const EntityView made = value_of(entities.create(call.caller(), id, metadata, bodies));
        return created({"projects", id.project, ruleset::map_name(kind), id.key}, etag_of(made),
                       json_of(made));
    });
    routes.add("GET", all, [&entities, kind](Call& call) {
        const EntityFilter filter{.tag = call.query("tag"),
                                  .text = call.query("text"),
                                  .owner = call.query("owner"),
                                  .archived = call.query_flag("archived")};
        const Page<Entity> page =
            value_of(entities.list(call.caller(), call.parameter("project"), kind, filter, call.page()));
        std::vector<std::string> items;
        for (const Entity& entity : page.items) items.push_back(to_json(entity));
        return page_of(items, page.next);
    });
    routes.add("GET", one, [&entities, kind](Call& call) {
        return shown(value_of(entities.get(call.caller(), id_of(call, kind))));
    });
    routes.add("PATCH", one, [&entities, kind](Call& call) {
        Body body = call.body();
        const MetadataChange change{.name = body.optional_text("name"),
                                    .description = body.optional_text("description"),
                                    .owner = body.optional_text("owner"),
                                    .tags = body.optional_texts("tags"),
                                    .client_visible = body.optional_boolean("client_visible"),
                                    .json_schema = schema_of(body)};
        body.done();
        const std::optional<std::int64_t> revision = if_entity(entities, call, kind);
        (void)value_of(entities.update(call.caller(), id_of(call, kind), change, revision));
        return shown(value_of(entities.get(call.caller(), id_of(call, kind))));
    });
    routes.add(
        "DELETE", one,
        [&entities, kind](Call& call) {
            check(entities.remove(call.caller(), id_of(call, kind), if_entity(entities, call, kind)));
            http::Response gone;
            gone.status = 204;
            return gone;
        },
        Effect::none);
    routes.add("POST", one + "/archive", [&entities, kind](Call& call) {
        const std::optional<std::int64_t> revision = if_entity(entities, call, kind);
        (void)value_of(entities.archive(call.caller(), id_of(call, kind), revision));
        return shown(value_of(entities.get(call.caller(), id_of(call, kind))));
    });
    routes.add("POST", one + "/unarchive", [&entities, kind](Call& call) {
        const std::optional<std::int64_t> revision = if_entity(entities, call, kind);
        (void)value_of(entities.unarchive(call.caller(), id_of(call, kind), revision));
        return shown(value_of(entities.get(call.caller(), id_of(call, kind))));
    });
    routes.add("POST", one + "/clone", [&entities, kind](Call& call) {
        Body body = call.body();
        const std::string key = body.text("key");
        const std::string name = body.optional_text("name").value_or(key);
        body.done();
        const EntityView made = value_of(entities.clone(call.caller(), id_of(call, kind), key, name));
        return created({"projects", call.parameter("project"), ruleset::map_name(kind), key}, etag_of(made),
                       json_of(made));
    });
    routes.add("GET", one + "/uses", [&entities, kind](Call& call) {
        std::vector<std::string> items;
        for (const Use& use : value_of(entities.where_used(call.caller(), id_of(call, kind)))) {
            ObjectWriter writer;
            writer.text("kind", ruleset::word(use.id.kind))
                .text("key", use.id.key)
                .text("environment", use.environment)
                .text("pointer", use.pointer);
            items.push_back(std::move(writer).done());
        }
        return page_of(items, {});
    });
    routes.add("GET", one + "/history", [&services, kind](Call& call) {
        const Page<HistoryEntry> page = value_of(
            services.history.list(call.caller(), id_of(call, kind), call.query("environment"), call.page()));
        std::vector<std::string> items;
        for (const HistoryEntry& entry : page.items) items.push_back(json_of(entry));
        return page_of(items, page.next);
    });
    routes.add("POST", one + "/revert", [&services, &entities, kind](Call& call) {
        Body body = call.body();
        const std::optional<std::int64_t> sequence = body.optional_integer("sequence");
        const std::optional<std::string> new_phase = body.optional_text("new_phase");
        body.done();
        if (!sequence) refuse_member("/sequence", "is missing");
        Revert options{.new_phase = new_phase};
        if (std::optional<EntityView> view = matched(entities, call, kind))
            options.if_seen = std::move(*view);
        else options.if_revision = call.if_revision();
        check(services.history.revert(call.caller(), id_of(call, kind), *sequence, options));
        return shown(value_of(entities.get(call.caller(), id_of(call, kind))));
    });

    routes.add("GET", configured, [&entities, kind](Call& call) {
        const EntityView view = value_of(entities.get(call.caller(), id_of(call, kind)));
        for (const Configuration& one_of_them : view.configurations) {
            if (one_of_them.environment == call.parameter("environment"))
                return revised_configuration(one_of_them);
        }
        throw Refusal(ProblemType::not_found, "it is not configured in this environment");
    });
    /// The body is the entity as RULESET.md writes it, so that its problems' pointers are those of the request.
    routes.add("PUT", configured, [&entities, kind](Call& call) {
        Configure options{.if_revision = call.if_revision(), .must_exist = call.must_exist()};
        if (const std::string why = call.query("new_phase"); !why.empty()) options.new_phase = why;
        return revised_configuration(value_of(entities.configure(
            call.caller(), id_of(call, kind), call.parameter("environment"), call.request().body, options)));
    });
    routes.add("DELETE", configured, [&entities, kind](Call& call) {
        check(entities.unconfigure(call.caller(), id_of(call, kind), call.parameter("environment"),
                                   call.if_revision()));
        http::Response gone;
        gone.status = 204;
        return gone;
    });
}

void add_flags_own(Routes& routes) {
    const Entities& entities = routes.services().entities;
    const std::string one = "/api/v1/projects/{project}/flags/{key}/environments/{environment}";
    for (const bool enabled : {true, false}) {
        routes.add("POST", one + (enabled ? "/enable" : "/disable"), [&entities, enabled](Call& call) {
            return revised_configuration(
                value_of(entities.set_enabled(call.caller(), id_of(call, EntityKind::flag),
                                              call.parameter("environment"), enabled, call.if_revision())));
        });
    }
    routes.add("GET", "/api/v1/projects/{project}/environments/{environment}/stale", [&entities](Call& call) {
        constexpr std::int64_t day_ms = 86'400'000;
        std::int64_t days = 30;
        if (const std::string text = call.query("days"); !text.empty()) {
            const bool digits = text.size() <= 4 && text.find_first_not_of("0123456789") == std::string::npos;
            if (!digits) refuse_member("/days", "must be a whole number up to 9999");
            days = std::stoll(text);
        }
        std::vector<std::string> items;
        for (const Stale& stale : value_of(entities.stale(call.caller(), call.parameter("project"),
                                                          call.parameter("environment"), days * day_ms))) {
            ObjectWriter writer;
            writer.text("kind", ruleset::word(stale.id.kind))
                .text("key", stale.id.key)
                .text("environment", stale.environment)
                .text("variant", stale.variant)
                .integer("updated_ms", stale.updated_ms);
            items.push_back(std::move(writer).done());
        }
        return page_of(items, {});
    });
}

void add_experiments_own(Routes& routes) {
    const Entities& entities = routes.services().entities;
    const std::string one = "/api/v1/projects/{project}/experiments/{key}/environments/{environment}";
    routes.add("POST", one + "/start", [&entities](Call& call) {
        return revised_configuration(
            value_of(entities.start(call.caller(), id_of(call, EntityKind::experiment),
                                    call.parameter("environment"), call.if_revision())));
    });
    routes.add("POST", one + "/pause", [&entities](Call& call) {
        return revised_configuration(
            value_of(entities.pause(call.caller(), id_of(call, EntityKind::experiment),
                                    call.parameter("environment"), call.if_revision())));
    });
    routes.add("POST", one + "/complete", [&entities](Call& call) {
        std::optional<std::string> winner;
        if (!call.request().body.empty()) {
            Body body = call.body();
            winner = body.optional_text("winner");
            body.done();
        }
        return revised_configuration(
            value_of(entities.complete(call.caller(), id_of(call, EntityKind::experiment),
                                       call.parameter("environment"), winner, call.if_revision())));
    });
    routes.add("GET", one + "/phases", [&entities](Call& call) {
        std::vector<std::string> items;
        for (const Phase& phase : value_of(entities.phases(call.caller(), id_of(call, EntityKind::experiment),
                                                           call.parameter("environment"))))
            items.push_back(to_json(phase));
        return page_of(items, {});
    });
}

}  // namespace

void add_entities(Routes& routes) {
    for (const EntityKind kind : {EntityKind::flag, EntityKind::experiment, EntityKind::segment,
                                  EntityKind::layer, EntityKind::holdout})
        add_kind(routes, kind);
    add_flags_own(routes);
    add_experiments_own(routes);
}

}  // namespace expplat::server::api
