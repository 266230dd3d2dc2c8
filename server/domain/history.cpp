#include "server/domain/history.hpp"

#include <limits>

#include "server/domain/configuring.hpp"
#include "server/domain/entities.hpp"
#include "server/domain/tables/audit.hpp"
#include "server/domain/text_rules.hpp"

namespace expplat::server::domain {

namespace {

/// That what is reverted must have: of its configuration in the environment, or of the entity; 0: it must not be there.
std::optional<std::int64_t> expected_revision(const Revert& options, const std::string& environment) {
    if (!options.if_seen) return options.if_revision;
    if (environment.empty()) return options.if_seen->entity.revision;
    for (const Configuration& one : options.if_seen->configurations) {
        if (one.environment == environment) return one.revision;
    }
    return 0;
}

void revert_configuration(Work& work, const EntityId& id, const AuditEntry& entry,
                          std::optional<std::int64_t> if_revision,
                          const std::optional<std::string>& new_phase) {
    work.authorise(action_of(id.kind, "configure"), id.project, entry.environment);
    if (!entry.before) {
        unconfigure(work, id, entry.environment, if_revision);
        return;
    }
    std::string body = *entry.before;
    // Its life goes on where it is.
    if (id.kind == EntityKind::experiment) body = without_member(parse_stored(body).root(), "status");
    Configure options;
    options.if_revision = if_revision;
    options.new_phase = new_phase;
    options.verb = "revert";
    (void)configure(work, id, entry.environment, body, options);
}

void revert_metadata(Work& work, const EntityId& id, const AuditEntry& entry,
                     std::optional<std::int64_t> if_revision) {
    work.authorise(action_of(id.kind, "update"), id.project);
    const ruleset::Document document = parse_stored(entry.before.value_or("{}"));
    const ruleset::Node& old = document.root();
    MetadataChange change;
    change.name = std::string(text_member(old, "name"));
    change.description = std::string(text_member(old, "description"));
    change.owner = std::string(text_member(old, "owner"));
    if (const ruleset::Node* tags = old.find("tags"); tags != nullptr) {
        change.tags = texts_of_list(ruleset::to_json(*tags));
    }
    if (const ruleset::Node* visible = old.find("client_visible"); visible != nullptr) {
        change.client_visible = visible->boolean();
        const ruleset::Node* schema = old.find("json_schema");
        change.json_schema = schema != nullptr && schema->kind() == ruleset::NodeKind::object
                                 ? ruleset::to_json(*schema)
                                 : std::string();
    }
    (void)update_metadata(work, id, change, if_revision, "revert");
}

}  // namespace

Outcome<Page<HistoryEntry>> History::list(const Caller& caller, const EntityId& id,
                                          const std::string& environment, const PageRequest& request) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise(action_of(id.kind, "read"), id.project, environment);
        const std::int64_t limit = checked_limit(request);
        const std::int64_t before = sequence_of(request);
        const auto entries = tables::audit_before(
            work.transaction(),
            {.project = id.project, .environment = environment, .subject = subject_of(id)}, before,
            limit + 1);
        Page<HistoryEntry> page;
        for (const AuditEntry& entry : entries) {
            if (static_cast<std::int64_t>(page.items.size()) == limit) {
                page.next = std::to_string(page.items.back().entry.sequence);
                break;
            }
            HistoryEntry one{entry, {}};
            if (entry.environment.empty() || may_read(caller, work.transaction(), id, entry.environment)) {
                one.differences = differences(entry.before, entry.after);
            } else {  // that there was a change may be known; what it was, not
                one.entry.before.reset();
                one.entry.after.reset();
            }
            page.items.push_back(std::move(one));
        }
        return page;
    });
}

Outcome<void> History::revert(const Caller& caller, const EntityId& id, std::int64_t sequence,
                              const Revert& options) const {
    return plane_.write(caller, [&](Work& work) {
        work.authorise(action_of(id.kind, "read"), id.project);
        const auto entry = tables::find_audit(work.transaction(), sequence);
        if (!entry || entry->project != id.project || entry->subject != subject_of(id)) {
            throw Refusal(ProblemType::not_found,
                          subject_of(id) + " has no entry " + std::to_string(sequence) + " in its history");
        }
        const std::string verb = entry->action.substr(entry->action.find('.') + 1);
        const bool is_configuration =
            verb == "configure" || verb == "unconfigure" || verb == "enable" || verb == "disable";
        if (is_configuration || (verb == "revert" && !entry->environment.empty())) {
            revert_configuration(work, id, *entry, expected_revision(options, entry->environment),
                                 options.new_phase);
        } else if (verb == "update" || verb == "revert") {
            revert_metadata(work, id, *entry, expected_revision(options, ""));
        } else {
            throw Refusal(ProblemType::conflict, "`" + entry->action + "` cannot be taken back");
        }
    });
}

}  // namespace expplat::server::domain
