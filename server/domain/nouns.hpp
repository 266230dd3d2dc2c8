// The nouns of the control plane as values: projects, environments, entities and their configurations, pages of them.
//
// Read from and written to the tables; answered to the interface as they are. Times are Unix milliseconds; `revision` begins
// with 1, grows by 1 with each change, and is what an ETag is made of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "src/ruleset/model.hpp"
#include "src/ruleset/outline.hpp"

namespace expplat::server::domain {

/// flag, experiment, segment, layer or holdout; `ruleset::word` is its name.
using ruleset::EntityKind;

struct Project {
    std::string key;  // 1 to 64 of A-Z a-z 0-9 . _ -
    std::string name;
    std::string description;
    bool archived = false;
    std::int64_t revision = 1;
    std::int64_t created_ms = 0;
    std::int64_t updated_ms = 0;
};

struct Environment {
    std::string project;
    std::string key;  // as a project's
    std::string name;
    std::string description;
    bool requires_approval = false;
    bool archived = false;
    std::int64_t version = 0;  // of its ruleset; 0 before the first
    std::int64_t revision = 1;
    std::int64_t created_ms = 0;
    std::int64_t updated_ms = 0;
};

struct EntityId {
    std::string project;
    EntityKind kind = EntityKind::flag;
    std::string key;  // RULESET.md, section 1
};

struct Metadata {
    std::string name;
    std::string description = {};
    std::string owner = {};
    std::vector<std::string> tags = {};
    bool client_visible = false;  // of flags and experiments
    /// A JSON object that describes values of type `object` (json_schema.hpp).
    std::optional<std::string> json_schema = {};
};

struct Entity {
    EntityId id;
    Metadata metadata;
    bool archived = false;
    std::int64_t revision = 1;
    std::int64_t created_ms = 0;
    std::int64_t updated_ms = 0;
};

/// What an entity is in one environment.
struct Configuration {
    std::string environment;
    std::string body;  // JSON as RULESET.md writes the entity
    std::string
        state;  // of an experiment: draft, running, paused, completed (the body's `status`); else empty
    std::int64_t phase = 0;  // of an experiment: the stretch of analysis; 0 in a draft
    std::int64_t revision = 1;
    std::int64_t updated_ms = 0;
};

struct EntityView {
    Entity entity;
    std::vector<Configuration> configurations;  // by environment
};

struct Phase {
    std::int64_t number = 1;
    std::string split;   // JSON
    std::string reason;  // `started`, or the words of who asked for it
    std::int64_t started_ms = 0;
    std::optional<std::int64_t> ended_ms;
};

struct PageRequest {
    std::string after = {};   // `next` of the page before
    std::int64_t limit = 50;  // bounds::page_rows_most at most
};

template <class T>
struct Page {
    std::vector<T> items;
    std::optional<std::string> next;  // where there are more
};

}  // namespace expplat::server::domain
