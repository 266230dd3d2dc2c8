// What a verified token claims (RFC 7519, 4, and the members that Cognito adds), with the types checked.
//
// Read by token.hpp and cognito.hpp after the signature; they decide which claims must be there and what they must say.
// Values and pure functions; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/auth/refusal.hpp"

namespace expplat::server::auth {

struct Claims {
    std::string issuer;    // iss
    std::string subject;   // sub
    std::string use;       // token_use
    std::string id;        // jti; empty where absent, as all below
    std::string audience;  // aud
    std::string client_id;
    std::string username;  // cognito:username, or username
    std::string email;
    bool is_email_verified = false;
    std::vector<std::string> groups;                 // cognito:groups
    std::int64_t issued_at_s = 0;                    // iat
    std::int64_t expires_at_s = 0;                   // exp
    std::optional<std::int64_t> not_before_s;        // nbf
    std::optional<std::int64_t> authenticated_at_s;  // auth_time
    std::optional<std::int64_t> epoch;
};

/// Refuses `malformed`: no JSON object, a repeated member, a member of another type, or no iss, sub, token_use, iat or exp.
[[nodiscard]] Judged<Claims> read_claims(std::string_view payload);

/// The refusal where the time is not within the token's, with some leeway for clocks that differ.
[[nodiscard]] std::optional<Refusal> check_times(const Claims& claims, std::int64_t now_s,
                                                 std::int64_t expiry_leeway_s) noexcept;

}  // namespace expplat::server::auth
