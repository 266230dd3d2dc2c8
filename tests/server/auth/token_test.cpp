// Our own tokens: what they carry, how they end, how secrets are rotated.
#include "server/auth/token.hpp"

#include <gtest/gtest.h>

#include <string>

#include "server/auth/base64.hpp"
#include "server/auth/secret.hpp"

namespace expplat::server::auth {
namespace {

const std::string first_secret = "the first secret of 32 characters";
const std::string second_secret = "a second secret of 32 characters!";
constexpr std::int64_t now_ms = 1'700'000'000'000;

TokenAuthority authority_of(std::vector<std::string> secrets) {
    TokenConfig config;
    config.secrets = std::move(secrets);
    auto authority = TokenAuthority::open(config);
    EXPECT_TRUE(authority) << authority.error().message;
    return *std::move(authority);
}

std::string refusal_of(const TokenAuthority& authority, std::string_view token, TokenUse use,
                       std::int64_t at_ms) {
    const auto judged = authority.judge(token, use, at_ms);
    return judged ? "none" : std::string(name(judged.refusal()));
}

TEST(Token, SaysWhoItIsOf) {
    const auto authority = authority_of({first_secret});
    const auto token = authority.issue(TokenUse::access, "person \"1\"", 7, now_ms);
    ASSERT_TRUE(token);
    EXPECT_EQ(token->expires_at_s, now_ms / 1000 + 900);
    const auto bearer = authority.judge(token->text, TokenUse::access, now_ms);
    ASSERT_TRUE(bearer);
    EXPECT_EQ(bearer->person_id, "person \"1\"");
    EXPECT_EQ(bearer->token_id, token->id);
    EXPECT_EQ(bearer->epoch, 7);
    EXPECT_EQ(bearer->issued_at_s, now_ms / 1000);
    EXPECT_EQ(bearer->expires_at_s, token->expires_at_s);
}

TEST(Token, EndsAfterItsTime) {
    const auto authority = authority_of({first_secret});
    const auto access = authority.issue(TokenUse::access, "person", 0, now_ms);
    EXPECT_EQ(refusal_of(authority, access->text, TokenUse::access, now_ms + 899'999), "none");
    EXPECT_EQ(refusal_of(authority, access->text, TokenUse::access, now_ms + 900'000), "expired");
    EXPECT_EQ(refusal_of(authority, access->text, TokenUse::access, now_ms - 60'000), "none");
    EXPECT_EQ(refusal_of(authority, access->text, TokenUse::access, now_ms - 61'000), "not_yet_valid");
    const auto refresh = authority.issue(TokenUse::refresh, "person", 0, now_ms);
    EXPECT_EQ(refusal_of(authority, refresh->text, TokenUse::refresh, now_ms + 13LL * 86'400'000), "none");
    EXPECT_EQ(refusal_of(authority, refresh->text, TokenUse::refresh, now_ms + 14LL * 86'400'000), "expired");
}

TEST(Token, ASessionIsNotRenewedForEver) {
    const auto authority = authority_of({first_secret});
    const std::int64_t end_ms = now_ms + limits::session_s * 1000;
    constexpr std::int64_t day_ms = 86'400'000;
    auto token = authority.issue(TokenUse::refresh, "person", 0, now_ms);
    std::int64_t at_ms = now_ms;
    for (int renewals = 0; renewals < 1000; ++renewals) {
        const auto bearer = authority.judge(token->text, TokenUse::refresh, at_ms);
        if (!bearer) break;
        EXPECT_EQ(bearer->session_began_s, now_ms / 1000);
        EXPECT_LE(bearer->expires_at_s, end_ms / 1000);
        token = authority.issue(TokenUse::refresh, "person", 0, at_ms, bearer->session_began_s);
        at_ms += day_ms;
    }
    EXPECT_EQ(at_ms, end_ms);
    const auto access = authority.issue(TokenUse::access, "person", 0, end_ms - 1000, now_ms / 1000);
    EXPECT_EQ(refusal_of(authority, access->text, TokenUse::access, end_ms - 1000), "none");
    EXPECT_EQ(refusal_of(authority, access->text, TokenUse::access, end_ms), "expired");
}

TEST(Token, IsForOneUse) {
    const auto authority = authority_of({first_secret});
    const auto access = authority.issue(TokenUse::access, "person", 0, now_ms);
    const auto refresh = authority.issue(TokenUse::refresh, "person", 0, now_ms);
    EXPECT_EQ(refusal_of(authority, access->text, TokenUse::refresh, now_ms), "use");
    EXPECT_EQ(refusal_of(authority, refresh->text, TokenUse::access, now_ms), "use");
    EXPECT_NE(access->id, refresh->id);
}

TEST(Token, LogOutEverywhereEndsAllOfThem) {
    const auto authority = authority_of({first_secret});
    const auto token = authority.issue(TokenUse::access, "person", 3, now_ms);
    const auto bearer = authority.judge(token->text, TokenUse::access, now_ms);
    ASSERT_TRUE(bearer);
    EXPECT_FALSE(check_epoch(*bearer, 3));
    EXPECT_EQ(check_epoch(*bearer, 4), Refusal::logged_out);
}

TEST(Token, SecretsRotate) {
    const auto old_one = authority_of({first_secret});
    const auto both = authority_of({second_secret, first_secret});
    const auto new_one = authority_of({second_secret});
    const auto before = old_one.issue(TokenUse::refresh, "person", 0, now_ms);
    const auto after = both.issue(TokenUse::refresh, "person", 0, now_ms);
    EXPECT_EQ(refusal_of(both, before->text, TokenUse::refresh, now_ms), "none");
    EXPECT_EQ(refusal_of(both, after->text, TokenUse::refresh, now_ms), "none");
    EXPECT_EQ(refusal_of(new_one, after->text, TokenUse::refresh, now_ms), "none");
    EXPECT_EQ(refusal_of(new_one, before->text, TokenUse::refresh, now_ms), "unknown_key");
    EXPECT_EQ(refusal_of(old_one, after->text, TokenUse::refresh, now_ms), "unknown_key");
}

TEST(Token, IsOfOneIssuerForOneAudience) {
    TokenConfig config;
    config.secrets = {first_secret};
    config.issuer = "another";
    const auto other_issuer = TokenAuthority::open(config);
    config.issuer = TokenConfig().issuer;
    config.audience = "another";
    const auto other_audience = TokenAuthority::open(config);
    const auto authority = authority_of({first_secret});
    const auto token = authority.issue(TokenUse::access, "person", 0, now_ms);
    EXPECT_EQ(refusal_of(*other_issuer, token->text, TokenUse::access, now_ms), "issuer");
    EXPECT_EQ(refusal_of(*other_audience, token->text, TokenUse::access, now_ms), "audience");
}

TEST(Token, EveryChangedCharacterIsRefused) {
    const auto authority = authority_of({first_secret});
    const auto token = authority.issue(TokenUse::access, "person", 0, now_ms);
    for (std::size_t i = 0; i < token->text.size(); ++i) {
        for (const char other : {'A', 'z', '.', '_', '\0'}) {
            std::string changed = token->text;
            if (changed[i] == other) continue;
            changed[i] = other;
            EXPECT_FALSE(authority.judge(changed, TokenUse::access, now_ms)) << i;
        }
        EXPECT_FALSE(authority.judge(token->text.substr(0, i), TokenUse::access, now_ms)) << i;
    }
}

TEST(Token, ASecretHasThirtyTwoCharacters) {
    const auto message_of = [](std::vector<std::string> secrets) {
        TokenConfig config;
        config.secrets = std::move(secrets);
        const auto authority = TokenAuthority::open(config);
        return authority ? std::string() : authority.error().message;
    };
    EXPECT_EQ(message_of({std::string(32, 's')}), "");
    EXPECT_NE(message_of({std::string(31, 's')}).find("SECRET_KEY must have 32"), std::string::npos);
    EXPECT_EQ(message_of({std::string(31, 's')}).find("sss"), std::string::npos)
        << "a message shows the secret";
    EXPECT_NE(message_of({}), "");
    EXPECT_NE(message_of({first_secret, "short"}), "");
    EXPECT_NE(message_of({first_secret, first_secret}), "");
}

TEST(Token, RefusesAPersonWithoutAnId) {
    const auto authority = authority_of({first_secret});
    EXPECT_FALSE(authority.issue(TokenUse::access, "", 0, now_ms));
    EXPECT_FALSE(authority.issue(TokenUse::access, std::string(257, 'p'), 0, now_ms));
    EXPECT_FALSE(authority.issue(TokenUse::access, "person", -1, now_ms));
}

TEST(Secret, KeysAreOfOnePurpose) {
    const auto one = derive_key(first_secret, "one");
    const auto other = derive_key(first_secret, "other");
    ASSERT_TRUE(one && other);
    EXPECT_NE(*one, *other);
    EXPECT_EQ(*one, *derive_key(first_secret, "one"));
    EXPECT_FALSE(derive_key("short", "one"));
    EXPECT_NE(*random_bytes(16), *random_bytes(16));
}

}  // namespace
}  // namespace expplat::server::auth
