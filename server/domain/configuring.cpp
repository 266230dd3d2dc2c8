#include "server/domain/configuring.hpp"

#include "expplat/base/json_text.hpp"
#include "server/domain/bounds.hpp"
#include "server/domain/json_object.hpp"
#include "server/domain/json_schema.hpp"
#include "server/domain/publishing.hpp"
#include "server/domain/tables/entities.hpp"
#include "server/domain/tables/projects.hpp"
#include "server/domain/text_rules.hpp"

namespace expplat::server::domain {

namespace {

using ruleset::Document;
using ruleset::Node;
using ruleset::NodeKind;

enum class Approval : std::uint8_t { needed, not_needed };

std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

Entity check_entity_open(Work& work, const EntityId& id) {
    Entity entity = tables::require_entity(work.transaction(), id);
    if (entity.archived) throw Refusal(ProblemType::conflict, subject_of(id) + " is archived");
    return entity;
}

/// Values of type `object` are what the entity's JSON Schema says.
void check_by_schema(const Entity& entity, const Node& body, std::string_view request_pointer) {
    if (!entity.metadata.json_schema) return;
    const Document schema = parse_stored(*entity.metadata.json_schema);
    std::vector<Violation> faults = faults_of_variants(schema.root(), body);
    if (faults.empty()) return;
    for (Violation& fault : faults) {
        fault.ruleset_pointer = ruleset_pointer(entity.id) + fault.pointer;
        fault.pointer = std::string(request_pointer) + fault.pointer;
    }
    std::string detail = "a value is not what the JSON Schema says: " + faults.front().ruleset_pointer +
                         ": " + faults.front().message;
    throw Refusal({ProblemType::invalid, std::move(detail), std::move(faults)});
}

void check_environment(Work& work, const EntityId& id, const std::string& environment, Approval approval) {
    const Environment row = tables::require_environment(work.transaction(), id.project, environment);
    if (row.archived) throw Refusal(ProblemType::conflict, "environment `" + environment + "` is archived");
    if (row.requires_approval && approval == Approval::needed && !work.is_approved()) {
        throw Refusal(ProblemType::approval_required,
                      "environment `" + environment + "` takes changes by change request alone");
    }
}

/// What a started experiment keeps, defaults applied, so that leaving a default out is no change.
std::string frozen_part(const Node& body, std::string_view member, const std::string& key) {
    const Node* node = body.find(member);
    if (node != nullptr) return in_canonical_order(*node);
    if (member == "salt") return quoted(key);
    if (member == "unit") return quoted("key");
    return {};
}

/// Whether the split is another one; refuses a change of what never changes.
bool changes_split(const Node& before, const Node& after, const EntityId& id,
                   std::string_view request_pointer) {
    std::vector<Violation> violations;
    for (const std::string_view member : {"type", "variants", "unit", "salt"}) {
        if (frozen_part(before, member, id.key) == frozen_part(after, member, id.key)) continue;
        violations.push_back({std::string(request_pointer) + "/" + std::string(member),
                              "is frozen: the experiment has been started",
                              ruleset_pointer(id) + "/" + std::string(member)});
    }
    if (!violations.empty()) {
        throw Refusal({ProblemType::frozen,
                       "a started experiment keeps its type, variants, unit and salt; clone it for others",
                       std::move(violations)});
    }
    return frozen_part(before, "split", id.key) != frozen_part(after, "split", id.key);
}

std::string split_of(std::string_view body) {
    const Document document = parse_stored(body);
    const Node* split = document.root().find("split");
    return split == nullptr ? "[]" : ruleset::to_json(*split);
}

void change_split(Work& work, const EntityId& id, Configuration& configuration, const Configure& options) {
    if (configuration.state == "completed") {
        throw Refusal({ProblemType::frozen,
                       "a completed experiment keeps its split",
                       {{options.request_pointer + "/split", "is frozen: the experiment is completed",
                         ruleset_pointer(id) + "/split"}}});
    }
    if (!options.new_phase) {
        throw Refusal(
            {ProblemType::frozen,
             "a change of split on a started experiment begins a new phase of analysis: ask for it by name",
             {{options.request_pointer + "/split", "is frozen: the experiment has been started",
               ruleset_pointer(id) + "/split"}}});
    }
    check_text(*options.new_phase, "/new_phase", bounds::comment_bytes);
    Transaction& t = work.transaction();
    tables::end_phases(t, id, configuration.environment, work.now_ms());
    ++configuration.phase;
    tables::begin_phase(
        t, id, configuration.environment,
        {configuration.phase, split_of(configuration.body), *options.new_phase, work.now_ms(), {}});
}

/// The body with the experiment's state as its `status`, which only the verbs of its life change.
std::string with_status(const Node& body, const std::string& state, const Configure& options) {
    const Node* status = body.find("status");
    if (status != nullptr && (status->kind() != NodeKind::string || status->text() != state)) {
        refuse_member(options.request_pointer + "/status",
                      "is `" + state + "`; it is changed by starting, pausing and completing the experiment");
    }
    return with_member(body, "status", quoted(state));
}

void write(Work& work, const EntityId& id, std::string_view verb, Configuration& configuration,
           const std::optional<std::string>& before, std::string_view request_pointer) {
    Transaction& t = work.transaction();
    configuration.updated_ms = work.now_ms();
    if (before) {
        ++configuration.revision;
        tables::update_configuration(t, id, configuration);
    } else {
        tables::insert_configuration(t, id, configuration);
    }
    work.record(std::string(ruleset::word(id.kind)) + "." + std::string(verb), id.project,
                configuration.environment, subject_of(id), before, configuration.body);
    work.touch(id.project, configuration.environment,
               SentAt{ruleset_pointer(id), std::string(request_pointer)});
}

/// One step of an experiment's life.
Configuration step(Work& work, const EntityId& id, const std::string& environment,
                   std::optional<std::int64_t> if_revision, std::string_view verb,
                   std::initializer_list<std::string_view> from, const std::string& to, Approval approval,
                   const std::function<void(Configuration&)>& then) {
    if (id.kind != EntityKind::experiment) {
        throw Refusal(ProblemType::invalid, "only an experiment can be started, paused and completed");
    }
    (void)check_entity_open(work, id);
    check_environment(work, id, environment, approval);
    Configuration configuration = tables::require_configuration(work.transaction(), id, environment);
    check_revision(if_revision, configuration.revision);
    if (std::find(from.begin(), from.end(), configuration.state) == from.end()) {
        throw Refusal(ProblemType::conflict, subject_of(id) + " is " + configuration.state +
                                                 " in environment `" + environment + "` and cannot become " +
                                                 to);
    }
    const std::string before = configuration.body;
    configuration.state = to;
    configuration.body = with_member(parse_stored(before).root(), "status", quoted(to));
    then(configuration);
    write(work, id, verb, configuration, before, "");
    return configuration;
}

}  // namespace

std::string with_winner(std::string body, std::string_view before) {
    const Document document = parse_stored(body);
    const Document old = parse_stored(before);
    const Node* const winner = old.root().find("winner");
    if (winner == nullptr || document.root().find("winner") != nullptr) return body;
    return with_member(document.root(), "winner", ruleset::to_json(*winner));
}

std::string subject_of(const EntityId& id) { return std::string(ruleset::word(id.kind)) + "/" + id.key; }

Configuration configure(Work& work, const EntityId& id, const std::string& environment, std::string_view body,
                        const Configure& options) {
    Transaction& t = work.transaction();
    const Entity entity = check_entity_open(work, id);
    check_environment(work, id, environment, Approval::needed);
    const std::optional<Configuration> current = tables::find_configuration(t, id, environment);
    check_revision(options.if_revision, current ? current->revision : 0);
    if (options.must_exist && !current)
        throw Refusal(ProblemType::precondition_failed, "it is not configured in this environment");
    const Document document = parse_object(body, options.request_pointer, bounds::body_bytes);
    check_by_schema(entity, document.root(), options.request_pointer);

    Configuration next = current.value_or(Configuration{environment, "", "", 0, 1, 0});
    next.body = ruleset::to_json(document.root());
    if (id.kind == EntityKind::experiment) {
        if (!current) next.state = "draft";
        next.body = with_status(document.root(), next.state, options);
        if (next.state == "completed") next.body = with_winner(std::move(next.body), current->body);
        if (next.state != "draft") {
            const Document before = parse_stored(current->body);
            if (changes_split(before.root(), document.root(), id, options.request_pointer)) {
                change_split(work, id, next, options);
            }
        }
    }
    if (current && current->body == next.body) return *current;
    write(work, id, options.verb, next, current ? std::optional(current->body) : std::nullopt,
          options.request_pointer);
    return next;
}

void unconfigure(Work& work, const EntityId& id, const std::string& environment,
                 std::optional<std::int64_t> if_revision) {
    (void)check_entity_open(work, id);
    check_environment(work, id, environment, Approval::needed);
    const Configuration current = tables::require_configuration(work.transaction(), id, environment);
    check_revision(if_revision, current.revision);
    if (current.state == "running" || current.state == "paused") {
        throw Refusal(ProblemType::conflict, subject_of(id) + " is " + current.state + ": complete it first");
    }
    tables::remove_configuration(work.transaction(), id, environment);
    work.record(std::string(ruleset::word(id.kind)) + ".unconfigure", id.project, environment, subject_of(id),
                current.body, {});
    work.touch(id.project, environment);
}

Configuration set_enabled(Work& work, const EntityId& id, const std::string& environment, bool enabled,
                          std::optional<std::int64_t> if_revision) {
    if (id.kind != EntityKind::flag) {
        throw Refusal(ProblemType::invalid, "only a flag is switched on and off; an experiment is paused");
    }
    (void)check_entity_open(work, id);
    check_environment(work, id, environment, enabled ? Approval::needed : Approval::not_needed);
    Configuration next = tables::require_configuration(work.transaction(), id, environment);
    check_revision(if_revision, next.revision);
    const std::string before = next.body;
    const Document document = parse_stored(before);
    const Node* current = document.root().find("enabled");
    if ((current == nullptr || current->boolean()) == enabled) return next;
    next.body = with_member(document.root(), "enabled", enabled ? "true" : "false");
    write(work, id, enabled ? "enable" : "disable", next, before, "");
    return next;
}

Configuration start(Work& work, const EntityId& id, const std::string& environment,
                    std::optional<std::int64_t> if_revision) {
    return step(work, id, environment, if_revision, "start", {"draft", "paused"}, "running", Approval::needed,
                [&](Configuration& configuration) {
                    if (configuration.phase > 0) return;  // from a pause
                    Transaction& t = work.transaction();
                    // A configuration that was removed and made anew goes on counting.
                    configuration.phase =
                        static_cast<std::int64_t>(tables::phases_of(t, id, environment).size()) + 1;
                    tables::begin_phase(
                        t, id, environment,
                        {configuration.phase, split_of(configuration.body), "started", work.now_ms(), {}});
                });
}

Configuration pause(Work& work, const EntityId& id, const std::string& environment,
                    std::optional<std::int64_t> if_revision) {
    return step(work, id, environment, if_revision, "pause", {"running"}, "paused", Approval::not_needed,
                [](Configuration&) {});
}

Configuration complete(Work& work, const EntityId& id, const std::string& environment,
                       const std::optional<std::string>& winner, std::optional<std::int64_t> if_revision) {
    return step(work, id, environment, if_revision, "complete", {"running", "paused"}, "completed",
                Approval::needed, [&](Configuration& configuration) {
                    const Document document = parse_stored(configuration.body);
                    if (winner) {
                        const Node* variants = document.root().find("variants");
                        if (variants == nullptr || variants->find(*winner) == nullptr) {
                            refuse_member("/winner", "is no variant of the experiment");
                        }
                    }
                    configuration.body = with_member(document.root(), "winner",
                                                     winner ? quoted(*winner) : std::string("null"));
                    tables::end_phases(work.transaction(), id, environment, work.now_ms());
                });
}

}  // namespace expplat::server::domain
