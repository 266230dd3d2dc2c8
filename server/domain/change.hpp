// `Change`: one change of an entity, written down: what a schedule applies later and a change request proposes.
//
//     {"operation":"configure","kind":"flag","key":"new-ui","environment":"production","body":{…},"new_phase":"why"}
//     operation: configure (body, new_phase), unconfigure, enable, disable, start, pause, complete (winner);
//                archive, unarchive (of all environments: no `environment`)
//     if_revision (optional): of the configuration, or of the entity, at the time of applying; 0: there is none
// A value, made by `parse_change` alone, so that its members fit its operation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/domain/json_object.hpp"
#include "server/domain/nouns.hpp"
#include "server/domain/work.hpp"

namespace expplat::server::domain {

struct Change {
    enum class Operation : std::uint8_t {
        configure,
        unconfigure,
        enable,
        disable,
        start,
        pause,
        complete,
        archive,
        unarchive
    };

    Operation operation = Operation::configure;
    [[nodiscard]] bool is_of_entity() const noexcept { return operation >= Operation::archive; }
    EntityId id;
    std::string environment;               // empty: of all
    std::string body;                      // of `configure`: JSON
    std::optional<std::string> new_phase;  // of `configure`
    std::optional<std::string> winner;     // of `complete`
    std::optional<std::int64_t> if_revision;
};

/// Refuses (`invalid`) with pointers below `pointer`.
[[nodiscard]] Change parse_change(const std::string& project, std::string_view json,
                                  std::string_view pointer = "");
[[nodiscard]] std::string to_json(const Change& change);

/// The right that applying it takes: `flag.configure` in its environment.
[[nodiscard]] Operation operation_of(const Change& change);

/// `request_pointer`: of the body, where a caller sent it just now.
void apply(Work& work, const Change& change, const std::string& request_pointer = {});

/// What applying it would change in the configuration (or, of an entity, in `archived`) as it is now.
[[nodiscard]] std::vector<Difference> effect_of(Work& work, const Change& change);

/// The revision of the configuration or entity that it changes; 0 where there is none.
[[nodiscard]] std::int64_t base_revision(Work& work, const Change& change);

}  // namespace expplat::server::domain
