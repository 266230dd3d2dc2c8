// `People`: who logs in, and which roles they have where.
//
// Passwords come here as hashes (`server/auth/password.hpp`); tokens are checked against the epoch that is kept here. The
// last admin cannot be lost. Safe from many threads; `plane` outlives it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "server/domain/control_plane.hpp"
#include "server/domain/nouns.hpp"
#include "server/domain/tables/access.hpp"

namespace expplat::server::domain {

struct PersonView {
    Person person;
    std::vector<RoleGrant> grants;  // sorted
    std::vector<Role> roles =
        {};  // of the installation's own, that the grants name; read where somebody comes in
};

/// Members that are given are changed.
struct PersonChange {
    std::optional<std::string> name = {};
    std::optional<std::string> password_hash = {};  // also ends every session
    std::optional<bool> disabled = {};              // true also ends every session
    std::optional<std::vector<RoleGrant>> grants = {};
};

/// Somebody whom an issuer of tokens vouches for.
struct Arrival {
    Identity identity;
    std::string email;               // verified by the issuer; empty: not told
    std::vector<std::string> roles;  // of the whole server, for who is new
    std::int64_t issued_ms = 0;      // the token
};

class People {
public:
    /// `is_built_in`: the name of a role that is always there.
    People(const ControlPlane& plane, std::function<bool(const std::string&)> is_built_in)
        : plane_(plane), is_built_in_(std::move(is_built_in)) {}

    Outcome<PersonView> create(const Caller& caller, const std::string& email, const std::string& name,
                               const std::optional<std::string>& password_hash,
                               const std::vector<RoleGrant>& grants) const;
    /// The first person of an empty store, an admin of everything; nothing where there is anybody.
    Outcome<std::optional<PersonView>> bootstrap(const std::string& email,
                                                 const std::optional<std::string>& password_hash) const;
    /// The first entry of an identity: it becomes the person with that e-mail, or a new one with these roles. Refuses
    /// (`unauthorized`) one without an e-mail, and an e-mail whose person is somebody else at the issuer. `caller`: for the
    /// audit; nobody's right is asked.
    Outcome<PersonView> admit(const Caller& caller, const Arrival& arrival) const;
    Outcome<PersonView> get(const Caller& caller, const std::string& id) const;
    /// By e-mail.
    Outcome<Page<PersonView>> list(const Caller& caller, const PageRequest& page) const;
    /// Roles that are new to the person are the caller's own, or part of them; so is all that a person has who gets another
    /// password.
    Outcome<PersonView> update(const Caller& caller, const std::string& id, const PersonChange& change,
                               std::optional<std::int64_t> if_revision = {}) const;
    /// A person's own: every token that was given out is void from now on.
    Outcome<void> end_sessions(const Caller& caller, const std::string& id) const;

    /// For authentication: nobody's right is asked.
    Outcome<std::optional<PersonView>> find(const std::string& id) const;
    Outcome<std::optional<PersonView>> find_by_identity(const Identity& identity) const;
    Outcome<std::optional<PersonView>> find_by_email(const std::string& email) const;

private:
    void check_grants(Work& work, const std::vector<RoleGrant>& grants,
                      const std::vector<RoleGrant>& before) const;

    const ControlPlane& plane_;
    std::function<bool(const std::string&)> is_built_in_;
};

/// Without the password's hash.
[[nodiscard]] std::string to_json(const PersonView& person);

}  // namespace expplat::server::domain
