// `Gate`: finds out who asks, from a token or a key in `Authorization: Bearer …`, or in `X-API-Key`.
//
// The one place that turns a stranger into a `Caller` (for the domain, which asks again within its transaction) and a
// `Principal` (for what has no transaction). Keys are remembered for a few seconds, so that the requests of a fleet cost no
// transaction each; a key that this server revokes is forgotten at once. Safe from many threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/api/open_streams.hpp"
#include "server/api/throttle.hpp"
#include "server/api/user_pool.hpp"
#include "server/auth/permission.hpp"
#include "server/auth/token.hpp"
#include "server/domain/keys.hpp"
#include "server/domain/people.hpp"
#include "server/http/message.hpp"

namespace expplat::server::api {

struct Entry {
    auth::Principal principal;
    domain::Caller caller;
    /// Of a key: the environment it is of.
    std::string project;
    std::string environment;
    std::string email;       // of a person
    std::int64_t epoch = 0;  // of a person: raised where all they opened is to end
};

class Gate {
public:
    static constexpr std::int64_t key_memory_ms = 5'000;
    static constexpr std::size_t keys_remembered = 10'000;

    /// All outlive it. `user_pool`: where people come in by one; null: by passwords and tokens of our own.
    Gate(const domain::Keys& keys, const domain::People& people, const auth::TokenAuthority& tokens,
         Throttle& throttle, UserPool* user_pool, std::function<std::int64_t()> now_ms)
        : keys_(keys),
          people_(people),
          tokens_(tokens),
          throttle_(throttle),
          user_pool_(user_pool),
          now_ms_(std::move(now_ms)) {}

    /// Throws `Refusal`: `unauthorized` where there is nobody, or somebody that may not come in; `too_many` where they come
    /// too often.
    [[nodiscard]] Entry enter(const http::Request& request) const;
    /// The same without a transaction: nothing where one would be needed.
    [[nodiscard]] std::optional<Entry> enter_at_once(const http::Request& request) const;
    [[nodiscard]] bool has_local_log_in() const noexcept { return user_pool_ == nullptr; }
    /// Refuses (`forbidden`) what is about passwords, where people come in by a user pool.
    void require_local_log_in() const;
    void forget_key(const std::string& id) const;

    /// Those of them that may go on no longer, by what the store says now. A refusal: it cannot be read.
    [[nodiscard]] domain::Outcome<std::vector<StreamHolder>> review(
        const std::vector<StreamHolder>& holders) const;

private:
    [[nodiscard]] Entry recognise(const http::Request& request) const;
    struct Remembered {
        domain::Key key;
        std::int64_t at_ms = 0;
    };
    [[nodiscard]] Entry entry_of(const domain::Key& key, const auth::PresentedKey& presented,
                                 const http::Request& request) const;
    [[nodiscard]] domain::Authorise right_of(const domain::Actor& actor) const;
    [[nodiscard]] Entry person(std::string_view token, const http::Request& request) const;
    [[nodiscard]] domain::PersonView person_of_ours(std::string_view token) const;
    [[nodiscard]] domain::PersonView person_of_pool(std::string_view token,
                                                    const http::Request& request) const;
    [[nodiscard]] std::optional<domain::Key> remembered(const std::string& id) const;

    const domain::Keys& keys_;
    const domain::People& people_;
    const auth::TokenAuthority& tokens_;
    Throttle& throttle_;
    UserPool* const user_pool_;
    std::function<std::int64_t()> now_ms_;

    mutable std::shared_mutex mutex_;  // guards the table
    mutable std::unordered_map<std::string, Remembered> known_;
    mutable std::atomic<std::uint64_t> forgotten_{0};  // how many keys were
};

/// What stands behind `Bearer` in `Authorization`, or in `X-API-Key` where there is none; empty: nothing.
[[nodiscard]] std::string_view bearer_of(const http::Request& request);

/// Who a key is; nothing for a kind that this release does not know.
[[nodiscard]] std::optional<auth::Principal> principal_of(const domain::Key& key);

/// Whether a person or a key may do that, by what the transaction finds; the server itself may. For calls of theirs, and for
/// what they left to be done later.
[[nodiscard]] bool may_now(const domain::Actor& actor, const domain::Operation& operation,
                           domain::Transaction& t, std::int64_t now_ms);

/// What a domain's action is among the operations that roles and keys have; nothing for one that nobody may do.
[[nodiscard]] std::optional<auth::Operation> operation_of_action(std::string_view action);

/// The grants of a person as the table of permissions knows them; `own` are the installation's roles that they name. A role
/// that is none gives nothing.
[[nodiscard]] std::vector<auth::Grant> grants_of(const std::vector<domain::RoleGrant>& grants,
                                                 const std::vector<domain::Role>& own);

}  // namespace expplat::server::api
