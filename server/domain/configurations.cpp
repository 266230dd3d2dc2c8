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
            const Operation operation = operation_of(changes[i]);
            work.authorise(operation.action, operation.project, operation.environment);
            apply(work, changes[i], "/changes/" + std::to_string(i) + "/body");
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
