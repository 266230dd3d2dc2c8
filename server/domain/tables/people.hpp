// The tables `people`, `roles`, `grants` and `keys`: who may ask, for `server/auth`.
//
// Statements only; what a password, a role or a key means is decided by who calls. Each function runs in the transaction it is
// given, and throws what that throws. Hashes alone are stored, never a password or a key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/domain/store.hpp"

namespace expplat::server::domain {

struct Person {
    std::string id;
    std::string email;  // unique, in lower case
    std::string name;
    std::optional<std::string> password;  // its hash with parameters and salt; none: another log-in
    bool disabled = false;
    std::int64_t failed_attempts = 0;
    std::int64_t locked_until_ms = 0;
    std::int64_t tokens_from_ms = 0;  // older tokens are refused
    std::int64_t revision = 1;
    std::int64_t created_ms = 0;
    std::int64_t updated_ms = 0;
};

struct Role {
    std::string key;
    std::string name;
    std::vector<std::string> permissions;  // action names
    std::int64_t revision = 1;
    std::int64_t created_ms = 0;
    std::int64_t updated_ms = 0;
};

/// A role that a person has; `project` and `environment` empty: in all of them.
struct Grant {
    std::string person;
    std::string role;
    std::string project;
    std::string environment;
};

struct AccessKey {
    std::string id;
    std::string project;
    std::string environment;
    std::string kind;  // server, client, admin
    std::string name;
    std::string hash;  // unique: what a presented key is found by
    std::string hint;  // its last letters, for readers
    std::string created_by;
    std::int64_t created_ms = 0;
    std::optional<std::int64_t> expires_ms;
    std::optional<std::int64_t> revoked_ms;
    std::optional<std::int64_t> used_ms;
};

namespace tables {

[[nodiscard]] std::optional<Person> find_person(Transaction& t, const std::string& id);
[[nodiscard]] std::optional<Person> find_person_by_email(Transaction& t, const std::string& email);
/// By id, those after that one.
[[nodiscard]] std::vector<Person> list_people(Transaction& t, const std::string& after, std::int64_t limit);
[[nodiscard]] std::int64_t count_people(Transaction& t);
void insert_person(Transaction& t, const Person& person);
/// Everything but the id and `created_ms`.
void update_person(Transaction& t, const Person& person);

[[nodiscard]] std::optional<Role> find_role(Transaction& t, const std::string& key);
[[nodiscard]] std::vector<Role> list_roles(Transaction& t);
void insert_role(Transaction& t, const Role& role);
void update_role(Transaction& t, const Role& role);
void remove_role(Transaction& t, const std::string& key);

[[nodiscard]] std::vector<Grant> grants_of(Transaction& t, const std::string& person);
[[nodiscard]] std::vector<Grant> grants_with_role(Transaction& t, const std::string& role);
/// Instead of those the person has.
void set_grants(Transaction& t, const std::string& person, const std::vector<Grant>& grants,
                std::int64_t now_ms);

[[nodiscard]] std::optional<AccessKey> find_key(Transaction& t, const std::string& id);
[[nodiscard]] std::optional<AccessKey> find_key_by_hash(Transaction& t, const std::string& hash);
/// All of an environment, by id.
[[nodiscard]] std::vector<AccessKey> list_keys(Transaction& t, const std::string& project,
                                               const std::string& environment);
void insert_key(Transaction& t, const AccessKey& key);
/// `expires_ms`, `revoked_ms`, `used_ms` and the name.
void update_key(Transaction& t, const AccessKey& key);

}  // namespace tables
}  // namespace expplat::server::domain
