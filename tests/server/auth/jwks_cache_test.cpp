// Key sets, and when they are fetched.
#include "server/auth/jwks_cache.hpp"

#include <gtest/gtest.h>

#include <string>

#include "server/auth/limits.hpp"
#include "tests/server/auth/rsa_fixture.hpp"

namespace expplat::server::auth {
namespace {

constexpr std::int64_t minute_ms = 60'000;

const RsaIssuer& first() {
    static const RsaIssuer made("key-1");
    return made;
}
const RsaIssuer& second() {
    static const RsaIssuer made("key-2");
    return made;
}

std::string set_of(std::string_view keys) { return R"({"keys":[)" + std::string(keys) + "]}"; }

TEST(Jwks, ReadsWhatIsFitAndCountsTheRest) {
    const std::string other = R"({"kty":"EC","crv":"P-256","kid":"ec","x":"AA","y":"AA"})";
    const std::string encryption = R"({"kty":"RSA","use":"enc","kid":"enc","n":"AQAB","e":"AQAB"})";
    const auto set =
        Jwks::read(set_of(first().jwk() + "," + other + "," + encryption + "," + second().jwk()));
    ASSERT_TRUE(set) << set.error().message;
    EXPECT_EQ(set->size(), 2u);
    EXPECT_EQ(set->left_out(), 2u);
    EXPECT_NE(set->find("key-1"), nullptr);
    EXPECT_NE(set->find("key-2"), nullptr);
    EXPECT_EQ(set->find("ec"), nullptr);
    EXPECT_EQ(set->find(""), nullptr);
}

TEST(Jwks, LeavesOutWeakKeys) {
    const RsaIssuer small("small", 1024);
    const auto set = Jwks::read(set_of(first().jwk() + "," + small.jwk()));
    ASSERT_TRUE(set);
    EXPECT_EQ(set->find("small"), nullptr);
    EXPECT_FALSE(Jwks::read(small.jwks()));
    // The exponents 1, 3 and an even one; a modulus of zeros in front.
    const std::string jwk = first().jwk();
    for (const char* exponent : {"AQ", "Aw", "AQAA", "AAEAAQ", "AQAAAAE", ""}) {
        std::string changed = jwk;
        changed.replace(changed.find(R"("e":"AQAB")"), 10, R"("e":")" + std::string(exponent) + '"');
        EXPECT_FALSE(Jwks::read(set_of(changed))) << exponent;
    }
    std::string padded = jwk;
    padded.replace(padded.find(R"("n":")"), 5, R"("n":"AAAA)");
    EXPECT_FALSE(Jwks::read(set_of(padded)));
    std::string long_one = jwk;
    long_one.replace(long_one.find(R"("n":")"), 5, R"("n":")" + std::string(2000, '_'));
    EXPECT_FALSE(Jwks::read(set_of(long_one)));
}

TEST(Jwks, RefusesASetThatNobodySanePublishes) {
    EXPECT_TRUE(Jwks::read(first().jwks()));
    EXPECT_FALSE(Jwks::read(set_of(first().jwk() + R"(,{"kty":"oct","kid":"x","k":"AAAA"})")));
    EXPECT_FALSE(Jwks::read(set_of(first().jwk() + "," + first().jwk())));
    EXPECT_FALSE(Jwks::read(set_of(first().jwk(R"(,"kid":"key-1")"))));
    EXPECT_FALSE(Jwks::read(set_of(first().jwk() + ",1")));
    for (const char* text :
         {"", "{}", "[]", R"({"keys":{}})", R"({"keys":[]})", R"({"keys":[],"keys":[]})", "<html>"}) {
        EXPECT_FALSE(Jwks::read(text)) << text;
    }
    EXPECT_EQ(Jwks::read(std::string(limits::key_set_bytes + 1, ' ')).error().code, ErrorCode::too_large);
    std::string many;
    for (std::size_t i = 0; i <= limits::key_set_keys; ++i)
        many += (i == 0 ? "" : ",") + std::string(R"({"kty":"x"})");
    EXPECT_EQ(Jwks::read(set_of(many)).error().code, ErrorCode::too_large);
}

TEST(JwksCache, FetchesAtOnceAndThenOnce) {
    JwksCache cache;
    EXPECT_FALSE(cache.is_ready());
    EXPECT_TRUE(cache.is_due(0));
    EXPECT_FALSE(cache.is_due(0));
    EXPECT_FALSE(cache.find("key-1", 0).fetch);
    ASSERT_TRUE(cache.adopt(first().jwks(), 100));
    EXPECT_TRUE(cache.is_ready());
    EXPECT_FALSE(cache.is_due(100));
    const auto found = cache.find("key-1", 100);
    EXPECT_NE(found.key, nullptr);
    EXPECT_FALSE(found.fetch);
}

TEST(JwksCache, AnUnknownIdFetchesOnceAMinute) {
    JwksCache cache;
    ASSERT_TRUE(cache.is_due(0));
    ASSERT_TRUE(cache.adopt(first().jwks(), 0));
    int fetches = 0;
    for (std::int64_t now_ms = 0; now_ms < 10 * minute_ms; now_ms += 10) {
        const auto found = cache.find("stranger-" + std::to_string(now_ms), now_ms);
        EXPECT_EQ(found.key, nullptr);
        if (!found.fetch) continue;
        ++fetches;
        ASSERT_TRUE(cache.adopt(first().jwks(), now_ms));
    }
    EXPECT_EQ(fetches, 9);
}

TEST(JwksCache, ARotatedKeyIsFoundByItsFetch) {
    JwksCache cache;
    ASSERT_TRUE(cache.is_due(0));
    ASSERT_TRUE(cache.adopt(first().jwks(), 0));
    EXPECT_TRUE(cache.find("key-2", minute_ms).fetch);
    EXPECT_FALSE(cache.find("key-2", minute_ms).fetch);
    ASSERT_TRUE(cache.adopt(second().jwks(), minute_ms + 50));
    EXPECT_NE(cache.find("key-2", minute_ms + 60).key, nullptr);
    EXPECT_EQ(cache.find("key-1", minute_ms + 60).key, nullptr)
        << "what the issuer has taken away is not trusted";
}

TEST(JwksCache, KeepsTheOldKeysWhenAFetchFails) {
    JwksCache cache;
    ASSERT_TRUE(cache.is_due(0));
    ASSERT_TRUE(cache.adopt(first().jwks(), 0));
    const std::int64_t old_ms = 6 * 60 * minute_ms;
    EXPECT_FALSE(cache.is_due(old_ms - 1));
    EXPECT_TRUE(cache.is_due(old_ms));
    cache.fail(old_ms + 5);
    EXPECT_NE(cache.find("key-1", old_ms + 5).key, nullptr);
    EXPECT_FALSE(cache.is_due(old_ms + 5 + minute_ms - 1));
    EXPECT_FALSE(cache.find("stranger", old_ms + 5 + minute_ms - 1).fetch);
    EXPECT_TRUE(cache.is_due(old_ms + 5 + minute_ms));
    EXPECT_FALSE(cache.adopt("<html>bad gateway</html>", old_ms + 10 + minute_ms));
    EXPECT_NE(cache.find("key-1", old_ms + 10 + minute_ms).key, nullptr);
    EXPECT_TRUE(cache.is_due(old_ms + 10 + 2 * minute_ms));
    ASSERT_TRUE(cache.adopt(second().jwks(), old_ms + 11 + 2 * minute_ms));
    EXPECT_FALSE(cache.is_due(old_ms + 11 + 3 * minute_ms));
}

TEST(JwksCache, AFetchOfWhichNothingIsHeardIsMadeAgain) {
    JwksCache cache;
    ASSERT_TRUE(cache.is_due(0));
    EXPECT_FALSE(cache.is_due(29'999));
    EXPECT_TRUE(cache.is_due(30'000));
}

TEST(JwksCache, AKeyInUseOutlivesItsSet) {
    JwksCache cache;
    ASSERT_TRUE(cache.is_due(0));
    ASSERT_TRUE(cache.adopt(first().jwks(), 0));
    const auto found = cache.find("key-1", 0);
    ASSERT_TRUE(cache.adopt(second().jwks(), 1));
    ASSERT_NE(found.key, nullptr);
    EXPECT_FALSE(found.key->verifies_rs256("text", std::string(256, 's')));
}

}  // namespace
}  // namespace expplat::server::auth
