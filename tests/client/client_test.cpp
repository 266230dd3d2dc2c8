// The answering functions of the client: values, types, defaults, handles, allocations.

#include <gtest/gtest.h>

#include "tests/client/client_fixture.hpp"
#include "tests/eval/allocations.hpp"

namespace expplat::tests {
namespace {

TEST(Client, GivesTheValueOfEachType) {
    const Client client = open(Source::text(ruleset_text(7)));
    const User user("u1");
    EXPECT_TRUE(client.boolean("bool", user, false));
    EXPECT_EQ(client.integer("int", user, -1), 42);
    EXPECT_EQ(client.number("real", user, -1), 2.5);
    EXPECT_EQ(client.string("text", user, "x"), "hello");
    EXPECT_EQ(client.object("object", user, "{}"), R"({"a":[1,null]})");
    EXPECT_EQ(client.string("exp", user, "x"), "g");
}

TEST(Client, AWrongTypeGivesTheFallbackAndSaysSo) {
    const Client client = open(Source::text(ruleset_text(7)));
    const User user("u1");
    const Detail<bool> detail = client.boolean_detail("text", user, true);
    EXPECT_TRUE(detail.value);
    EXPECT_EQ(detail.variant.reason(), Reason::error);
    EXPECT_EQ(detail.variant.error(), EvaluationError::type_mismatch);
    EXPECT_EQ(client.integer("bool", user, -1), -1);
    EXPECT_EQ(client.number("int", user, -1), -1);  // an integer flag is no double flag
    EXPECT_EQ(client.string("object", user, "x"), "x");
    EXPECT_EQ(client.object("text", user, "{}"), "{}");
}

TEST(Client, AnUnknownKeyGivesTheFallbackAndSaysSo) {
    const Client client = open(Source::text(ruleset_text(7)));
    const Detail<std::string> detail = client.string_detail("nobody", User("u1"), "fallback");
    EXPECT_EQ(detail.value, "fallback");
    EXPECT_EQ(detail.variant.error(), EvaluationError::flag_not_found);
    EXPECT_FALSE(detail.variant.has_value());
    EXPECT_EQ(detail.variant.ruleset_version(), 7u);
}

TEST(Client, AUserWithoutAKeyIsNotEnrolled) {
    const Client client = open(Source::text(ruleset_text(7)));
    const Variant variant = client.variant("exp", User(""));
    EXPECT_FALSE(variant);
    EXPECT_EQ(variant.error(), EvaluationError::targeting_key_missing);
}

TEST(Client, AVariantOwnsWhatItHolds) {
    Variant kept;
    {
        const Client client = open(Source::text(ruleset_text(7)));
        kept = client.variant("exp", User("u1"));
    }
    EXPECT_EQ(kept, "green");
    EXPECT_EQ(kept.reason(), Reason::split);
    EXPECT_TRUE(kept.exposure());
}

TEST(Client, AVariantBeforeAnyRulesetSaysNotReady) {
    const Variant variant{};
    EXPECT_FALSE(variant);
    EXPECT_EQ(variant.error(), EvaluationError::provider_not_ready);
}

TEST(Client, ARuleIdOverItsRoomIsCutBetweenCharacters) {
    std::string id;
    for (int i = 0; i < 60; ++i) id += "日";  // 3 bytes each: 180 in all, 126 fit whole
    const Client client = open(Source::text(
        R"({"format":"expplat.ruleset/1","environment":"e","version":1,"flags":{"f":{"type":"boolean",)"
        R"("variants":{"on":true},"off":"on","rules":[{"id":")" +
        id + R"(","serve":"on"}],"default":"on"}}})"));
    const Variant variant = client.variant("f", User("u"));
    EXPECT_EQ(variant.rule(), std::string_view(id).substr(0, 126));
    EXPECT_EQ(client.snapshot().evaluate("f", User("u")).rule, id);
}

TEST(Client, AnswersAllocateNothing) {
    const Client client = open(Source::text(ruleset_text(7)));
    const User user("u1", {{"country", "DE"}});
    const Client::Handle handle = client.handle("exp");
    (void)client.variant("exp", user);
    const std::size_t before = allocations();
    for (int i = 0; i < 1'000; ++i) {
        (void)client.variant("exp", user);
        (void)handle.variant(user);
        (void)client.boolean("bool", user, false);
        (void)client.integer("int", user, 0);
        (void)client.variant("nobody", user);
    }
    EXPECT_EQ(allocations(), before);
}

TEST(Client, ManyClientsOfOneProcessDoNotMeet) {
    std::vector<Client> clients;
    for (std::uint64_t version = 1; version <= 20; ++version)
        clients.push_back(open(Source::text(ruleset_text(version))));
    const User user("u1");
    for (std::uint64_t version = 1; version <= 20; ++version) {
        EXPECT_EQ(clients[version - 1].integer("version", user, -1), static_cast<std::int64_t>(version));
    }
    clients.erase(clients.begin(), clients.begin() + 10);
    EXPECT_EQ(clients.front().integer("version", user, -1), 11);
}

TEST(Client, PatternsAreAnswered) {
    const Client client = open(Source::text(
        R"({"format":"expplat.ruleset/1","environment":"e","version":1,"flags":{"f":{"type":"boolean",)"
        R"("variants":{"on":true,"off":false},"off":"off","rules":[{"if":{"attribute":"email","matches":"@corp\\.example$"},)"
        R"("serve":"on"}],"default":"off"}}})"));
    EXPECT_TRUE(client.boolean("f", User("u", {{"email", "a@corp.example"}}), false));
    EXPECT_FALSE(client.boolean("f", User("u", {{"email", "a@example.com"}}), true));
}

}  // namespace
}  // namespace expplat::tests
