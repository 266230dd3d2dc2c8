// Configuring: the rules of one entity in one environment, and an experiment's life.
//
// Each function is a step within a `Work`: it checks, writes, notes the audit entry and touches the environment; the ruleset is
// compiled by `Work::finish`. Used by `Entities`, and by whatever applies a stored `Change`. Rights are the caller's affair.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/domain/nouns.hpp"
#include "server/domain/work.hpp"

namespace expplat::server::domain {

struct Configure {
    /// Of the configuration; 0: there must be none yet.
    std::optional<std::int64_t> if_revision = {};
    /// There must be one already, of whatever revision.
    bool must_exist = false;
    /// Asks by name for a new phase of analysis, which a change of split on a started experiment is; why.
    std::optional<std::string> new_phase = {};
    /// Of the body in what the caller sent.
    std::string request_pointer = {};
    /// The audit's word; `configure` or `revert`.
    std::string verb = "configure";
};

/// Writes a body, which for an experiment need not say its `status`: that is changed by the verbs below.
Configuration configure(Work& work, const EntityId& id, const std::string& environment, std::string_view body,
                        const Configure& options = {});
void unconfigure(Work& work, const EntityId& id, const std::string& environment,
                 std::optional<std::int64_t> if_revision);

/// The kill switch: a flag's `enabled`. Switching off needs no approval.
Configuration set_enabled(Work& work, const EntityId& flag, const std::string& environment, bool enabled,
                          std::optional<std::int64_t> if_revision);

/// draft → running (the first phase begins), paused → running.
Configuration start(Work& work, const EntityId& experiment, const std::string& environment,
                    std::optional<std::int64_t> if_revision);
/// running → paused. Needs no approval.
Configuration pause(Work& work, const EntityId& experiment, const std::string& environment,
                    std::optional<std::int64_t> if_revision);
/// running, paused → completed, for good. `winner`: the variant that everybody gets from now on.
Configuration complete(Work& work, const EntityId& experiment, const std::string& environment,
                       const std::optional<std::string>& winner, std::optional<std::int64_t> if_revision);

/// Like its status, a completed experiment's winner stays where the new body has none.
[[nodiscard]] std::string with_winner(std::string body, std::string_view before);

/// `flag/new-ui`: the audit's subject.
[[nodiscard]] std::string subject_of(const EntityId& id);

}  // namespace expplat::server::domain
