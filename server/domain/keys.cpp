#include "server/domain/keys.hpp"

#include "server/domain/bounds.hpp"
#include "server/domain/json_object.hpp"
#include "server/domain/tables/projects.hpp"
#include "server/domain/tables/rulesets.hpp"
#include "server/domain/text_rules.hpp"

namespace expplat::server::domain {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;

void time_or_null(ObjectWriter& writer, std::string_view name, const std::optional<std::int64_t>& time_ms) {
    if (time_ms) writer.integer(name, *time_ms);
    else writer.null(name);
}

void require_place(Transaction& t, const std::string& project, const std::string& environment) {
    if (environment.empty()) (void)tables::require_project(t, project);
    else (void)tables::require_environment(t, project, environment);
}

/// What a client key may read lies where it can be read without asking this server: whoever puts it there has to act.
void tell_publisher(Work& work, const Key& key) {
    if (key.kind != "client") return;
    Transaction& t = work.transaction();
    const std::int64_t version = tables::require_environment(t, key.project, key.environment).version;
    if (version == 0) return;  // nothing was published
    tables::add_to_outbox(t, OutboxRow::Topic::ruleset, key.project, key.environment, version, work.now_ms());
}

}  // namespace

std::string to_json(const Key& key) {
    ObjectWriter writer;
    writer.text("id", key.id)
        .text("project", key.project)
        .text("environment", key.environment)
        .text("kind", key.kind)
        .text("name", key.name)
        .text("hint", key.hint)
        .text("created_by", key.created_by)
        .integer("created_ms", key.created_ms);
    time_or_null(writer, "expires_ms", key.expires_ms);
    time_or_null(writer, "revoked_ms", key.revoked_ms);
    time_or_null(writer, "used_ms", key.used_ms);
    return std::move(writer).done();
}

Outcome<Key> Keys::create(const Caller& caller, const std::string& project, const std::string& environment,
                          const std::string& kind, const std::string& name,
                          std::optional<std::int64_t> expires_ms, const KeyMaterial& material) const {
    return plane_.write(caller, [&](Work& work) {
        if (kind != "server" && kind != "client" && kind != "admin")
            refuse_member("/kind", "must be server, client or admin");
        if (environment.empty() && kind != "admin")
            refuse_member("/kind", "must be admin: keys of programs are of one environment");
        check_name(name, "/name", bounds::name_bytes);
        if (expires_ms && (*expires_ms <= work.now_ms() || *expires_ms > bounds::time_ms))
            refuse_member("/expires_ms", "must be in the future, and before the year 10000");
        work.authorise("key.create", project, environment);
        Transaction& t = work.transaction();
        require_place(t, project, environment);
        if (environment.empty() && tables::list_environments(t, project).empty())
            throw Refusal(ProblemType::conflict, "the project has no environment yet");
        work.authorise_delegation({.of = Delegation::Of::key,
                                   .name = kind,
                                   .operations = {},
                                   .project = project,
                                   .environment = environment});
        if (tables::count_keys(t, project, work.now_ms()) >= bounds::keys) {
            throw Refusal(ProblemType::too_large,
                          "the project has " + std::to_string(bounds::keys) + " keys already");
        }
        const Key key{.id = material.id,
                      .project = project,
                      .environment = environment,
                      .kind = kind,
                      .name = name,
                      .hash = material.hash,
                      .hint = material.hint,
                      .created_by = work.actor().id,
                      .created_ms = work.now_ms(),
                      .expires_ms = expires_ms,
                      .revoked_ms = {},
                      .used_ms = {}};
        tables::insert_key(t, key);
        tell_publisher(work, key);
        work.record("key.create", project, environment, "key/" + key.id, {}, to_json(key));
        return key;
    });
}

Outcome<Key> Keys::get(const Caller& caller, const std::string& project, const std::string& id) const {
    return plane_.read(caller, [&](Work& work) {
        const std::optional<Key> key = tables::find_key(work.transaction(), id);
        work.authorise("key.read", project, key && key->project == project ? key->environment : "");
        if (!key || key->project != project) throw Refusal(ProblemType::not_found, "there is no such key");
        return *key;
    });
}

Outcome<std::vector<Key>> Keys::list(const Caller& caller, const std::string& project,
                                     const std::string& environment) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise("key.read", project, environment);
        require_place(work.transaction(), project, environment);
        return tables::list_keys(work.transaction(), project, environment);
    });
}

Outcome<Key> Keys::revoke(const Caller& caller, const std::string& project, const std::string& id) const {
    return plane_.write(caller, [&](Work& work) {
        Transaction& t = work.transaction();
        std::optional<Key> key = tables::find_key(t, id);
        work.authorise("key.revoke", project, key && key->project == project ? key->environment : "");
        if (!key || key->project != project) throw Refusal(ProblemType::not_found, "there is no such key");
        if (key->revoked_ms) return *key;
        const std::string before = to_json(*key);
        key->revoked_ms = work.now_ms();
        tables::set_key_revoked(t, id, *key->revoked_ms);
        tell_publisher(work, *key);
        work.record("key.revoke", project, key->environment, "key/" + id, before, to_json(*key));
        return *key;
    });
}

Outcome<std::int64_t> Keys::remove_ended() const {
    const std::int64_t before_ms = plane_.surroundings().now_ms() - bounds::ended_kept_ms;
    return plane_.store().write([&](Transaction& t) {
        return t
            .execute(
                "DELETE FROM keys WHERE id IN (SELECT id FROM keys WHERE (revoked_ms < ? OR expires_ms < ?) "
                "AND NOT EXISTS (SELECT 1 FROM change_requests WHERE change_requests.author = keys.id "
                "AND change_requests.state IN ('open', 'approved')) LIMIT ?)",
                {before_ms, before_ms, bounds::ended_at_once})
            .affected;
    });
}

Outcome<std::optional<Key>> Keys::find(const std::string& id) const {
    return plane_.store().read([&](Transaction& t) { return tables::find_key(t, id); });
}

Outcome<void> Keys::note_use(const Key& key, const std::string& remote, const std::string& request_id) const {
    const auto is_this_hour = [](const Key& of, std::int64_t now_ms) {
        return of.used_ms && *of.used_ms / hour_ms == now_ms / hour_ms;
    };
    if (is_this_hour(key, plane_.surroundings().now_ms())) return {};
    Caller caller = Caller::system("key");
    caller.actor = {Actor::Kind::key, key.id, key.name, remote, request_id};
    return plane_.write(caller, [&](Work& work) {
        const std::optional<Key> now = tables::find_key(work.transaction(), key.id);
        if (!now || is_this_hour(*now, work.now_ms())) return;
        tables::set_key_used(work.transaction(), key.id, work.now_ms());
        work.record("key.use", key.project, key.environment, "key/" + key.id, {}, {});
    });
}

}  // namespace expplat::server::domain
