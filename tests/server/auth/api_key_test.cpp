// Keys of software: made, read, mistyped, unknown, over, redacted.
#include "server/auth/api_key.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>

namespace expplat::server::auth {
namespace {

std::string refusal_of(std::string_view text) {
    const auto key = read_api_key(text);
    return key ? "none" : std::string(name(key.refusal()));
}

StoredKey stored_of(const NewKey& key, KeyKind kind, std::string environment_id) {
    return {key.id, key.sha256, kind, "shop", std::move(environment_id), {}, {}};
}

TEST(ApiKey, IsReadAsItWasMade) {
    for (const KeyKind kind : {KeyKind::server, KeyKind::client, KeyKind::admin}) {
        for (const std::string environment : {"prod", "eu_west.1-a", "xp_server_x"}) {
            const auto made = make_api_key(kind, environment);
            ASSERT_TRUE(made);
            const auto read = read_api_key(made->text);
            ASSERT_TRUE(read) << made->text;
            EXPECT_EQ(read->kind, kind);
            EXPECT_EQ(read->environment_id, environment);
            EXPECT_EQ(read->id, made->id);
            EXPECT_EQ(read->sha256, made->sha256);
        }
    }
    const auto admin = make_api_key(KeyKind::admin, "");
    ASSERT_TRUE(admin);
    EXPECT_EQ(read_api_key(admin->text)->environment_id, "");
}

TEST(ApiKey, HasAFormThatScannersFind) {
    const std::regex form("xp_(server|client|admin)_([A-Za-z0-9._-]{1,64}_)?[0-9A-Za-z]{49}");
    std::set<std::string> ids;
    for (int i = 0; i < 100; ++i) {
        const auto made = make_api_key(KeyKind::server, "prod");
        EXPECT_TRUE(std::regex_match(made->text, form)) << made->text;
        EXPECT_EQ(made->id.size(), 16u);
        EXPECT_EQ(made->sha256.size(), 64u);
        EXPECT_TRUE(ids.insert(made->id).second);
    }
}

/// Made apart from this code: the secret's bytes are 0 to 31, the checksum is Python's zlib.crc32 in base 62, the digest
/// hashlib.sha256.
TEST(ApiKey, IsTheDocumentedForm) {
    const auto read = read_api_key("xp_server_prod_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf03ziDZ");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->sha256, "dc2adea617b4444406f40dddbc2237ddc3134d2448b003a0dafad62bb277706a");
    EXPECT_EQ(read->id, read->sha256.substr(0, 16));
}

TEST(ApiKey, ATypingErrorIsToldFromAnUnknownKey) {
    const auto made = make_api_key(KeyKind::server, "prod");
    for (std::size_t i = made->text.rfind('_') + 1; i < made->text.size(); ++i) {
        std::string changed = made->text;
        changed[i] = changed[i] == 'a' ? 'b' : 'a';
        EXPECT_EQ(refusal_of(changed), "mistyped") << i;
    }
    std::string swapped = made->text;
    swapped.replace(3, 6, "client");
    EXPECT_EQ(refusal_of(swapped), "mistyped");
    const auto other = make_api_key(KeyKind::server, "prod");
    const auto presented = read_api_key(other->text);
    const StoredKey stored = stored_of(*made, KeyKind::server, "prod");
    EXPECT_EQ(check_key(*presented, &stored, 0), Refusal::unknown_key);
    EXPECT_EQ(check_key(*presented, nullptr, 0), Refusal::unknown_key);
}

TEST(ApiKey, RefusesWhatIsNone) {
    const std::string secret(49, '0');
    for (const std::string& text :
         {std::string(), std::string("xp_"), std::string("xp_server_"), "xp_server_" + secret,
          "xp_client_" + secret, "xp_root_prod_" + secret, "XP_server_prod_" + secret, "xp_server__" + secret,
          "xp_serverprod_" + secret, "xp_server_prod_" + secret + "0", "xp_server_prod_" + secret.substr(1),
          "xp_server_pr/od_" + secret, "xp_server_prod_" + secret.substr(1) + "-", "xp_admin__" + secret,
          " xp_server_prod_" + secret}) {
        EXPECT_EQ(refusal_of(text), "malformed") << text;
    }
    EXPECT_EQ(refusal_of("xp_server_" + std::string(1000, 'a') + "_" + secret), "too_large");
    EXPECT_EQ(refusal_of("xp_server_prod_" + secret), "mistyped");
    EXPECT_EQ(refusal_of("xp_admin_" + secret), "mistyped");
}

TEST(ApiKey, IsMadeForAnEnvironment) {
    EXPECT_FALSE(make_api_key(KeyKind::server, ""));
    EXPECT_FALSE(make_api_key(KeyKind::client, ""));
    EXPECT_FALSE(make_api_key(KeyKind::server, "pr od"));
    EXPECT_FALSE(make_api_key(KeyKind::server, std::string(65, 'a')));
    EXPECT_TRUE(make_api_key(KeyKind::client, std::string(64, 'a')));
}

TEST(ApiKey, EndsWhenItIsRevokedOrOver) {
    const auto made = make_api_key(KeyKind::client, "prod");
    const auto presented = read_api_key(made->text);
    StoredKey stored = stored_of(*made, KeyKind::client, "prod");
    EXPECT_FALSE(check_key(*presented, &stored, 0));
    stored.expires_ms = 1000;
    EXPECT_FALSE(check_key(*presented, &stored, 999));
    EXPECT_EQ(check_key(*presented, &stored, 1000), Refusal::expired);
    stored.revoked_ms = 500;
    EXPECT_EQ(check_key(*presented, &stored, 500), Refusal::revoked);
    EXPECT_EQ(check_key(*presented, &stored, 1000), Refusal::revoked);
    stored.kind = KeyKind::server;
    EXPECT_EQ(check_key(*presented, &stored, 0), Refusal::unknown_key);
    stored.kind = KeyKind::client;
    stored.environment_id = "staging";
    EXPECT_EQ(check_key(*presented, &stored, 0), Refusal::unknown_key);
}

TEST(ApiKey, IsRedacted) {
    const std::string text = make_api_key(KeyKind::server, "prod")->text;
    const std::string secret = text.substr(text.rfind('_') + 1);
    EXPECT_EQ(redact_key(text), "xp_server_" + secret.substr(0, 4) + "…");
    EXPECT_EQ(redact_key("xp_server_prod_short"), "xp_server_…");
    EXPECT_EQ(redact_key("something else"), "…");
    const std::string line =
        "GET /x?key=" + text + " 401; header \"Bearer " + text + "\"; xp_ and xp_other stay";
    const std::string redacted = redact_keys_in(line);
    EXPECT_EQ(redacted, "GET /x?key=" + redact_key(text) + " 401; header \"Bearer " + redact_key(text) +
                            "\"; xp_ and xp_other stay");
    for (std::size_t size = 5; size <= secret.size(); ++size) {
        EXPECT_EQ(redact_keys_in("key " + text.substr(0, text.size() - secret.size() + size))
                      .find(secret.substr(0, 5)),
                  std::string::npos);
    }
    EXPECT_EQ(redact_keys_in(text + "_more").find(secret.substr(0, 5)), std::string::npos);
    EXPECT_EQ(redact_keys_in(""), "");
}

TEST(ApiKey, ThePathCapabilityIsAnHmacOfTheId) {
    const std::string secret_key = "a secret key of 32 characters ...";
    const auto capability = path_capability(secret_key, "0123456789abcdef");
    ASSERT_TRUE(capability);
    EXPECT_EQ(capability->size(), 43u);
    EXPECT_EQ(*capability, *path_capability(secret_key, "0123456789abcdef"));
    EXPECT_NE(*capability, *path_capability(secret_key, "0123456789abcdee"));
    EXPECT_NE(*capability, *path_capability(secret_key + ".", "0123456789abcdef"));
    EXPECT_FALSE(path_capability("short", "0123456789abcdef"));
}

}  // namespace
}  // namespace expplat::server::auth
