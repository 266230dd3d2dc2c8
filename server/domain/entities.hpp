// `Entities`: flags, experiments, segments, layers and holdouts of a project, and what they are in each environment.
//
// One service for the five kinds: what differs is in `configuring.hpp`. Each call is one transaction that is authorised,
// validated by compiling the whole ruleset of every environment it touches, published and audited. `if_revision` is the one of
// `If-Match`: another one is `precondition_failed`. Safe from many threads; `plane` outlives it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/domain/configuring.hpp"
#include "server/domain/control_plane.hpp"
#include "server/domain/nouns.hpp"
#include "server/domain/tables/entities.hpp"

namespace expplat::server::domain {

using tables::EntityFilter;

/// Members that are given are changed; `json_schema` empty text: removed.
struct MetadataChange {
    std::optional<std::string> name = {};
    std::optional<std::string> description = {};
    std::optional<std::string> owner = {};
    std::optional<std::vector<std::string>> tags = {};
    std::optional<bool> client_visible = {};
    std::optional<std::string> json_schema = {};
};

/// A place that names an entity.
struct Use {
    EntityId id;
    std::string environment;
    std::string pointer;  // in the environment's ruleset
};

/// A flag or experiment that nobody has touched for a while and that gives everybody the same.
struct Stale {
    EntityId id;
    std::string environment;
    std::string variant;  // what everybody gets; empty: none, the caller's default
    std::int64_t updated_ms = 0;
};

class Entities {
public:
    explicit Entities(const ControlPlane& plane) : plane_(plane) {}

    /// `bodies`: initial configurations by environment; their problems are at `/configurations/ENVIRONMENT…`.
    Outcome<EntityView> create(const Caller& caller, const EntityId& id, const Metadata& metadata,
                               const std::map<std::string, std::string>& bodies = {}) const;
    Outcome<EntityView> get(const Caller& caller, const EntityId& id) const;
    /// By key.
    Outcome<Page<Entity>> list(const Caller& caller, const std::string& project, EntityKind kind,
                               const EntityFilter& filter, const PageRequest& page) const;
    Outcome<Entity> update(const Caller& caller, const EntityId& id, const MetadataChange& change,
                           std::optional<std::int64_t> if_revision = {}) const;
    /// A copy with that key, in every environment. An experiment's begins as a draft with its own salt.
    Outcome<EntityView> clone(const Caller& caller, const EntityId& id, const std::string& key,
                              const std::string& name) const;
    /// Out of every ruleset. Refused (`in_use`) while others name it, and (`conflict`) while an experiment runs.
    Outcome<Entity> archive(const Caller& caller, const EntityId& id,
                            std::optional<std::int64_t> if_revision = {}) const;
    Outcome<Entity> unarchive(const Caller& caller, const EntityId& id,
                              std::optional<std::int64_t> if_revision = {}) const;
    /// For good; only what is archived. The audit keeps its history.
    Outcome<void> remove(const Caller& caller, const EntityId& id,
                         std::optional<std::int64_t> if_revision = {}) const;
    Outcome<std::vector<Use>> where_used(const Caller& caller, const EntityId& id) const;

    Outcome<Configuration> configure(const Caller& caller, const EntityId& id, const std::string& environment,
                                     const std::string& body, const Configure& options = {}) const;
    Outcome<void> unconfigure(const Caller& caller, const EntityId& id, const std::string& environment,
                              std::optional<std::int64_t> if_revision = {}) const;
    Outcome<Configuration> set_enabled(const Caller& caller, const EntityId& flag,
                                       const std::string& environment, bool enabled,
                                       std::optional<std::int64_t> if_revision = {}) const;
    Outcome<Configuration> start(const Caller& caller, const EntityId& experiment,
                                 const std::string& environment,
                                 std::optional<std::int64_t> if_revision = {}) const;
    Outcome<Configuration> pause(const Caller& caller, const EntityId& experiment,
                                 const std::string& environment,
                                 std::optional<std::int64_t> if_revision = {}) const;
    Outcome<Configuration> complete(const Caller& caller, const EntityId& experiment,
                                    const std::string& environment, const std::optional<std::string>& winner,
                                    std::optional<std::int64_t> if_revision = {}) const;
    Outcome<std::vector<Phase>> phases(const Caller& caller, const EntityId& experiment,
                                       const std::string& environment) const;

    /// Flags and experiments unchanged since `unchanged_ms` ago that serve one variant.
    Outcome<std::vector<Stale>> stale(const Caller& caller, const std::string& project,
                                      const std::string& environment, std::int64_t unchanged_ms) const;

private:
    template <class F>
    Outcome<Configuration> change(const Caller& caller, const EntityId& id, const std::string& environment,
                                  std::string_view verb, F step) const;
    Outcome<Entity> set_archived(const Caller& caller, const EntityId& id, bool archived,
                                 std::optional<std::int64_t> if_revision) const;

    const ControlPlane& plane_;
};

/// The caller may see what the entity is in that environment.
[[nodiscard]] bool may_read(const Caller& caller, Transaction& t, const EntityId& id,
                            const std::string& environment);
/// `flag.configure`
[[nodiscard]] std::string action_of(EntityKind kind, std::string_view verb);
/// As the audit and the interface show it.
[[nodiscard]] std::string to_json(const Entity& entity);
[[nodiscard]] std::string to_json(const Configuration& configuration);
[[nodiscard]] std::string to_json(const Phase& phase);

/// Creates within a transaction, metadata checked: used by `create` and `clone`.
Entity create_entity(Work& work, const EntityId& id, const Metadata& metadata);
Entity update_metadata(Work& work, const EntityId& id, const MetadataChange& change,
                       std::optional<std::int64_t> if_revision, std::string_view verb = "update");
Entity set_archived(Work& work, const EntityId& id, bool archived, std::optional<std::int64_t> if_revision);
/// What others of the project name it, in every environment; archived ones do not count.
[[nodiscard]] std::vector<Use> uses_of(Work& work, const EntityId& id);

/// The variant that every user gets from that body; an empty text where every user gets none.
[[nodiscard]] std::optional<std::string> served_to_all(EntityKind kind, std::string_view body);

}  // namespace expplat::server::domain
