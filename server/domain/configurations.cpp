#include "server/domain/configurations.hpp"

#include <algorithm>
#include <tuple>

#include "server/domain/bounds.hpp"
#include "server/domain/entities.hpp"
#include "server/domain/json_object.hpp"
#include "server/domain/tables/entities.hpp"
#include "server/domain/tables/projects.hpp"

namespace expplat::server::domain {

namespace {

constexpr std::string_view select_configurations =
    "SELECT e.kind, e.key, c.body, c.state, c.phase, c.revision, c.updated_ms FROM configurations c "
    "JOIN entities e ON e.project = c.project AND e.kind = c.kind AND e.key = c.key "
    "WHERE c.project = ? AND c.environment = ? AND e.archived = 0";

/// Says which of the changes it is that cannot be made; what its places are called from the root of all.
[[nodiscard]] Problem at_change(Problem problem, const std::string& pointer) {
    if (problem.type == ProblemType::internal || problem.type == ProblemType::unavailable) return problem;
    if (problem.detail.starts_with(pointer + "/")) return problem;
    const bool is_member = problem.detail.starts_with('/') && !problem.violations.empty() &&
                           !problem.violations.front().pointer.empty() &&
                           problem.detail.starts_with(problem.violations.front().pointer + ": ");
    if (problem.violations.empty()) problem.violations.push_back({pointer, problem.detail});
    else if (is_member)
        for (Violation& violation : problem.violations) violation.pointer.insert(0, pointer);
    problem.detail.insert(0, is_member ? pointer : pointer + ": ");
    return problem;
}

}  // namespace

Outcome<std::vector<EntityConfiguration>> Configurations::list(const Caller& caller,
                                                               const std::string& project,
                                                               const std::string& environment) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise("environment.read", project, environment);
        Transaction& t = work.transaction();
        (void)tables::require_environment(t, project, environment);
        const Rows rows = t.execute(select_configurations, {project, environment});
        std::vector<EntityConfiguration> found;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const Row row = rows[i];
            const EntityId id{project, tables::kind_of(row.text(0)), row.text(1)};
            const Operation reading{action_of(id.kind, "read"), project, environment};
            if (!caller.may || !caller.may(reading, t)) continue;
            found.push_back(
                {id,
                 {environment, row.text(2), row.text(3), row.integer(4), row.integer(5), row.integer(6)}});
        }
        std::ranges::sort(found, [](const EntityConfiguration& a, const EntityConfiguration& b) {
            return std::tie(a.id.kind, a.id.key) < std::tie(b.id.kind, b.id.key);
        });
        return found;
    });
}

Outcome<void> Configurations::change(const Caller& caller, std::span<const Change> changes,
                                     Attempt attempt) const {
    const auto all = [&](Work& work) {
        if (changes.size() > bounds::changes_at_once) {
            throw Refusal(ProblemType::too_large,
                          "at most " + std::to_string(bounds::changes_at_once) + " changes are made at once");
        }
        for (std::size_t i = 0; i < changes.size(); ++i) {
            const std::string pointer = "/changes/" + std::to_string(i);
            const Operation operation = operation_of(changes[i]);
            try {
                work.authorise(operation.action, operation.project, operation.environment);
                apply(work, changes[i], pointer + "/body");
            } catch (const Refusal& refusal) { throw Refusal(at_change(refusal.problem(), pointer)); }
        }
    };
    return attempt == Attempt::rehearsal ? plane_.rehearse(caller, all) : plane_.write(caller, all);
}

std::string to_json(const EntityConfiguration& one) {
    ObjectWriter writer;
    writer.text("kind", ruleset::word(one.id.kind)).text("key", one.id.key);
    std::string json = std::move(writer).done();
    json.back() = ',';
    return json + to_json(one.configuration).substr(1);
}

}  // namespace expplat::server::domain
