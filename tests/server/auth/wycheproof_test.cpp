// Every token and key of Project Wycheproof's JOSE vectors, against what we pin: RS256 by a key set, HS256 by a secret.
//
// `data/wycheproof-jose` has the files unmodified. A good token of another algorithm is refused on purpose, and counted.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "server/auth/base64.hpp"
#include "server/auth/jwks.hpp"
#include "server/auth/jws.hpp"
#include "server/auth/secret.hpp"

namespace expplat::server::auth {
namespace {

using Json = nlohmann::json;

Json file_of(const std::string& name) {
    std::ifstream in(std::string(EXPPLAT_AUTH_DATA) + "/wycheproof-jose/" + name);
    return Json::parse(in);
}

std::vector<Json> keys_of(const Json& group) {
    const Json& key = group.contains("public") ? group["public"] : group["private"];
    if (!key.contains("keys")) return {key};
    return key["keys"].get<std::vector<Json>>();
}

bool is_symmetric(const std::vector<Json>& keys) {
    return std::all_of(keys.begin(), keys.end(),
                       [](const Json& key) { return key.value("kty", "") == "oct"; });
}

/// As `TokenAuthority` does it: keys of HS256 by their ids, each id once.
bool is_accepted_with_secrets(const std::vector<Json>& keys, const std::string& token) {
    const auto jws = read_compact(token, Algorithm::hs256);
    if (!jws) return false;
    std::map<std::string, HmacKey> by_id;
    std::set<std::string> ids;
    for (const Json& key : keys) {
        if (!ids.insert(key.value("kid", "")).second) return false;
        if (key.value("alg", "HS256") != "HS256" || key.value("use", "sig") != "sig") continue;
        const auto bytes = decode_base64(key.value("k", ""));
        auto made = HmacKey::make(bytes.value_or(""));
        if (made) by_id.emplace(key.value("kid", ""), *std::move(made));
    }
    const auto found = by_id.find(jws->key_id);
    return found != by_id.end() && is_signed_by(*jws, found->second);
}

bool is_accepted_with_key_set(const std::vector<Json>& keys, const std::string& token) {
    const auto set = Jwks::read(Json{{"keys", keys}}.dump());
    const auto jws = read_compact(token, Algorithm::rs256);
    if (!set || !jws) return false;
    const RsaKey* const key = set->find(jws->key_id);
    return key != nullptr && is_signed_by(*jws, *key);
}

struct Counts {
    int accepted = 0;
    int refused = 0;
    int refused_on_purpose = 0;
    std::set<int> wrong;  // by the file's word
    std::map<std::string, int> on_purpose;
};

Counts judge_file(const std::string& name) {
    Counts counts;
    const Json file = file_of(name);
    for (const Json& group : file["testGroups"]) {
        const auto keys = keys_of(group);
        for (const Json& test : group["tests"]) {
            if (!test.contains("jws")) continue;  // encryption, which we have none of
            const std::string token =
                test["jws"].is_string() ? test["jws"].get<std::string>() : test["jws"].dump();
            const bool is_accepted = is_symmetric(keys) ? is_accepted_with_secrets(keys, token)
                                                        : is_accepted_with_key_set(keys, token);
            const bool is_valid = test["result"] == "valid";
            const std::string algorithm = keys.front().value("alg", "");
            if (is_valid && !is_accepted && algorithm != "RS256" && algorithm != "HS256") {
                ++counts.refused_on_purpose;
                ++counts.on_purpose[algorithm];
            } else if (is_valid == is_accepted) {
                ++(is_accepted ? counts.accepted : counts.refused);
            } else {
                counts.wrong.insert(test["tcId"].get<int>());
            }
        }
    }
    return counts;
}

TEST(Wycheproof, EverySignedToken) {
    const Counts counts = judge_file("json_web_signature_test.json");
    // Four vectors contradict the standard or each other: 367 and 370 are called invalid and are, byte for byte, the valid
    // 357; 372 and 373 are called valid, have a `?` in their base64url and a signature that is not of their text.
    EXPECT_EQ(counts.wrong, (std::set<int>{367, 370, 372, 373}));
    EXPECT_EQ(counts.accepted, 16);
    EXPECT_EQ(counts.refused, 353);
    EXPECT_EQ(counts.refused_on_purpose, 28);
    EXPECT_EQ(counts.on_purpose, (std::map<std::string, int>{{"ES256", 2},
                                                             {"ES521", 2},
                                                             {"PS256", 8},
                                                             {"PS384", 4},
                                                             {"PS512", 4},
                                                             {"RS384", 4},
                                                             {"RS512", 4}}));
}

TEST(Wycheproof, EveryKey) {
    const Counts counts = judge_file("json_web_key_test.json");
    EXPECT_EQ(counts.wrong, std::set<int>());
    EXPECT_EQ(counts.accepted, 3);
    EXPECT_EQ(counts.refused, 21);
    EXPECT_EQ(counts.on_purpose, (std::map<std::string, int>{{"HS384", 1}, {"HS512", 1}}));
}

TEST(Wycheproof, EveryTokenAndKeyTogether) {
    const Counts counts = judge_file("json_web_crypto_test.json");
    EXPECT_EQ(counts.wrong, std::set<int>());
    EXPECT_EQ(counts.accepted, 3);
    EXPECT_EQ(counts.refused, 45);
    EXPECT_EQ(counts.on_purpose, (std::map<std::string, int>{{"ES256", 1}}));
}

std::string bytes_of_hex(const std::string& text) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
    }
    return bytes;
}

TEST(Wycheproof, EveryHmac) {
    int valid = 0;
    int invalid = 0;
    const Json file = file_of("hmac_sha256_test.json");
    for (const Json& group : file["testGroups"]) {
        const auto digits = group["tagSize"].get<std::size_t>() / 4;
        for (const Json& test : group["tests"]) {
            const auto mac =
                aws::hmac_sha256(octets_of(bytes_of_hex(test["key"])), bytes_of_hex(test["msg"]));
            ASSERT_TRUE(mac);
            const bool is_equal =
                is_equal_in_constant_time(aws::hex(*mac).substr(0, digits), test["tag"].get<std::string>());
            EXPECT_EQ(is_equal, test["result"] == "valid") << test["tcId"];
            ++(is_equal ? valid : invalid);
        }
    }
    EXPECT_EQ(valid + invalid, 174);
    EXPECT_GT(invalid, 0);
}

}  // namespace
}  // namespace expplat::server::auth
