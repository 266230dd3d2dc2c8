// `Roles`: the roles of an installation's own, each a list of operations; granted to people like the built-in ones.
//
// Which operations there are, and which names are taken by built-in roles, is `server/auth`'s affair and given as a function.
// Nobody puts an operation into a role that they have not everywhere. Safe from many threads; `plane` outlives it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "server/domain/control_plane.hpp"
#include "server/domain/tables/access.hpp"

namespace expplat::server::domain {

/// Members that are given are changed.
struct RoleChange {
    std::optional<std::string> name = {};
    std::optional<std::vector<std::string>> operations = {};
};

class Roles {
public:
    /// What is wrong with a role of that key and with those operations; nothing where all is well.
    using Fault =
        std::function<std::optional<std::string>(const std::string& key, const std::vector<std::string>&)>;

    Roles(const ControlPlane& plane, Fault fault) : plane_(plane), fault_(std::move(fault)) {}

    Outcome<Role> create(const Caller& caller, const std::string& key, const std::string& name,
                         const std::vector<std::string>& operations) const;
    Outcome<Role> get(const Caller& caller, const std::string& key) const;
    /// All, by key.
    Outcome<std::vector<Role>> list(const Caller& caller) const;
    /// Who has it has the new operations from the next request on.
    Outcome<Role> update(const Caller& caller, const std::string& key, const RoleChange& change,
                         std::optional<std::int64_t> if_revision = {}) const;
    /// Refused (`in_use`) while somebody has it.
    Outcome<void> remove(const Caller& caller, const std::string& key,
                         std::optional<std::int64_t> if_revision = {}) const;

private:
    void check(Work& work, const Role& role) const;

    const ControlPlane& plane_;
    Fault fault_;
};

[[nodiscard]] std::string to_json(const Role& role);

}  // namespace expplat::server::domain
