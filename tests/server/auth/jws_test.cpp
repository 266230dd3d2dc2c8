// The compact form, and every way a header or a payload is not what it must be.
#include "server/auth/jws.hpp"

#include <gtest/gtest.h>

#include <string>

#include "server/auth/base64.hpp"
#include "server/auth/claims.hpp"
#include "server/auth/limits.hpp"

namespace expplat::server::auth {
namespace {

const std::string secret(32, 'k');

std::string token_of(std::string_view header, std::string_view payload = "{}") {
    const std::string text = encode_base64(header) + '.' + encode_base64(payload);
    return text + '.' + encode_base64(*HmacKey::make(secret)->sign(text));
}

std::string refusal_of(std::string_view token, Algorithm pinned = Algorithm::hs256) {
    const auto read = read_compact(token, pinned);
    return read ? "none" : std::string(name(read.refusal()));
}

TEST(Jws, WritesWhatItReads) {
    const auto key = HmacKey::make(secret);
    const auto token = write_compact(R"({"a":1})", "key \"1\"", *key);
    ASSERT_TRUE(token);
    const auto read = read_compact(*token, Algorithm::hs256);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->key_id, "key \"1\"");
    EXPECT_EQ(read->payload, R"({"a":1})");
    EXPECT_TRUE(is_signed_by(*read, *key));
    EXPECT_FALSE(is_signed_by(*read, *HmacKey::make(std::string(32, 'x'))));
}

TEST(Jws, ReadsExactlyThreeParts) {
    const std::string good = token_of(R"({"alg":"HS256","kid":"1"})");
    ASSERT_EQ(refusal_of(good), "none");
    EXPECT_EQ(refusal_of(""), "malformed");
    EXPECT_EQ(refusal_of("."), "malformed");
    EXPECT_EQ(refusal_of(".."), "malformed");
    EXPECT_EQ(refusal_of(good + "."), "malformed");
    EXPECT_EQ(refusal_of(good + ".AA"), "malformed");
    EXPECT_EQ(refusal_of("." + good), "malformed");
    EXPECT_EQ(refusal_of(good.substr(0, good.rfind('.'))), "malformed");
    EXPECT_EQ(refusal_of(good.substr(0, good.rfind('.') + 1)), "malformed");
    EXPECT_EQ(refusal_of(good + "="), "malformed");
    EXPECT_EQ(refusal_of(good + "\n"), "malformed");
    EXPECT_EQ(refusal_of(" " + good), "malformed");
}

TEST(Jws, RefusesAHeaderThatAsksForTrust) {
    const std::string start = R"({"alg":"HS256","kid":"1",)";
    EXPECT_EQ(refusal_of(token_of(start + R"("crit":["exp"]})")), "header");
    EXPECT_EQ(refusal_of(token_of(start + R"("crit":[]})")), "header");
    EXPECT_EQ(refusal_of(token_of(start + R"("b64":false})")), "header");
    EXPECT_EQ(refusal_of(token_of(start + R"("jwk":{"kty":"oct","k":"a2tr"}})")), "header");
    EXPECT_EQ(refusal_of(token_of(start + R"("jku":"https://evil.example/keys"})")), "header");
    EXPECT_EQ(refusal_of(token_of(start + R"("x5u":"https://evil.example/certificate"})")), "header");
    EXPECT_EQ(refusal_of(token_of(start + R"("x5c":["MIIB"]})")), "header");
    EXPECT_EQ(refusal_of(token_of(start + R"("later":true})")), "none");
}

TEST(Jws, PinsTheAlgorithm) {
    for (const char* other :
         {"none", "None", "NONE", "hs256", "HS384", "HS512", "RS256", "ES256", "PS256", ""}) {
        EXPECT_EQ(refusal_of(token_of(R"({"kid":"1","alg":")" + std::string(other) + R"("})")), "algorithm");
    }
    EXPECT_EQ(refusal_of(token_of(R"({"alg":"HS256","kid":"1"})"), Algorithm::rs256), "algorithm");
    EXPECT_EQ(refusal_of(token_of(R"({"alg":["HS256"],"kid":"1"})")), "malformed");
    EXPECT_EQ(refusal_of(token_of(R"({"alg":null,"kid":"1"})")), "malformed");
    EXPECT_EQ(refusal_of(token_of(R"({"kid":"1"})")), "malformed");
}

TEST(Jws, RefusesAHeaderThatIsNoPlainObject) {
    for (const char* header :
         {"", "null", "[]", "\"HS256\"", R"({"alg":"HS256","kid":"1"} x)",
          R"({"alg":"HS256","alg":"HS256","kid":"1"})", R"({"alg":"none","kid":"1","alg":"HS256"})",
          R"({"alg":"HS256","kid":"1","a":{"b":1,"b":2}})", R"({"alg":"HS256","kid":1})",
          R"({"alg":"HS256","kid":""})", R"({"alg":"HS256"})", R"({"alg":"HS256","kid":"1","typ":1})",
          "{\"alg\":\"HS256\",\"kid\":\"\xFF\"}", "\xEF\xBB\xBF{\"alg\":\"HS256\",\"kid\":\"1\"}"}) {
        EXPECT_EQ(refusal_of(token_of(header)), "malformed") << header;
    }
    EXPECT_EQ(refusal_of(token_of(R"({"alg":"HS256","kid":"1","a":)" + std::string(64, '[') + "1" +
                                  std::string(64, ']') + "}")),
              "malformed");
    EXPECT_EQ(refusal_of(token_of(R"({"alg":"HS256","kid":")" + std::string(129, 'k') + "\"}")), "malformed");
}

TEST(Jws, IsBounded) {
    EXPECT_EQ(refusal_of(std::string(limits::token_bytes + 1, 'A')), "too_large");
    EXPECT_EQ(refusal_of(token_of(R"({"alg":"HS256","kid":"1","a":")" + std::string(3000, 'a') + "\"}")),
              "malformed");
}

TEST(Jws, ShortKeysAreNone) {
    EXPECT_FALSE(HmacKey::make(std::string(31, 'k')));
    EXPECT_FALSE(HmacKey::make(""));
    EXPECT_TRUE(HmacKey::make(std::string(65, 'k')));
}

std::string claims_refusal(std::string_view payload) {
    const auto claims = read_claims(payload);
    return claims ? "none" : std::string(name(claims.refusal()));
}

TEST(Claims, AreOfTheirTypes) {
    EXPECT_EQ(claims_refusal(R"({"iss":"i","sub":"s","token_use":"id","iat":1,"exp":2})"), "none");
    for (const char* payload :
         {"", "[]", "foo", "1", R"({"iss":"i","sub":"s","token_use":"id","iat":1})",
          R"({"iss":"i","sub":"s","token_use":"id","exp":1})", R"({"iss":"i","sub":"s","iat":1,"exp":2})",
          R"({"iss":"i","sub":"","token_use":"id","iat":1,"exp":2})",
          R"({"iss":["i"],"sub":"s","token_use":"id","iat":1,"exp":2})",
          R"({"iss":"i","sub":"s","token_use":"id","iat":1,"exp":"2"})",
          R"({"iss":"i","sub":"s","token_use":"id","iat":1,"exp":2.5})",
          R"({"iss":"i","sub":"s","token_use":"id","iat":-1,"exp":2})",
          R"({"iss":"i","sub":"s","token_use":"id","iat":1,"exp":9223372036854775807})",
          R"({"iss":"i","sub":"s","token_use":"id","iat":1,"exp":1e400})",
          R"({"iss":"i","sub":"s","token_use":"id","iat":1,"exp":2,"exp":9})",
          R"({"iss":"i","sub":"s","token_use":"id","iat":1,"exp":2,"aud":["a"]})",
          R"({"iss":"i","sub":"s","token_use":"id","iat":1,"exp":2,"cognito:groups":"admins"})",
          R"({"iss":"i","sub":"s","token_use":"id","iat":1,"exp":2,"cognito:groups":[1]})",
          R"({"iss":"i","sub":"s","token_use":"id","iat":1,"exp":2,"nbf":true})"}) {
        EXPECT_EQ(claims_refusal(payload), "malformed") << payload;
    }
}

TEST(Claims, HaveTheirTime) {
    Claims claims;
    claims.issued_at_s = 1000;
    claims.expires_at_s = 2000;
    EXPECT_FALSE(check_times(claims, 1999, 0));
    EXPECT_EQ(check_times(claims, 2000, 0), Refusal::expired);
    EXPECT_FALSE(check_times(claims, 2059, 60));
    EXPECT_EQ(check_times(claims, 2060, 60), Refusal::expired);
    EXPECT_FALSE(check_times(claims, 940, 0));
    EXPECT_EQ(check_times(claims, 939, 0), Refusal::not_yet_valid);
    claims.not_before_s = 1500;
    EXPECT_EQ(check_times(claims, 1439, 0), Refusal::not_yet_valid);
    EXPECT_FALSE(check_times(claims, 1440, 0));
}

}  // namespace
}  // namespace expplat::server::auth
