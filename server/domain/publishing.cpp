#include "server/domain/publishing.hpp"

#include <algorithm>
#include <array>

#include "expplat/base/json_text.hpp"
#include "server/domain/bounds.hpp"
#include "server/domain/digest.hpp"
#include "server/domain/projection.hpp"
#include "server/domain/tables/projects.hpp"
#include "server/domain/tables/rulesets.hpp"
#include "src/ruleset/pointer.hpp"
#include "src/ruleset/workspace.hpp"

namespace expplat::server::domain {

namespace {

/// Lines `POINTER: what is wrong`.
std::vector<Violation> violations_of(std::string_view message) {
    std::vector<Violation> violations;
    while (!message.empty()) {
        const std::string_view line = message.substr(0, message.find('\n'));
        message.remove_prefix(std::min(message.size(), line.size() + 1));
        const std::size_t colon = line.find(": ");
        if (colon == std::string_view::npos) {
            violations.push_back({"", std::string(line)});
        } else {
            violations.push_back(
                {"", std::string(line.substr(colon + 2)), std::string(line.substr(0, colon))});
        }
    }
    return violations;
}

[[noreturn]] void refuse(std::vector<Violation> violations, std::string_view environment,
                         std::span<const SentAt> places) {
    violations = placed(std::move(violations), places);
    std::string detail = "the ruleset of environment `" + std::string(environment) + "` would not be valid";
    if (!violations.empty()) {
        detail += ": " + violations.front().ruleset_pointer + ": " + violations.front().message;
        if (violations.size() > 1) detail += " (and " + std::to_string(violations.size() - 1) + " more)";
    }
    throw Refusal({ProblemType::invalid, std::move(detail), std::move(violations)});
}

}  // namespace

std::string ruleset_pointer(const EntityId& id) {
    std::string pointer;
    ruleset::append_pointer_token(pointer, ruleset::map_name(id.kind));
    ruleset::append_pointer_token(pointer, id.key);
    return pointer;
}

std::vector<Violation> placed(std::vector<Violation> violations, std::span<const SentAt> places) {
    for (Violation& violation : violations) {
        for (const SentAt& place : places) {
            const std::string_view whole = violation.ruleset_pointer;
            if (!whole.starts_with(place.ruleset_pointer)) continue;
            const std::string_view rest = whole.substr(place.ruleset_pointer.size());
            if (rest.empty() || rest.front() == '/')
                violation.pointer = place.request_pointer + std::string(rest);
        }
    }
    return violations;
}

std::string ruleset_document(const std::string& environment, std::int64_t version,
                             std::span<const tables::Configured> configured) {
    std::string out = "{\"format\":\"expplat.ruleset/1\",\"environment\":";
    append_json_string(out, environment);
    out += ",\"version\":" + std::to_string(version);
    for (std::size_t i = 0; i < configured.size(); ++i) {
        const bool begins_map = i == 0 || configured[i].id.kind != configured[i - 1].id.kind;
        if (begins_map) {
            out += i == 0 ? ",\"" : "},\"";
            out += ruleset::map_name(configured[i].id.kind);
            out += "\":{";
        } else {
            out += ',';
        }
        append_json_string(out, configured[i].id.key);
        out += ':';
        out += configured[i].body;
    }
    return out + (configured.empty() ? "}" : "}}");
}

void publish(Work& work, const std::string& project, const std::string& environment,
             std::span<const SentAt> places) {
    Transaction& t = work.transaction();
    const Environment row = tables::require_environment(t, project, environment);
    if (row.archived) throw Refusal(ProblemType::conflict, "environment `" + environment + "` is archived");
    const std::vector<tables::Configured> configured = tables::configured_in(t, project, environment);
    const std::int64_t version = std::max(row.version + 1, work.now_ms());

    Published published;
    published.document = ruleset_document(environment, version, configured);
    ruleset::Workspace workspace(ruleset::Mode::strict);
    if (const Result<ruleset::Compiled> compiled = workspace.compile(published.document); !compiled) {
        if (compiled.error().code == ErrorCode::too_large) {
            throw Refusal(ProblemType::too_large, compiled.error().message);
        }
        refuse(violations_of(compiled.error().message), environment, places);
    }
    Projection projection = project_for_clients(configured);
    if (!projection.violations.empty()) refuse(std::move(projection.violations), environment, places);

    published.project = project;
    published.environment = environment;
    published.version = version;
    published.hash = sha256_hex(published.document);
    published.client_document = ruleset_document(environment, version, projection.visible);
    published.client_hash = sha256_hex(published.client_document);
    published.created_ms = work.now_ms();
    tables::set_ruleset_version(t, project, environment, version);
    tables::insert_ruleset(t, published);
    tables::keep_newest_rulesets(t, project, environment, bounds::ruleset_history);
    tables::add_to_outbox(t, OutboxRow::Topic::ruleset, project, environment, version, work.now_ms());
}

}  // namespace expplat::server::domain
