#include "server/domain/tables/people.hpp"

#include "server/domain/json_object.hpp"

namespace expplat::server::domain::tables {

namespace {

constexpr std::string_view select_person =
    "SELECT id, email, name, password, disabled, failed_attempts, locked_until_ms, tokens_from_ms, revision, "
    "created_ms, "
    "updated_ms FROM people ";
constexpr std::string_view select_role =
    "SELECT key, name, permissions, revision, created_ms, updated_ms FROM roles ";
constexpr std::string_view select_grant = "SELECT person, role, project, environment FROM grants ";
constexpr std::string_view select_key =
    "SELECT id, project, environment, kind, name, hash, hint, created_by, created_ms, expires_ms, "
    "revoked_ms, used_ms "
    "FROM keys ";

Person person_of(const Row& row) {
    return {row.text(0),    row.text(1),    row.text(2),    row.optional_text(3),
            row.boolean(4), row.integer(5), row.integer(6), row.integer(7),
            row.integer(8), row.integer(9), row.integer(10)};
}
Role role_of(const Row& row) {
    return {row.text(0),    row.text(1),    texts_of_list(row.text(2)),
            row.integer(3), row.integer(4), row.integer(5)};
}
Grant grant_of(const Row& row) { return {row.text(0), row.text(1), row.text(2), row.text(3)}; }
AccessKey key_of(const Row& row) {
    return {row.text(0),
            row.text(1),
            row.text(2),
            row.text(3),
            row.text(4),
            row.text(5),
            row.text(6),
            row.text(7),
            row.integer(8),
            row.optional_integer(9),
            row.optional_integer(10),
            row.optional_integer(11)};
}

template <class F, class T = std::invoke_result_t<F, const Row&>>
std::vector<T> all(Transaction& t, std::string_view select, std::string_view rest,
                   std::initializer_list<Cell> parameters, F of) {
    const Rows rows = t.execute(std::string(select) + std::string(rest), parameters);
    std::vector<T> found;
    for (std::size_t i = 0; i < rows.size(); ++i) found.push_back(of(rows[i]));
    return found;
}

template <class T>
std::optional<T> first(std::vector<T> found) {
    return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

}  // namespace

std::optional<Person> find_person(Transaction& t, const std::string& id) {
    return first(all(t, select_person, "WHERE id = ?", {id}, person_of));
}
std::optional<Person> find_person_by_email(Transaction& t, const std::string& email) {
    return first(all(t, select_person, "WHERE email = ?", {email}, person_of));
}
std::vector<Person> list_people(Transaction& t, const std::string& after, std::int64_t limit) {
    return all(t, select_person, "WHERE id COLLATE \"C\" > ? ORDER BY id COLLATE \"C\" LIMIT ?",
               {after, limit}, person_of);
}
std::int64_t count_people(Transaction& t) { return t.execute("SELECT COUNT(*) FROM people")[0].integer(0); }

void insert_person(Transaction& t, const Person& p) {
    (void)t.execute(
        "INSERT INTO people (id, email, name, password, disabled, failed_attempts, locked_until_ms, "
        "tokens_from_ms, revision, created_ms, updated_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {p.id, p.email, p.name, cell(p.password), std::int64_t{p.disabled}, p.failed_attempts,
         p.locked_until_ms, p.tokens_from_ms, p.revision, p.created_ms, p.updated_ms});
}
void update_person(Transaction& t, const Person& p) {
    (void)t.execute(
        "UPDATE people SET email = ?, name = ?, password = ?, disabled = ?, failed_attempts = ?, "
        "locked_until_ms = ?, tokens_from_ms = ?, revision = ?, updated_ms = ? WHERE id = ?",
        {p.email, p.name, cell(p.password), std::int64_t{p.disabled}, p.failed_attempts, p.locked_until_ms,
         p.tokens_from_ms, p.revision, p.updated_ms, p.id});
}

std::optional<Role> find_role(Transaction& t, const std::string& key) {
    return first(all(t, select_role, "WHERE key = ?", {key}, role_of));
}
std::vector<Role> list_roles(Transaction& t) {
    return all(t, select_role, "ORDER BY key COLLATE \"C\"", {}, role_of);
}
void insert_role(Transaction& t, const Role& r) {
    (void)t.execute(
        "INSERT INTO roles (key, name, permissions, revision, created_ms, updated_ms) VALUES (?, ?, ?, ?, ?, "
        "?)",
        {r.key, r.name, json_list(r.permissions), r.revision, r.created_ms, r.updated_ms});
}
void update_role(Transaction& t, const Role& r) {
    (void)t.execute("UPDATE roles SET name = ?, permissions = ?, revision = ?, updated_ms = ? WHERE key = ?",
                    {r.name, json_list(r.permissions), r.revision, r.updated_ms, r.key});
}
void remove_role(Transaction& t, const std::string& key) {
    (void)t.execute("DELETE FROM roles WHERE key = ?", {key});
}

std::vector<Grant> grants_of(Transaction& t, const std::string& person) {
    return all(t, select_grant, "WHERE person = ? ORDER BY role, project, environment", {person}, grant_of);
}
std::vector<Grant> grants_with_role(Transaction& t, const std::string& role) {
    return all(t, select_grant, "WHERE role = ? ORDER BY person, project, environment", {role}, grant_of);
}
void set_grants(Transaction& t, const std::string& person, const std::vector<Grant>& grants,
                std::int64_t now_ms) {
    (void)t.execute("DELETE FROM grants WHERE person = ?", {person});
    for (const Grant& grant : grants) {
        (void)t.execute(
            "INSERT INTO grants (person, role, project, environment, created_ms) VALUES (?, ?, ?, ?, ?)",
            {person, grant.role, grant.project, grant.environment, now_ms});
    }
}

std::optional<AccessKey> find_key(Transaction& t, const std::string& id) {
    return first(all(t, select_key, "WHERE id = ?", {id}, key_of));
}
std::optional<AccessKey> find_key_by_hash(Transaction& t, const std::string& hash) {
    return first(all(t, select_key, "WHERE hash = ?", {hash}, key_of));
}
std::vector<AccessKey> list_keys(Transaction& t, const std::string& project, const std::string& environment) {
    return all(t, select_key, "WHERE project = ? AND environment = ? ORDER BY id COLLATE \"C\"",
               {project, environment}, key_of);
}
void insert_key(Transaction& t, const AccessKey& k) {
    (void)t.execute(
        "INSERT INTO keys (id, project, environment, kind, name, hash, hint, created_by, created_ms, "
        "expires_ms, "
        "revoked_ms, used_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {k.id, k.project, k.environment, k.kind, k.name, k.hash, k.hint, k.created_by, k.created_ms,
         cell(k.expires_ms), cell(k.revoked_ms), cell(k.used_ms)});
}
void update_key(Transaction& t, const AccessKey& k) {
    (void)t.execute("UPDATE keys SET name = ?, expires_ms = ?, revoked_ms = ?, used_ms = ? WHERE id = ?",
                    {k.name, cell(k.expires_ms), cell(k.revoked_ms), cell(k.used_ms), k.id});
}

}  // namespace expplat::server::domain::tables
