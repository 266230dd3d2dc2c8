// The server's own tokens: a short access token for requests and a longer refresh token for new ones, signed (HS256) with
// keys derived from `SECRET_KEY`.
//
// Issued at a log-in, judged for each request. The first secret signs, all verify: a secret is rotated by putting the new
// one in front and taking the old one away when the last refresh token of it is over. A token carries its person's epoch:
// raising the person's epoch in the store ends all of them; and when the person logged in: however often a session is
// renewed, it ends so long after that. Immutable; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/base/result.hpp"
#include "server/auth/jws.hpp"
#include "server/auth/limits.hpp"
#include "server/auth/refusal.hpp"

namespace expplat::server::auth {

enum class TokenUse : std::uint8_t { access, refresh };

[[nodiscard]] constexpr std::string_view name(TokenUse use) noexcept {
    return use == TokenUse::access ? "access" : "refresh";
}

struct TokenConfig {
    std::vector<std::string> secrets;  // SECRET_KEY and the ones before it; each of 32 characters or more
    std::string issuer = "expplat";
    std::string audience = "expplat-server";
    std::int64_t access_s = limits::access_token_s;
    std::int64_t refresh_s = limits::refresh_token_s;
    std::int64_t session_s = limits::session_s;
};

struct IssuedToken {
    std::string text;
    std::string id;  // jti: 128 random bits
    std::int64_t expires_at_s = 0;
};

/// What a verified token says.
struct TokenBearer {
    std::string person_id;
    std::string token_id;
    std::int64_t epoch = 0;
    std::int64_t issued_at_s = 0;
    std::int64_t expires_at_s = 0;
    std::int64_t session_began_s =
        0;  // auth_time: the log-in that this token, or the one it was renewed with, is of
};

class TokenAuthority {
public:
    /// Fails with `invalid_argument` where a secret is short or repeated, there is none or more than
    /// `limits::secret_keys`, or a name is empty.
    [[nodiscard]] static Result<TokenAuthority> open(const TokenConfig& config);

    /// Of a session that began at `session_began_s` (of the token that it is renewed with), or begins now. Fails with
    /// `invalid_argument` for a person's id that is empty or over `limits::subject_bytes`.
    [[nodiscard]] Result<IssuedToken> issue(TokenUse use, std::string_view person_id, std::int64_t epoch,
                                            std::int64_t now_ms,
                                            std::optional<std::int64_t> session_began_s = {}) const;
    /// Refuses: too_large, malformed, algorithm, header, unknown_key, signature, issuer, audience, use, not_yet_valid,
    /// expired. What is left is the person's epoch, `check_epoch`.
    [[nodiscard]] Judged<TokenBearer> judge(std::string_view token, TokenUse use, std::int64_t now_ms) const;

private:
    struct SigningKey {
        std::string id;
        HmacKey key;
    };
    TokenAuthority() = default;

    std::vector<SigningKey> keys_;  // the first signs
    TokenConfig config_;            // without the secrets
};

/// `logged_out` where the token is of another epoch than the person is in now.
[[nodiscard]] std::optional<Refusal> check_epoch(const TokenBearer& bearer,
                                                 std::int64_t current_epoch) noexcept;

}  // namespace expplat::server::auth
