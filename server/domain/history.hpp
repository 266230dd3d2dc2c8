// `History`: what was done to one entity, read from the audit, with differences; and taking one of them back.
//
// Reverting is a change like any other: validated, published, audited as `revert`. Safe from many threads; `plane` outlives
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/domain/control_plane.hpp"
#include "server/domain/json_object.hpp"
#include "server/domain/nouns.hpp"

namespace expplat::server::domain {

struct HistoryEntry {
    AuditEntry entry;
    std::vector<Difference> differences;  // from `before` to `after`
};

struct Revert {
    /// Of what is reverted, the entity or one of its configurations.
    std::optional<std::int64_t> if_revision = {};
    /// What the caller knows of the entity; then what is reverted must be as it is there.
    std::optional<EntityView> if_seen = {};
    /// As for `configure`.
    std::optional<std::string> new_phase = {};
};

class History {
public:
    explicit History(const ControlPlane& plane) : plane_(plane) {}

    /// Newest first; `page.after` is the sequence that the page before ended with. `environment` empty: all.
    Outcome<Page<HistoryEntry>> list(const Caller& caller, const EntityId& id, const std::string& environment,
                                     const PageRequest& page) const;

    /// Makes what the entry changed as it was before it: a configuration (also where it was added or removed) or the
    /// metadata. `conflict` for steps of an experiment's life, archiving and creating.
    Outcome<void> revert(const Caller& caller, const EntityId& id, std::int64_t sequence,
                         const Revert& options = {}) const;

private:
    const ControlPlane& plane_;
};

}  // namespace expplat::server::domain
