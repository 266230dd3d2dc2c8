#include "src/ruleset/user_json.hpp"

#include <bit>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expplat/base/hash.hpp"

namespace expplat::ruleset {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

[[nodiscard]] std::string shown(const User& user, const User::Stored& value) {
    switch (value.kind) {
        case ValueKind::null: return "null";
        case ValueKind::boolean: return value.bits != 0 ? "true" : "false";
        case ValueKind::integer: return "i" + std::to_string(static_cast<std::int64_t>(value.bits));
        case ValueKind::number: return "d" + std::to_string(std::bit_cast<double>(value.bits));
        case ValueKind::string: return "'" + std::string(user.text(value)) + "'";
        case ValueKind::list: {
            std::string text = "[";
            for (const User::Stored& element : user.elements(value)) text += shown(user, element) + " ";
            return text + "]";
        }
        case ValueKind::object: break;
    }
    return "?";
}

/// Every attribute that is set, the key too: `name=value`, by name.
[[nodiscard]] std::string shown(const Result<User>& user) {
    if (!user) return "refused";
    std::map<std::string, std::string> attributes;
    user->for_each([&](std::string_view name, const User::Stored& value) {
        attributes[std::string(name)] = shown(*user, value);
    });
    std::string result;
    for (const auto& [name, value] : attributes) result += name + "=" + value + ";";
    return result;
}

[[nodiscard]] std::string shown(std::string_view text) { return shown(parse_user(text)); }

[[nodiscard]] std::string with(std::string_view attributes) {
    return shown(R"({"key": "u", "attributes": {)" + std::string(attributes) + "}}");
}

TEST(UserJson, Key) {
    EXPECT_EQ(shown(R"({"key": "u1"})"), "key='u1';");
    for (const std::string_view absent :
         {"{}", R"({"key": ""})", R"({"key": null})", R"({"key": 3})", R"({"key": ["u"]})",
          R"({"key": {"key": "u"}})", R"({"attributes": {"key": "u"}})"}) {
        EXPECT_EQ(shown(absent), "") << absent;
    }
    EXPECT_EQ(with(R"("key": "other")"), "key='u';");
    EXPECT_EQ(with(R"("key": {"x": 1})"), "key='u';key.x=i1;");
}

TEST(UserJson, Values) {
    EXPECT_EQ(with(R"("a": "x", "b": true, "c": -3, "d": 3.0, "e": 1e3, "f": 9223372036854775808, "g": -0)"),
              "a='x';b=true;c=i-3;d=d3.000000;e=d1000.000000;f=d9223372036854775808.000000;g=i0;key='u';");
    EXPECT_EQ(with(R"("a": "", "b": "\u0000")"), std::string("a='';b='\0';key='u';", 19));
    EXPECT_EQ(with(R"("a": null)"), "key='u';");
}

TEST(UserJson, Lists) {
    EXPECT_EQ(with(R"("a": [])"), "a=[];key='u';");
    EXPECT_EQ(with(R"("a": [1, null, "x", [2], {"b": 3}, true, 1.5])"),
              "a=[i1 'x' true d1.500000 ];key='u';");
    EXPECT_EQ(with(R"("a": [null])"), "a=[];key='u';");
}

TEST(UserJson, NestedObjectsAreFlattened) {
    EXPECT_EQ(with(R"("device": {"os": "ios", "screen": {"w": 1}, "none": {}}, "x": 1)"),
              "device.os='ios';device.screen.w=i1;key='u';x=i1;");
    EXPECT_EQ(with(R"("": 1, "a": {"": 2}, "b.": 3, "": {"c": 4})"), "refused");
    EXPECT_EQ(with(R"("a": {"": 2}, "": {"c": 4})"), ".c=i4;a.=i2;key='u';");
    EXPECT_EQ(with(R"("": 1)"), "key='u';");
}

TEST(UserJson, LastSpellingThatIsNotNullWins) {
    EXPECT_EQ(with(R"("a.b": 1, "a": {"b": 2})"), "a.b=i2;key='u';");
    EXPECT_EQ(with(R"("a": {"b": 2}, "a.b": 1)"), "a.b=i1;key='u';");
    EXPECT_EQ(with(R"("a": {"b": 2}, "a.b": null)"), "a.b=i2;key='u';");
    EXPECT_EQ(with(R"("a.b": null, "a": {"b": 2})"), "a.b=i2;key='u';");
    EXPECT_EQ(with(R"("a.b": "s", "a": {"b": []})"), "a.b=[];key='u';");
    EXPECT_EQ(with(R"("a.b.c": 1, "a": {"b.c": 2, "b": {"c": 3}}, "a.b": {"c": null})"), "a.b.c=i3;key='u';");
}

TEST(UserJson, Refusals) {
    for (const std::string_view text : {"",
                                        "[]",
                                        "null",
                                        "3",
                                        "\"u\"",
                                        "{",
                                        R"({"key": "u",})",
                                        "\xEF\xBB\xBF{}",
                                        R"({"key": "\ud800"})",
                                        "{\"key\": \"\xff\"}",
                                        R"({"key": "u", "key": "v"})",
                                        R"({"x": 1, "x": 2})",
                                        R"({"x": {"y": {"z": 1, "z": 1}}})",
                                        R"({"attributes": {"a": 1, "a": 1}})",
                                        R"({"attributes": {"a": [{"b": 1, "b": 1}]}})",
                                        R"({"attributes": 1e400})",
                                        R"({"other": [1e400]})",
                                        R"({"attributes": {"a": -1e999}})",
                                        R"({"attributes": []})",
                                        R"({"attributes": 3})",
                                        R"({"attributes": "x"})",
                                        R"({"attributes": false})"}) {
        const Result<User> user = parse_user(text);
        ASSERT_FALSE(user.ok()) << text;
        EXPECT_EQ(user.error().code, ErrorCode::invalid_argument) << text;
        EXPECT_THAT(user.error().message, StartsWith("user: ")) << text;
    }
    EXPECT_THAT(parse_user("{\n]").error().message, HasSubstr("line 2, column 1"));
}

TEST(UserJson, OtherMembersAreIgnored) {
    EXPECT_EQ(shown(R"({"other": {"x": [1]}, "key": "u", "attributes": null, "Attributes": []})"),
              "key='u';");
}

TEST(UserJson, NestingIsBounded) {
    const auto nested = [](std::size_t levels) {
        return "\"a\": " + std::string(levels, '[') + "1" + std::string(levels, ']');
    };
    EXPECT_EQ(with(nested(62)), "a=[];key='u';");
    EXPECT_EQ(with(nested(63)), "refused");
    std::string deep;
    for (int i = 0; i < 62; ++i) deep += "{\"x\":";
    const std::string text = "\"a\": " + deep + "1" + std::string(62, '}');
    std::string name = "a";
    for (int i = 0; i < 62; ++i) name += ".x";
    EXPECT_EQ(with(text), name + "=i1;key='u';");
}

TEST(UserJson, SizeIsBounded) {
    std::string many;
    for (std::size_t i = 0; i + 1 < limits::user_attributes; ++i)
        many += (i > 0 ? ",\"a" : "\"a") + std::to_string(i) + "\":1";
    EXPECT_TRUE(parse_user(R"({"key": "u", "attributes": {)" + many + "}}").ok());
    const Result<User> too_many = parse_user(R"({"key": "u", "attributes": {)" + many + ",\"b\": 1}}");
    ASSERT_FALSE(too_many.ok());
    EXPECT_EQ(too_many.error().code, ErrorCode::too_large);
    const auto named = [](std::size_t bytes) {
        return parse_user(R"({"attributes": {")" + std::string(bytes, 'x') + "\": 1}}").ok();
    };
    EXPECT_TRUE(named(limits::attribute_name_bytes));
    EXPECT_FALSE(named(limits::attribute_name_bytes + 1));
}

TEST(UserJson, ContextOfOpenFeatureHasItsAttributesBesideTheKey) {
    const auto context = [](std::string_view text) {
        const Result<Document> document = parse_json(text);
        return shown(read_context(document->root()));
    };
    EXPECT_EQ(context(R"({"targetingKey": "u", "country": "DE", "device": {"os": "ios"}, "n": 3})"),
              "country='DE';device.os='ios';key='u';n=i3;");
    EXPECT_EQ(context("{}"), "");
    EXPECT_EQ(context(R"({"targetingKey": 7, "a": null})"), "");
    EXPECT_EQ(context(R"({"key": "no", "targetingKey": "u"})"), "key='u';");
    EXPECT_EQ(context(R"({"deep": {"targetingKey": "an attribute"}})"), "deep.targetingKey='an attribute';");
    EXPECT_EQ(context(R"({"a": 1, "a": 2})"), "refused");
    EXPECT_EQ(context("[]"), "refused");
}

TEST(UserJson, NodeIsJudgedAlone) {
    const Result<Document> document = parse_json(
        R"({"x": 1, "x": 1e400, "user": {"key": "u"}, "bad": {"a": 1, "a": 1}, "far": {"other": 1e400}})");
    ASSERT_TRUE(document.ok());
    const std::optional<User> user = read_user(*document->root().find("user"));
    ASSERT_TRUE(user.has_value());
    EXPECT_EQ(user->key(), "u");
    EXPECT_FALSE(read_user(*document->root().find("bad")).has_value());
    EXPECT_FALSE(read_user(*document->root().find("far")).has_value());
    EXPECT_FALSE(read_user(*document->root().find("x")).has_value());
}

}  // namespace
}  // namespace expplat::ruleset
