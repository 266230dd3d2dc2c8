// `Configurations`: all of an environment at once: read together, and changed together or not at all.
//
// What promotion from one environment to another and publishing a whole file are made of. Changes of a list are one
// transaction: what names each other may come in any order, the ruleset is compiled once, at the end. Safe from many threads;
// `plane` outlives it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "server/domain/change.hpp"
#include "server/domain/control_plane.hpp"
#include "server/domain/nouns.hpp"

namespace expplat::server::domain {

struct EntityConfiguration {
    EntityId id;
    Configuration configuration;
};

enum class Attempt : std::uint8_t {
    for_good,
    rehearsal,  // all is done and undone: whether it would be accepted
};

class Configurations {
public:
    explicit Configurations(const ControlPlane& plane) : plane_(plane) {}

    /// Of entities that are not archived and that the caller may read, by kind and key.
    Outcome<std::vector<EntityConfiguration>> list(const Caller& caller, const std::string& project,
                                                   const std::string& environment) const;

    /// In their order. Problems of the i-th body are at `/changes/i/body…`.
    Outcome<void> change(const Caller& caller, std::span<const Change> changes, Attempt attempt) const;

private:
    const ControlPlane& plane_;
};

/// `{"kind":"flag","key":"new-ui","environment":…,"revision":…,…,"body":{…}}`
[[nodiscard]] std::string to_json(const EntityConfiguration& one);

}  // namespace expplat::server::domain
