// Cognito's tokens: good ones of both uses, and every claim that is somebody else's.
#include "server/auth/cognito.hpp"

#include <gtest/gtest.h>

#include <string>

#include "server/auth/jwks.hpp"
#include "tests/server/auth/rsa_fixture.hpp"

namespace expplat::server::auth {
namespace {

constexpr std::int64_t now_s = 1'700'000'000;
constexpr std::int64_t now_ms = now_s * 1000;
const std::string pool_id = "eu-west-1_AbCdEfGhI";
const std::string issuer_of_pool = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI";

const RsaIssuer& issuer() {
    static const RsaIssuer made("key-1");
    return made;
}

CognitoPool pool() {
    CognitoConfig config;
    config.user_pool_id = pool_id;
    config.client_ids = {"client-1", "client-2"};
    config.roles = {{"expplat-admins", "admin"}, {"developers", "developer"}, {"leads", "developer"}};
    return *CognitoPool::open(config);
}

/// The payload of an id token with one member written otherwise; an empty text leaves it away.
std::string payload_with(std::string_view member = "", std::string_view text = "", bool is_access = false) {
    std::vector<std::pair<std::string, std::string>> members{
        {"sub", R"("aaaa-bbbb")"},
        {"iss", '"' + issuer_of_pool + '"'},
        {"token_use", is_access ? R"("access")" : R"("id")"},
        {is_access ? "client_id" : "aud", R"("client-1")"},
        {"exp", std::to_string(now_s + 3600)},
        {"iat", std::to_string(now_s)},
        {"auth_time", std::to_string(now_s)},
        {is_access ? "username" : "cognito:username", R"("kim")"},
        {"email", R"("kim@example.com")"},
        {"email_verified", "true"},
        {"cognito:groups", R"(["others","leads","expplat-admins","developers"])"}};
    std::string payload;
    for (const auto& [name, value] : members) {
        const std::string written = name == member ? std::string(text) : value;
        if (!written.empty()) payload += (payload.empty() ? "{\"" : ",\"") + name + "\":" + written;
    }
    return payload + "}";
}

Judged<CognitoPerson> judge(std::string_view token, std::int64_t at_ms = now_ms) {
    const auto set = Jwks::read(issuer().jwks());
    EXPECT_TRUE(set) << set.error().message;
    const auto jws = pool().read(token);
    if (!jws) return jws.refusal();
    return pool().judge(*jws, set->find(jws->key_id), at_ms);
}

std::string refusal_of(std::string_view token, std::int64_t at_ms = now_ms) {
    const auto judged = judge(token, at_ms);
    return judged ? "none" : std::string(name(judged.refusal()));
}

TEST(Cognito, KnowsAPersonByAnIdToken) {
    const auto person = judge(issuer().token(payload_with()));
    ASSERT_TRUE(person) << name(person.refusal());
    EXPECT_EQ(person->subject, "aaaa-bbbb");
    EXPECT_EQ(person->username, "kim");
    EXPECT_EQ(person->email, "kim@example.com");
    EXPECT_EQ(person->roles, (std::vector<std::string>{"admin", "developer"}));
    EXPECT_EQ(person->expires_at_s, now_s + 3600);
}

TEST(Cognito, KnowsAPersonByAnAccessToken) {
    const auto person = judge(issuer().token(payload_with("", "", true)));
    ASSERT_TRUE(person) << name(person.refusal());
    EXPECT_EQ(person->username, "kim");
    EXPECT_EQ(person->email, "") << "an access token proves no e-mail";
}

TEST(Cognito, AnEmailThatIsNotVerifiedIsNone) {
    EXPECT_EQ(judge(issuer().token(payload_with("email_verified", "false")))->email, "");
    EXPECT_EQ(judge(issuer().token(payload_with("email_verified", "\"true\"")))->email, "");
    EXPECT_EQ(judge(issuer().token(payload_with("email_verified", "")))->email, "");
}

TEST(Cognito, AGroupOfNobodysGivesNothing) {
    EXPECT_TRUE(judge(issuer().token(payload_with("cognito:groups", R"(["admin","root"])")))->roles.empty());
    EXPECT_TRUE(judge(issuer().token(payload_with("cognito:groups", "")))->roles.empty());
}

TEST(Cognito, RefusesWhatIsSomebodyElses) {
    const auto with = [](std::string_view member, std::string_view text, bool is_access = false) {
        return refusal_of(issuer().token(payload_with(member, text, is_access)));
    };
    EXPECT_EQ(with("aud", R"("client-2")"), "none");
    EXPECT_EQ(with("aud", R"("client-3")"), "audience");
    EXPECT_EQ(with("aud", ""), "audience");
    EXPECT_EQ(with("aud", R"("")"), "audience");
    EXPECT_EQ(with("aud", R"(["client-1"])"), "malformed");
    EXPECT_EQ(with("client_id", R"("client-3")", true), "audience");
    EXPECT_EQ(with("client_id", "", true), "audience");
    EXPECT_EQ(with("iss", R"("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other")"), "issuer");
    EXPECT_EQ(with("iss", '"' + issuer_of_pool + "/\""), "issuer");
    EXPECT_EQ(with("token_use", R"("refresh")"), "use");
    EXPECT_EQ(with("token_use", ""), "malformed");
    // The audience of one use does not serve the other.
    EXPECT_EQ(with("token_use", R"("access")"), "audience");
    EXPECT_EQ(with("token_use", R"("id")", true), "audience");
}

TEST(Cognito, HasSixtySecondsOfLeeway) {
    const std::string token = issuer().token(payload_with());
    EXPECT_EQ(refusal_of(token, (now_s + 3659) * 1000), "none");
    EXPECT_EQ(refusal_of(token, (now_s + 3660) * 1000), "expired");
    EXPECT_EQ(refusal_of(token, (now_s - 60) * 1000), "none");
    EXPECT_EQ(refusal_of(token, (now_s - 61) * 1000), "not_yet_valid");
}

TEST(Cognito, RefusesAnotherKeyOrAlgorithm) {
    const RsaIssuer stranger("key-1");
    EXPECT_EQ(refusal_of(stranger.token(payload_with())), "signature");
    const RsaIssuer other_id("key-2");
    EXPECT_EQ(refusal_of(other_id.token(payload_with())), "unknown_key");
    EXPECT_EQ(refusal_of(issuer().sign(R"({"alg":"RS256"})", payload_with())), "malformed");
    EXPECT_EQ(refusal_of(issuer().sign(R"({"alg":"none","kid":"key-1"})", payload_with())), "algorithm");
    EXPECT_EQ(refusal_of(stranger.sign(R"({"alg":"RS256","kid":"key-1","jwk":)" + stranger.jwk() + "}",
                                       payload_with())),
              "header");
    // The public key as an HMAC key (algorithm confusion).
    const std::string text =
        encode_base64(R"({"alg":"HS256","kid":"key-1"})") + '.' + encode_base64(payload_with());
    const auto mac = HmacKey::make(issuer().jwk())->sign(text);
    EXPECT_EQ(refusal_of(text + '.' + encode_base64(*mac)), "algorithm");
}

TEST(Cognito, EveryChangedPartOfASignatureIsRefused) {
    const std::string token = issuer().token(payload_with());
    for (std::size_t i = 0; i < token.size(); i += 7) {
        std::string changed = token;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(judge(changed)) << i;
    }
}

TEST(Cognito, APoolHasAnIdAndAClient) {
    EXPECT_EQ(pool().issuer(), issuer_of_pool);
    EXPECT_EQ(pool().key_set_url(), issuer_of_pool + "/.well-known/jwks.json");
    for (const char* id :
         {"", "eu-west-1", "_x", "eu-west-1_", "eu west_1", "eu-west-1_a/../b", "evil.example/x_a"}) {
        CognitoConfig config;
        config.user_pool_id = id;
        config.client_ids = {"client-1"};
        EXPECT_FALSE(CognitoPool::open(config)) << id;
    }
    CognitoConfig config;
    config.user_pool_id = pool_id;
    EXPECT_FALSE(CognitoPool::open(config));
    config.client_ids = {""};
    EXPECT_FALSE(CognitoPool::open(config));
}

TEST(Cognito, AnEmulatorsPoolHasTwoNames) {
    CognitoConfig config;
    config.user_pool_id = pool_id;
    config.client_ids = {"client-1"};
    config.endpoint = "http://127.0.0.1:9229";
    const auto emulated = CognitoPool::open(config);
    ASSERT_TRUE(emulated);
    EXPECT_EQ(emulated->issuer(), issuer_of_pool);
    EXPECT_EQ(emulated->key_set_url(), "http://127.0.0.1:9229/" + pool_id + "/.well-known/jwks.json");
    const auto judged_by = [](const CognitoPool& by, const std::string& named) {
        const auto set = Jwks::read(issuer().jwks());
        const auto jws = by.read(issuer().token(payload_with("iss", '"' + named + '"')));
        return by.judge(*jws, set->find(jws->key_id), now_ms).ok();
    };
    EXPECT_TRUE(judged_by(*emulated, issuer_of_pool));
    EXPECT_TRUE(judged_by(*emulated, "http://127.0.0.1:9229/" + pool_id));
    EXPECT_FALSE(judged_by(*emulated, "http://127.0.0.1:9230/" + pool_id));
    EXPECT_FALSE(judged_by(pool(), "http://127.0.0.1:9229/" + pool_id));
}

}  // namespace
}  // namespace expplat::server::auth
