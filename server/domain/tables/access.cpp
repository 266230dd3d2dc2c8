#include "server/domain/tables/access.hpp"

#include "server/domain/json_object.hpp"

namespace expplat::server::domain::tables {

namespace {

constexpr std::string_view key_columns =
    "id, project, CASE WHEN whole_project = 1 THEN '' ELSE environment END, kind, name, hash, hint, "
    "created_by, created_ms, expires_ms, revoked_ms, used_ms";
constexpr std::string_view person_columns =
    "id, email, name, password, disabled, tokens_from_ms, revision, created_ms, updated_ms";

Key key_of(const Row& row) {
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

Person person_of(const Row& row) {
    return {row.text(0),    row.text(1),    row.text(2),    row.optional_text(3), row.boolean(4),
            row.integer(5), row.integer(6), row.integer(7), row.integer(8)};
}

constexpr std::string_view role_columns = "key, name, permissions, revision, created_ms, updated_ms";

Role role_of(const Row& row) {
    return {row.text(0),    row.text(1),    texts_of_list(row.text(2)),
            row.integer(3), row.integer(4), row.integer(5)};
}

std::vector<Role> roles_in(const Rows& rows) {
    std::vector<Role> roles;
    for (std::size_t i = 0; i < rows.size(); ++i) roles.push_back(role_of(rows[i]));
    return roles;
}

std::string select(std::string_view columns, std::string_view rest) {
    return "SELECT " + std::string(columns) + " FROM " + std::string(rest);
}

}  // namespace

void insert_key(Transaction& t, const Key& key) {
    (void)t.execute(
        "INSERT INTO keys (id, project, environment, kind, name, hash, hint, created_by, created_ms, "
        "expires_ms, revoked_ms, used_ms, whole_project) "
        "SELECT ?, ?, MIN(key), ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM environments "
        "WHERE project = ? AND (key = ? OR ? = '')",
        {key.id, key.project, key.kind, key.name, key.hash, key.hint, key.created_by, key.created_ms,
         cell(key.expires_ms), cell(key.revoked_ms), cell(key.used_ms), std::int64_t{key.environment.empty()},
         key.project, key.environment, key.environment});
}

std::optional<Key> find_key(Transaction& t, const std::string& id) {
    const Rows rows = t.execute(select(key_columns, "keys WHERE id = ?"), {id});
    return rows.empty() ? std::nullopt : std::optional(key_of(rows[0]));
}

std::vector<Key> list_keys(Transaction& t, const std::string& project, const std::string& environment) {
    const Rows rows = t.execute(
        select(key_columns,
               "keys WHERE project = ? AND whole_project = ? AND (environment = ? OR whole_project = 1) "
               "ORDER BY created_ms DESC, id"),
        {project, std::int64_t{environment.empty()}, environment});
    std::vector<Key> keys;
    for (std::size_t i = 0; i < rows.size(); ++i) keys.push_back(key_of(rows[i]));
    return keys;
}

std::int64_t count_keys(Transaction& t, const std::string& project, std::int64_t now_ms) {
    return t
        .execute(
            "SELECT COUNT(*) FROM keys WHERE project = ? AND revoked_ms IS NULL "
            "AND (expires_ms IS NULL OR expires_ms > ?)",
            {project, now_ms})[0]
        .integer(0);
}

void set_key_revoked(Transaction& t, const std::string& id, std::int64_t revoked_ms) {
    (void)t.execute("UPDATE keys SET revoked_ms = ? WHERE id = ?", {revoked_ms, id});
}

void set_key_used(Transaction& t, const std::string& id, std::int64_t used_ms) {
    (void)t.execute("UPDATE keys SET used_ms = ? WHERE id = ?", {used_ms, id});
}

void insert_person(Transaction& t, const Person& person) {
    (void)t.execute(
        "INSERT INTO people (id, email, name, password, disabled, failed_attempts, locked_until_ms, "
        "tokens_from_ms, "
        "revision, created_ms, updated_ms) VALUES (?, ?, ?, ?, ?, 0, 0, ?, ?, ?, ?)",
        {person.id, person.email, person.name, cell(person.password), std::int64_t{person.disabled},
         person.tokens_from_ms, person.revision, person.created_ms, person.updated_ms});
}

void update_person(Transaction& t, const Person& person) {
    (void)t.execute(
        "UPDATE people SET name = ?, password = ?, disabled = ?, tokens_from_ms = ?, revision = ?, "
        "updated_ms = ? "
        "WHERE id = ?",
        {person.name, cell(person.password), std::int64_t{person.disabled}, person.tokens_from_ms,
         person.revision, person.updated_ms, person.id});
}

std::optional<Person> find_person(Transaction& t, const std::string& id) {
    const Rows rows = t.execute(select(person_columns, "people WHERE id = ?"), {id});
    return rows.empty() ? std::nullopt : std::optional(person_of(rows[0]));
}

std::optional<Person> find_person_by_email(Transaction& t, const std::string& email) {
    const Rows rows = t.execute(select(person_columns, "people WHERE email = ?"), {email});
    return rows.empty() ? std::nullopt : std::optional(person_of(rows[0]));
}

std::optional<Person> find_person_by_identity(Transaction& t, const Identity& identity) {
    const Rows rows = t.execute(
        select(person_columns,
               "people WHERE id = (SELECT person FROM identities WHERE issuer = ? AND subject = ?)"),
        {identity.issuer, identity.subject});
    return rows.empty() ? std::nullopt : std::optional(person_of(rows[0]));
}

bool has_identity(Transaction& t, const std::string& person, const std::string& issuer) {
    return !t.execute("SELECT 1 FROM identities WHERE issuer = ? AND person = ?", {issuer, person}).empty();
}

void insert_identity(Transaction& t, const Identity& identity, const std::string& person,
                     std::int64_t now_ms) {
    (void)t.execute("INSERT INTO identities (issuer, subject, person, created_ms) VALUES (?, ?, ?, ?)",
                    {identity.issuer, identity.subject, person, now_ms});
}

std::vector<Person> list_people(Transaction& t, const std::string& after, std::int64_t limit) {
    const Rows rows = t.execute(
        select(person_columns, "people WHERE email COLLATE \"C\" > ? ORDER BY email COLLATE \"C\" LIMIT ?"),
        {after, limit});
    std::vector<Person> people;
    for (std::size_t i = 0; i < rows.size(); ++i) people.push_back(person_of(rows[i]));
    return people;
}

std::int64_t count_people(Transaction& t) { return t.execute("SELECT COUNT(*) FROM people")[0].integer(0); }

std::vector<RoleGrant> grants_of(Transaction& t, const std::string& person) {
    const Rows rows = t.execute(
        "SELECT role, project, environment FROM grants WHERE person = ? ORDER BY role, project, environment",
        {person});
    std::vector<RoleGrant> grants;
    for (std::size_t i = 0; i < rows.size(); ++i)
        grants.push_back({rows[i].text(0), rows[i].text(1), rows[i].text(2)});
    return grants;
}

void set_grants(Transaction& t, const std::string& person, const std::vector<RoleGrant>& grants,
                std::int64_t now_ms) {
    (void)t.execute("DELETE FROM grants WHERE person = ?", {person});
    for (const RoleGrant& grant : grants) {
        (void)t.execute(
            "INSERT INTO grants (person, role, project, environment, created_ms) VALUES (?, ?, ?, ?, ?)",
            {person, grant.role, grant.project, grant.environment, now_ms});
    }
}

void insert_role(Transaction& t, const Role& role) {
    (void)t.execute(
        "INSERT INTO roles (key, name, permissions, revision, created_ms, updated_ms) VALUES (?, ?, ?, ?, ?, "
        "?)",
        {role.key, role.name, json_list(role.operations), role.revision, role.created_ms, role.updated_ms});
}

void update_role(Transaction& t, const Role& role) {
    (void)t.execute("UPDATE roles SET name = ?, permissions = ?, revision = ?, updated_ms = ? WHERE key = ?",
                    {role.name, json_list(role.operations), role.revision, role.updated_ms, role.key});
}

void remove_role(Transaction& t, const std::string& key) {
    (void)t.execute("DELETE FROM roles WHERE key = ?", {key});
}

std::optional<Role> find_role(Transaction& t, const std::string& key) {
    const Rows rows = t.execute(select(role_columns, "roles WHERE key = ?"), {key});
    return rows.empty() ? std::nullopt : std::optional(role_of(rows[0]));
}

std::vector<Role> list_roles(Transaction& t) {
    return roles_in(t.execute(select(role_columns, "roles ORDER BY key COLLATE \"C\"")));
}

std::vector<Role> roles_of(Transaction& t, const std::string& person) {
    return roles_in(t.execute(
        select(role_columns, "roles WHERE key IN (SELECT role FROM grants WHERE person = ?)"), {person}));
}

bool is_granted(Transaction& t, const std::string& role) {
    return !t.execute("SELECT person FROM grants WHERE role = ? LIMIT 1", {role}).empty();
}

std::int64_t count_holders(Transaction& t, const std::string& role) {
    return t
        .execute(
            "SELECT COUNT(*) FROM grants JOIN people ON people.id = grants.person "
            "WHERE grants.role = ? AND grants.project = '' AND people.disabled = 0",
            {role})[0]
        .integer(0);
}

}  // namespace expplat::server::domain::tables
