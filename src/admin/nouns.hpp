// The server's nouns as its interface shows them: entities with their configurations, keys, and changes that are sent.
//
// Read from answers by `client.hpp`; `json` is what the server wrote, for who passes it on. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/ruleset/json.hpp"
#include "src/ruleset/outline.hpp"

namespace expplat::admin {

/// segment, layer, holdout, flag or experiment; `ruleset::word` is its name.
using ruleset::EntityKind;

/// What an entity is in one environment.
struct Configuration {
    EntityKind kind = EntityKind::flag;
    std::string key;
    std::string environment;
    std::string state;  // of an experiment; else empty
    std::int64_t phase = 0;
    std::int64_t revision = 0;
    std::int64_t updated_ms = 0;
    std::string body;  // JSON as RULESET.md writes the entity
    std::string json;
};

struct Entity {
    EntityKind kind = EntityKind::flag;
    std::string key;
    std::string name;
    std::string description;
    std::string owner;
    std::vector<std::string> tags;
    bool client_visible = false;
    bool archived = false;
    std::int64_t revision = 0;
    std::int64_t updated_ms = 0;
    std::vector<Configuration> configurations;  // by environment; none in a list
    std::string json;
};

struct Key {
    std::string id;
    std::string kind;  // server, client or admin
    std::string name;
    std::string shown;   // redacted
    std::string secret;  // the key itself, where it was made just now
    std::int64_t created_ms = 0;
    std::optional<std::int64_t> expires_ms;
    std::optional<std::int64_t> revoked_ms;
    std::string json;
};

/// One change of an entity in an environment; several are made together or not at all.
struct Change {
    std::string operation;  // configure, unconfigure, enable, disable, start, pause, complete
    EntityKind kind = EntityKind::flag;
    std::string key;
    std::string environment;
    std::string body;  // of `configure`
    std::optional<std::int64_t> if_revision = {};
    std::optional<std::string> new_phase = {};
    std::optional<std::string> winner = {};
};

[[nodiscard]] Entity entity_of(const ruleset::Node& node);
[[nodiscard]] Configuration configuration_of(const ruleset::Node& node);
[[nodiscard]] Key key_of(const ruleset::Node& node);
[[nodiscard]] std::string to_json(const Change& change);
/// The kind with that name (`flag`); nothing where it is none.
[[nodiscard]] std::optional<EntityKind> kind_of(std::string_view word) noexcept;

}  // namespace expplat::admin
