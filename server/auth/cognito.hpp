// People who log in at an Amazon Cognito user pool, known by its RS256 tokens.
//
// Source: the page "Verifying JSON web tokens" of the Cognito developer guide. `read` gives the key id to look up (JwksCache),
// `judge` decides: signature, issuer, `token_use`, audience (`aud` of an id token, `client_id` of an access token), expiry
// with 60 s of leeway. Roles come from the pool's groups by a table of ours; a group that is not in it gives nothing.
// Immutable; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/base/result.hpp"
#include "server/auth/claims.hpp"
#include "server/auth/jws.hpp"
#include "server/auth/refusal.hpp"

namespace expplat::server::auth {

struct CognitoConfig {
    std::string user_pool_id;             // eu-west-1_AbCdEfGhI; the region is in it
    std::vector<std::string> client_ids;  // one or more
    struct GroupRole {
        std::string group;
        std::string role;
    };
    std::vector<GroupRole> roles;
    /// Of an emulator, `http://127.0.0.1:9229`: the key set is fetched there, and its pool may call itself by that address
    /// too. Empty: Amazon's.
    std::string endpoint;
};

struct CognitoPerson {
    std::string subject;  // the pool's unchanging id of the person
    std::string username;
    std::string email;  // of an id token; empty unless the pool has verified it
    std::vector<std::string> roles;
    std::int64_t issued_at_s = 0;
    std::int64_t expires_at_s = 0;
};

class CognitoPool {
public:
    /// Fails with `invalid_argument` for what is no pool's id, or without a client id.
    [[nodiscard]] static Result<CognitoPool> open(CognitoConfig config);

    /// https://cognito-idp.REGION.amazonaws.com/POOL
    [[nodiscard]] const std::string& issuer() const noexcept { return issuer_; }
    [[nodiscard]] std::string key_set_url() const;

    /// Refuses as `read_compact` does.
    [[nodiscard]] Judged<CompactJws> read(std::string_view token) const;
    /// `key` is null where no key has the token's id. Refuses: unknown_key, signature, malformed, issuer, use, audience,
    /// not_yet_valid, expired.
    [[nodiscard]] Judged<CognitoPerson> judge(const CompactJws& jws, const RsaKey* key,
                                              std::int64_t now_ms) const;

private:
    explicit CognitoPool(CognitoConfig config) : config_(std::move(config)) {}
    [[nodiscard]] bool is_client(const std::string& id) const noexcept;
    [[nodiscard]] std::vector<std::string> roles_of(const std::vector<std::string>& groups) const;

    CognitoConfig config_;
    std::string issuer_;
    std::string emulator_;  // the issuer that an emulator may be; empty: none
};

}  // namespace expplat::server::auth
