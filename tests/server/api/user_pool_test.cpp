// People of a user pool: whose token is good, and when the pool is asked for its keys. The test plays the pool.
#include "server/api/user_pool.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "server/domain/problem.hpp"
#include "tests/server/auth/rsa_fixture.hpp"

namespace expplat::server::api {
namespace {

using domain::ProblemType;

constexpr std::int64_t start_ms = 1'700'000'000'000;
const std::string pool_id = "eu-west-1_AbCdEfGhI";

class UserPoolTest : public testing::Test {
protected:
    static const auth::RsaIssuer& first() {
        static const auth::RsaIssuer issuer("key-1");
        return issuer;
    }
    static const auth::RsaIssuer& second() {
        static const auth::RsaIssuer issuer("key-2");
        return issuer;
    }

    static auth::CognitoPool pool() {
        auth::CognitoConfig config;
        config.user_pool_id = pool_id;
        config.client_ids = {"client"};
        config.roles = {{"viewer", "viewer"}};
        return *auth::CognitoPool::open(config);
    }

    std::string token(const auth::RsaIssuer& issuer) const {
        const std::string now = std::to_string(now_ms / 1000);
        return issuer.token(R"({"iss":"https://cognito-idp.eu-west-1.amazonaws.com/)" + pool_id +
                            R"(","sub":"ann","token_use":"access","client_id":"client","iat":)" + now +
                            R"(,"exp":)" + std::to_string(now_ms / 1000 + 3600) +
                            R"(,"cognito:groups":["viewer"]})");
    }

    /// Nothing: judged good.
    std::optional<ProblemType> refused(const auth::RsaIssuer& issuer) {
        try {
            EXPECT_EQ(people.judge(token(issuer)).subject, "ann");
            return std::nullopt;
        } catch (const domain::Refusal& refusal) { return refusal.problem().type; }
    }

    std::int64_t now_ms = start_ms;
    std::string key_set;  // empty: the pool is away
    std::vector<std::string> asked;
    std::vector<std::string> said;
    UserPool people{pool(),
                    [this](const std::string& url) -> Result<std::string> {
                        asked.push_back(url);
                        if (key_set.empty()) return Error{ErrorCode::network, "nobody answers"};
                        return key_set;
                    },
                    [this] { return now_ms; }, [this](const std::string& line) { said.push_back(line); }};
};

TEST_F(UserPoolTest, AKeyThatIsNotThereIsFetchedOnceAMinute) {
    key_set = first().jwks();
    people.refresh();
    people.refresh();
    EXPECT_EQ(asked, std::vector<std::string>{"https://cognito-idp.eu-west-1.amazonaws.com/" + pool_id +
                                              "/.well-known/jwks.json"});
    EXPECT_EQ(refused(first()), std::nullopt);
    key_set = second().jwks();  // the pool has rotated
    EXPECT_EQ(refused(second()), ProblemType::unauthorized);
    now_ms += 60'000;
    EXPECT_EQ(refused(second()), std::nullopt);
    EXPECT_EQ(asked.size(), 2u);
    EXPECT_EQ(refused(first()), ProblemType::unauthorized) << "of a key that the pool gave up";
    for (int i = 0; i < 100; ++i) EXPECT_EQ(refused(first()), ProblemType::unauthorized);
    EXPECT_EQ(asked.size(), 2u);
}

TEST_F(UserPoolTest, WithoutKeysNobodyIsJudged) {
    people.refresh();
    EXPECT_EQ(said.size(), 1u);
    EXPECT_EQ(refused(first()), ProblemType::unavailable);
    people.refresh();
    EXPECT_EQ(asked.size(), 1u) << "not at once again";
    now_ms += 10'000;
    key_set = "<html>";
    people.refresh();
    EXPECT_EQ(said.size(), 2u);
    EXPECT_EQ(refused(first()), ProblemType::unavailable);
    now_ms += 10'000;
    key_set = first().jwks();
    people.refresh();
    EXPECT_EQ(refused(first()), std::nullopt);
}

TEST_F(UserPoolTest, KeysInUseStayWhenThePoolIsAway) {
    key_set = first().jwks();
    people.refresh();
    key_set.clear();
    now_ms += std::int64_t{7} * 3'600'000;
    people.refresh();
    EXPECT_EQ(asked.size(), 2u);
    EXPECT_EQ(refused(first()), std::nullopt);
}

TEST_F(UserPoolTest, WhatIsNoTokenAsksNobody) {
    key_set = first().jwks();
    for (const char* const text : {"", "x", "a.b.c", "e30.e30.e30"}) {
        EXPECT_THROW((void)people.judge(text), domain::Refusal) << text;
    }
    EXPECT_TRUE(asked.empty());
}

}  // namespace
}  // namespace expplat::server::api
