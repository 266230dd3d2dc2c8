// The tables `entities`, `configurations` and `phases`.
//
// Statements only: the rules are in `server/domain/entities.cpp` and `configuring.cpp`. Each function runs in the transaction
// it is given, and throws what that throws. `require_*` refuse with `not_found`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/domain/nouns.hpp"
#include "server/domain/store.hpp"

namespace expplat::server::domain::tables {

struct EntityFilter {
    std::string tag = {};   // has that tag
    std::string text = {};  // in its key or name, whatever the case of ASCII letters
    std::string owner = {};
    bool archived = false;
};

[[nodiscard]] std::optional<Entity> find_entity(Transaction& t, const EntityId& id);
[[nodiscard]] Entity require_entity(Transaction& t, const EntityId& id);
[[nodiscard]] std::vector<Entity> list_entities(Transaction& t, const std::string& project, EntityKind kind,
                                                const EntityFilter& filter, const std::string& after,
                                                std::int64_t limit);
[[nodiscard]] std::int64_t count_entities(Transaction& t, const std::string& project);
/// The kind of the flag or experiment with that key, which share a key space, or of the entity of that kind.
[[nodiscard]] std::optional<EntityKind> taken_by(Transaction& t, const EntityId& id);
void insert_entity(Transaction& t, const Entity& entity);
void update_entity(Transaction& t, const Entity& entity);
/// With its configurations and phases.
void remove_entity(Transaction& t, const EntityId& id);

[[nodiscard]] std::optional<Configuration> find_configuration(Transaction& t, const EntityId& id,
                                                              const std::string& environment);
[[nodiscard]] Configuration require_configuration(Transaction& t, const EntityId& id,
                                                  const std::string& environment);
[[nodiscard]] std::vector<Configuration> configurations_of(Transaction& t, const EntityId& id);
void insert_configuration(Transaction& t, const EntityId& id, const Configuration& configuration);
void update_configuration(Transaction& t, const EntityId& id, const Configuration& configuration);
void remove_configuration(Transaction& t, const EntityId& id, const std::string& environment);

/// One entity as an environment has it.
struct Configured {
    EntityId id;
    std::string environment;
    bool client_visible = false;
    std::string body;
    std::int64_t updated_ms = 0;
};
/// Of entities that are not archived: by environment, kind and key. `environment` empty: of all of them.
[[nodiscard]] std::vector<Configured> configured_in(Transaction& t, const std::string& project,
                                                    const std::string& environment);

[[nodiscard]] std::vector<Phase> phases_of(Transaction& t, const EntityId& experiment,
                                           const std::string& environment);
void begin_phase(Transaction& t, const EntityId& experiment, const std::string& environment,
                 const Phase& phase);
void end_phases(Transaction& t, const EntityId& experiment, const std::string& environment,
                std::int64_t now_ms);

[[nodiscard]] EntityKind kind_of(const std::string& word);

}  // namespace expplat::server::domain::tables
