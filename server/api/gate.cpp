#include "server/api/gate.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

namespace expplat::server::api {
namespace {

using auth::Operation;
using domain::ProblemType;
using domain::Refusal;

[[noreturn]] void refuse() {
    throw Refusal(ProblemType::unauthorized, "A valid key or token is needed: Authorization: Bearer ….");
}

[[nodiscard]] std::optional<auth::KeyKind> kind_of(std::string_view name) {
    for (const auth::KeyKind kind : {auth::KeyKind::server, auth::KeyKind::client, auth::KeyKind::admin}) {
        if (auth::name(kind) == name) return kind;
    }
    return std::nullopt;
}

[[nodiscard]] std::optional<auth::StoredKey> stored(const domain::Key& key) {
    const std::optional<auth::KeyKind> kind = kind_of(key.kind);
    if (!kind) return std::nullopt;
    return auth::StoredKey{.id = key.id,
                           .sha256 = key.hash,
                           .kind = *kind,
                           .project_id = key.project,
                           .environment_id = key.environment,
                           .expires_ms = key.expires_ms,
                           .revoked_ms = key.revoked_ms};
}

/// A role that this release would refuse, as it may know fewer operations than another, gives nothing.
[[nodiscard]] std::optional<auth::Role> own_role(const domain::Role& role) {
    Result<auth::Role> known = auth::Role::custom(role.key, role.operations);
    return known ? std::optional(std::move(*known)) : std::nullopt;
}

/// As the transaction finds the person's grants and roles; nothing for one who may not come in.
[[nodiscard]] std::optional<auth::Principal> person_now(domain::Transaction& t, const std::string& id) {
    const std::optional<domain::Person> now = domain::tables::find_person(t, id);
    if (!now || now->disabled) return std::nullopt;
    return auth::Principal::person(
        id, grants_of(domain::tables::grants_of(t, id), domain::tables::roles_of(t, id)));
}

[[nodiscard]] std::optional<auth::PermissionSet> permissions_of(const domain::Delegation& rights,
                                                                domain::Transaction& t) {
    switch (rights.of) {
        case domain::Delegation::Of::role: {
            if (const auto role = auth::Role::built_in(rights.name)) return role->permissions;
            const std::optional<domain::Role> own = domain::tables::find_role(t, rights.name);
            const std::optional<auth::Role> role = own ? own_role(*own) : std::nullopt;
            return role ? role->permissions : auth::PermissionSet{};
        }
        case domain::Delegation::Of::key: {
            const std::optional<auth::KeyKind> kind = kind_of(rights.name);
            if (!kind) return std::nullopt;
            return auth::permissions_of(*kind);
        }
        case domain::Delegation::Of::operations: break;
    }
    auth::PermissionSet permissions;
    for (const std::string& name : rights.operations) {
        const std::optional<Operation> operation = auth::operation_of(name);
        if (!operation) return std::nullopt;
        permissions = permissions.with({*operation});
    }
    return permissions;
}

[[nodiscard]] bool may(const auth::Principal& principal, const domain::Operation& operation,
                       std::int64_t now_ms) {
    const std::optional<Operation> known = operation_of_action(operation.action);
    return known && auth::decide(principal, *known, {operation.project, operation.environment}, now_ms) ==
                        auth::Verdict::allowed;
}

}  // namespace

std::string_view bearer_of(const http::Request& request) {
    std::string_view header = request.headers.find("Authorization");
    if (header.empty()) return request.headers.find("X-API-Key");
    constexpr std::string_view scheme = "bearer ";
    if (header.size() <= scheme.size()) return {};
    for (std::size_t i = 0; i < scheme.size(); ++i) {
        if ((header[i] | (header[i] >= 'A' && header[i] <= 'Z' ? 0x20 : 0)) != scheme[i]) return {};
    }
    header.remove_prefix(scheme.size());
    while (header.starts_with(' ')) header.remove_prefix(1);
    return header;
}

std::optional<auth::Principal> principal_of(const domain::Key& key) {
    const std::optional<auth::StoredKey> known = stored(key);
    return known ? std::optional(auth::Principal::key(*known)) : std::nullopt;
}

std::optional<auth::Operation> operation_of_action(std::string_view action) {
    const std::size_t dot = action.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const std::string_view noun = action.substr(0, dot);
    const std::string_view verb = action.substr(dot + 1);
    std::string group(noun);
    group += noun == "audit" ? "" : "s";
    const auto named = [&](std::string_view word) {
        return auth::operation_of(group + '.' + std::string(word));
    };
    if (verb == "read") return named("read");
    if (verb == "export") return named("export");
    if (verb == "archive" || verb == "unarchive" || verb == "delete") {
        if (const auto archive = named("archive")) return archive;
        return named("write");
    }
    if (verb == "review" || verb == "apply") return named("approve");
    // What puts a change into force.
    if (verb == "configure" || verb == "unconfigure" || verb == "toggle" || verb == "revert" ||
        verb == "start" || verb == "pause" || verb == "complete")
        return named("publish");
    return named("write");
}

std::vector<auth::Grant> grants_of(const std::vector<domain::RoleGrant>& grants,
                                   const std::vector<domain::Role>& own) {
    std::vector<auth::Grant> result;
    for (const domain::RoleGrant& grant : grants) {
        std::optional<auth::Role> role = auth::Role::built_in(grant.role);
        const auto found = std::find_if(own.begin(), own.end(),
                                        [&](const domain::Role& one) { return one.key == grant.role; });
        if (!role && found != own.end()) role = own_role(*found);
        if (role) result.push_back({role->permissions, {grant.project, grant.environment}});
    }
    return result;
}

bool may_now(const domain::Actor& actor, const domain::Operation& operation, domain::Transaction& t,
             std::int64_t now_ms) {
    std::optional<auth::Principal> principal;
    switch (actor.kind) {
        case domain::Actor::Kind::system: return true;
        case domain::Actor::Kind::person: principal = person_now(t, actor.id); break;
        case domain::Actor::Kind::key:
            if (const auto key = domain::tables::find_key(t, actor.id)) principal = principal_of(*key);
            break;
    }
    return principal && may(*principal, operation, now_ms);
}

domain::Authorise Gate::right_of(const domain::Actor& actor) const {
    return [actor, now_ms = now_ms_](const domain::Operation& operation, domain::Transaction& t) {
        return may_now(actor, operation, t, now_ms());
    };
}

Entry Gate::entry_of(const domain::Key& key, const auth::PresentedKey& presented,
                     const http::Request& request) const {
    const std::optional<auth::StoredKey> known = stored(key);
    if (!known || auth::check_key(presented, &*known, now_ms_())) refuse();
    Entry entry{.principal = auth::Principal::key(*known),
                .caller = {{domain::Actor::Kind::key, key.id, key.name, request.remote, request.id}},
                .project = key.project,
                .environment = key.environment,
                .email = {},
                .epoch = 0};
    entry.caller.may = right_of(entry.caller.actor);
    return entry;
}

std::optional<domain::Key> Gate::remembered(const std::string& id) const {
    const std::shared_lock lock(mutex_);
    const auto found = known_.find(id);
    if (found == known_.end()) return std::nullopt;
    const std::int64_t age_ms = now_ms_() - found->second.at_ms;
    // A clock that was set back must not make it remembered for as long.
    if (age_ms < 0 || age_ms > key_memory_ms) return std::nullopt;
    return found->second.key;
}

void Gate::forget_key(const std::string& id) const {
    const std::unique_lock lock(mutex_);
    ++forgotten_;
    known_.erase(id);
}

std::optional<Entry> Gate::enter_at_once(const http::Request& request) const {
    const auth::Judged<auth::PresentedKey> presented = auth::read_api_key(bearer_of(request));
    if (!presented) return std::nullopt;
    const std::optional<domain::Key> key = remembered(presented->id);
    if (!key) return std::nullopt;
    Entry entry = entry_of(*key, *presented, request);
    throttle_.admit(entry.principal);
    return entry;
}

Entry Gate::enter(const http::Request& request) const {
    Entry entry = recognise(request);
    throttle_.admit(entry.principal);
    return entry;
}

Entry Gate::recognise(const http::Request& request) const {
    const std::string_view text = bearer_of(request);
    if (text.empty()) refuse();
    if (!text.starts_with("xp_")) return person(text, request);
    const auth::Judged<auth::PresentedKey> presented = auth::read_api_key(text);
    if (!presented) refuse();
    std::optional<domain::Key> key = remembered(presented->id);
    if (!key) {
        const std::uint64_t forgotten = forgotten_.load();
        domain::Outcome<std::optional<domain::Key>> found = keys_.find(presented->id);
        if (!found) throw Refusal(found.problem());
        if (!*found) refuse();
        key = **found;
        Entry entry = entry_of(*key, *presented, request);
        {
            const std::unique_lock lock(mutex_);
            if (known_.size() >= keys_remembered) known_.clear();
            // What was read before a key was taken back may be of that key.
            if (forgotten_.load() == forgotten) known_[key->id] = {*key, now_ms_()};
        }
        (void)keys_.note_use(*key, request.remote, request.id);
        return entry;
    }
    return entry_of(*key, *presented, request);
}

void Gate::require_local_log_in() const {
    if (user_pool_ == nullptr) return;
    throw Refusal(ProblemType::forbidden, "People come in by their user pool, " + user_pool_->issuer() +
                                              ": send its token as the bearer. There are no passwords here.");
}

domain::PersonView Gate::person_of_ours(std::string_view token) const {
    const auth::Judged<auth::TokenBearer> bearer = tokens_.judge(token, auth::TokenUse::access, now_ms_());
    if (!bearer) refuse();
    domain::Outcome<std::optional<domain::PersonView>> found = people_.find(bearer->person_id);
    if (!found) throw Refusal(found.problem());
    if (!*found || auth::check_epoch(*bearer, (**found).person.tokens_from_ms)) refuse();
    return std::move(**found);
}

domain::PersonView Gate::person_of_pool(std::string_view token, const http::Request& request) const {
    const auth::CognitoPerson known = user_pool_->judge(token);
    const domain::Identity identity{user_pool_->issuer(), known.subject};
    domain::Outcome<std::optional<domain::PersonView>> found = people_.find_by_identity(identity);
    if (!found) throw Refusal(found.problem());
    const std::int64_t issued_ms = known.issued_at_s * 1000;
    if (!*found) {
        domain::Caller caller = domain::Caller::system("user pool");
        caller.actor = {domain::Actor::Kind::person, "", known.email, request.remote, request.id};
        domain::Outcome<domain::PersonView> admitted =
            people_.admit(caller, {identity, known.email, known.roles, issued_ms});
        if (!admitted) throw Refusal(admitted.problem());
        return std::move(*admitted);
    }
    // The pool's tokens say the second in which they were issued: those of before a log-out everywhere are void.
    if (issued_ms + 999 < (**found).person.tokens_from_ms) refuse();
    return std::move(**found);
}

Entry Gate::person(std::string_view token, const http::Request& request) const {
    const domain::PersonView view =
        user_pool_ == nullptr ? person_of_ours(token) : person_of_pool(token, request);
    if (view.person.disabled) refuse();
    Entry entry{.principal = auth::Principal::person(view.person.id, grants_of(view.grants, view.roles)),
                .caller = {{domain::Actor::Kind::person, view.person.id, view.person.email, request.remote,
                            request.id}},
                .project = {},
                .environment = {},
                .email = view.person.email,
                .epoch = view.person.tokens_from_ms};
    entry.caller.may = right_of(entry.caller.actor);
    entry.caller.may_delegate = [id = view.person.id, now_ms = now_ms_](const domain::Delegation& rights,
                                                                        domain::Transaction& t) {
        const auto principal = person_now(t, id);
        const auto permissions = permissions_of(rights, t);
        return principal && permissions &&
               auth::may_delegate(*principal, *permissions, {rights.project, rights.environment}, now_ms());
    };
    return entry;
}

domain::Outcome<std::vector<StreamHolder>> Gate::review(const std::vector<StreamHolder>& holders) const {
    const std::int64_t now_ms = now_ms_();
    return keys_.store().read([&](domain::Transaction& t) {
        std::vector<StreamHolder> ended;
        for (const StreamHolder& holder : holders) {
            std::optional<auth::Principal> principal;
            if (holder.kind == auth::PrincipalKind::person) {
                const std::optional<domain::Person> person = domain::tables::find_person(t, holder.id);
                if (person && person->tokens_from_ms == holder.epoch) principal = person_now(t, holder.id);
            } else if (const std::optional<domain::Key> key = domain::tables::find_key(t, holder.id)) {
                principal = principal_of(*key);
            }
            if (!principal || auth::decide(*principal, holder.operation, {holder.project, holder.environment},
                                           now_ms) != auth::Verdict::allowed)
                ended.push_back(holder);
        }
        return ended;
    });
}

}  // namespace expplat::server::api
