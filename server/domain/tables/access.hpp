// The tables `keys`, `people`, `roles` and `grants`: who may ask, and where.
//
// Statements only: the rules are in `server/domain/keys.cpp`, `people.cpp` and `roles.cpp`. Each function runs in the
// transaction it is given, and throws what that throws.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/domain/store.hpp"

namespace expplat::server::domain {

/// A key of a program. What it is made of and how it is checked is `server/auth`'s affair; its text is never stored.
struct Key {
    std::string id;
    std::string project;
    std::string environment;  // empty: of the whole project (kind admin)
    std::string kind;         // server, client, admin
    std::string name;
    std::string hash;  // SHA-256 of its text, hexadecimal
    std::string hint;  // `xp_server_ab12…`, to tell keys apart
    std::string created_by;
    std::int64_t created_ms = 0;
    std::optional<std::int64_t> expires_ms;
    std::optional<std::int64_t> revoked_ms;
    std::optional<std::int64_t> used_ms;  // about: written once an hour
};

struct Person {
    std::string id;
    std::string email;  // in lower case (ASCII): two that differ in case are one
    std::string name;
    std::optional<std::string> password;  // its hash; none: logs in elsewhere
    bool disabled = false;
    std::int64_t tokens_from_ms = 0;  // tokens of an earlier epoch are void
    std::int64_t revision = 1;
    std::int64_t created_ms = 0;
    std::int64_t updated_ms = 0;
};

/// Who somebody is at an issuer of tokens.
struct Identity {
    std::string issuer;
    std::string subject;
};

/// A role of a person; project and environment are empty where it holds in all of them.
struct RoleGrant {
    std::string role;
    std::string project;
    std::string environment;
    friend auto operator<=>(const RoleGrant&, const RoleGrant&) = default;
};

/// A role of the installation's own: a list of operations. The built-in ones are `server/auth`'s and in no table.
struct Role {
    std::string key;  // 1 to 64 of a-z 0-9 -
    std::string name;
    std::vector<std::string> operations;  // `flags.read`, sorted
    std::int64_t revision = 1;
    std::int64_t created_ms = 0;
    std::int64_t updated_ms = 0;
};

namespace tables {

/// One of the whole project needs a project with an environment.
void insert_key(Transaction& t, const Key& key);
[[nodiscard]] std::optional<Key> find_key(Transaction& t, const std::string& id);
/// Newest first. `environment` empty: those of the whole project.
[[nodiscard]] std::vector<Key> list_keys(Transaction& t, const std::string& project,
                                         const std::string& environment);
/// Those that can be used now.
[[nodiscard]] std::int64_t count_keys(Transaction& t, const std::string& project, std::int64_t now_ms);
void set_key_revoked(Transaction& t, const std::string& id, std::int64_t revoked_ms);
void set_key_used(Transaction& t, const std::string& id, std::int64_t used_ms);

void insert_person(Transaction& t, const Person& person);
void update_person(Transaction& t, const Person& person);
[[nodiscard]] std::optional<Person> find_person(Transaction& t, const std::string& id);
[[nodiscard]] std::optional<Person> find_person_by_email(Transaction& t, const std::string& email);
[[nodiscard]] std::optional<Person> find_person_by_identity(Transaction& t, const Identity& identity);
/// Whether that person is somebody at that issuer already.
[[nodiscard]] bool has_identity(Transaction& t, const std::string& person, const std::string& issuer);
void insert_identity(Transaction& t, const Identity& identity, const std::string& person,
                     std::int64_t now_ms);
/// Those after that e-mail, by e-mail.
[[nodiscard]] std::vector<Person> list_people(Transaction& t, const std::string& after, std::int64_t limit);
[[nodiscard]] std::int64_t count_people(Transaction& t);
[[nodiscard]] std::vector<RoleGrant> grants_of(Transaction& t, const std::string& person);
void set_grants(Transaction& t, const std::string& person, const std::vector<RoleGrant>& grants,
                std::int64_t now_ms);
void insert_role(Transaction& t, const Role& role);
void update_role(Transaction& t, const Role& role);
void remove_role(Transaction& t, const std::string& key);
[[nodiscard]] std::optional<Role> find_role(Transaction& t, const std::string& key);
/// All, by key.
[[nodiscard]] std::vector<Role> list_roles(Transaction& t);
/// Those that the person's grants name.
[[nodiscard]] std::vector<Role> roles_of(Transaction& t, const std::string& person);
[[nodiscard]] bool is_granted(Transaction& t, const std::string& role);
/// Of people who are not disabled, with that role everywhere.
[[nodiscard]] std::int64_t count_holders(Transaction& t, const std::string& role);

}  // namespace tables
}  // namespace expplat::server::domain
