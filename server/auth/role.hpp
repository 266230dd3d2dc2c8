// Sets of operations: the four roles that are always there, the roles of an installation's own, and what each kind of key
// may do.
//
// A store keeps a custom role as the names of its operations; `Role::custom` is how they become one. PERMISSIONS.md has the
// table. Values and constants; thread-safe.
#pragma once

#include <bitset>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "expplat/base/result.hpp"
#include "server/auth/api_key.hpp"
#include "server/auth/operation.hpp"

namespace expplat::server::auth {

class PermissionSet {
public:
    PermissionSet() = default;
    PermissionSet(std::initializer_list<Operation> members) {
        for (const Operation member : members) bits_.set(static_cast<std::size_t>(member));
    }

    [[nodiscard]] bool has(Operation operation) const noexcept {
        return bits_[static_cast<std::size_t>(operation)];
    }
    [[nodiscard]] static PermissionSet all() {
        PermissionSet set;
        set.bits_.set();
        return set;
    }
    [[nodiscard]] PermissionSet with(const PermissionSet& others) const {
        return PermissionSet(bits_ | others.bits_);
    }
    [[nodiscard]] PermissionSet without(const PermissionSet& others) const {
        return PermissionSet(bits_ & ~others.bits_);
    }

    friend bool operator==(const PermissionSet&, const PermissionSet&) = default;

private:
    using Bits = std::bitset<operations>;
    explicit PermissionSet(Bits bits) : bits_(bits) {}
    Bits bits_;
};

struct Role {
    std::string name;
    PermissionSet permissions;

    /// `admin`, `developer`, `analyst`, `viewer`; nothing for another name.
    [[nodiscard]] static std::optional<Role> built_in(std::string_view name);
    /// Fails with `invalid_argument` for a built-in role's name, a name that is not 1 to 64 of a-z 0-9 -, an operation that
    /// is none, and `server.admin`, which is admin's alone.
    [[nodiscard]] static Result<Role> custom(std::string_view name,
                                             std::span<const std::string> operation_names);
};

/// What a key of that kind may do, within its scope.
[[nodiscard]] PermissionSet permissions_of(KeyKind kind);

}  // namespace expplat::server::auth
