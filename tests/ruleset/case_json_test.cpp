#include "src/ruleset/case_json.hpp"

#include <string>

#include <gtest/gtest.h>

#include "src/ruleset/json.hpp"
#include "tests/ruleset/reading.hpp"

namespace expplat::ruleset {
namespace {

/// `key` or `-`, then `user` or `-`.
[[nodiscard]] std::string shown(std::string_view line) {
    const Case parsed = parse_case(line);
    return parsed.key.value_or("-") + (parsed.user ? " user" : " -");
}

[[nodiscard]] std::string with_user(std::string_view user) {
    return shown(R"({"key": "k", "user": )" + std::string(user) + "}");
}

TEST(CaseJson, KeyAndUser) {
    const Case parsed = parse_case(R"({"key": "k", "user": {"key": "u1", "attributes": {"a": 1}}})");
    EXPECT_EQ(parsed.key, "k");
    ASSERT_TRUE(parsed.user.has_value());
    EXPECT_EQ(parsed.user->key(), "u1");
    EXPECT_EQ(shown(R"({"user": {}, "more": null, "key": ""})"), " user");
}

TEST(CaseJson, LineWithoutAStringKey) {
    for (const std::string_view line :
         {"", "not json", "[]", "3", "{}", R"({"user": {}})", R"({"key": 3, "user": {}})", R"({"key": null})",
          R"({"key": "k", "user": {}} x)", R"({"key": "k")", "\xEF\xBB\xBF{\"key\": \"k\"}",
          "{\"key\": \"k\", \"user\": {\"key\": \"\xff\"}}", R"({"key": "k", "user": {"a": 1e}})"}) {
        EXPECT_EQ(shown(line), "- -") << line;
    }
}

TEST(CaseJson, UserThatIsMissingOrBad) {
    EXPECT_EQ(shown(R"({"key": "k"})"), "k -");
    for (const std::string_view user :
         {"null", "[]", "\"u1\"", "3", R"({"key": "u1", "key": "u2"})", R"({"attributes": []})",
          R"({"attributes": {"x": 1, "x": 1}})", R"({"attributes": {"x": {"y": {"y": 1, "y": 2}}}})",
          R"({"attributes": {"x": 1e400}})", R"({"attributes": {"x": "\ud800"}})", R"({"key": "\udc00"})",
          R"({"attributes": {"\ud800": 1}})"}) {
        EXPECT_EQ(with_user(user), "k -") << user;
    }
}

TEST(CaseJson, LineIsTheFirstLevelOfNesting) {
    const auto nested = [](std::size_t levels) {
        return R"({"attributes": {"x": )" + std::string(levels, '[') + std::string(levels, ']') + "}}";
    };
    EXPECT_EQ(with_user(nested(61)), "k user");  // 64 levels with the line, the user and its attributes
    EXPECT_EQ(with_user(nested(62)), "k -");
    EXPECT_EQ(with_user(nested(100'000)), "k -");
}

TEST(CaseJson, OtherMembersAreIgnoredWhateverTheyAre) {
    for (const std::string& other :
         {std::string(R"("\ud800")"), std::string("1e400"), std::string(R"({"a": 1, "a": 1})"),
          std::string(1000, '[') + std::string(1000, ']')}) {
        EXPECT_EQ(shown(R"({"x": )" + other + R"(, "key": "k", "user": {"key": "u"}})"), "k user")
            << other.substr(0, 20);
        EXPECT_EQ(shown(R"({"key": "k", "user": {"key": "u"}, "x": )" + other + "}"), "k user")
            << other.substr(0, 20);
    }
    EXPECT_EQ(shown(R"({"\ud800": 1, "key": "k", "user": {}})"), "k user");
    EXPECT_EQ(shown(R"({"x": 1, "x": 2, "key": "k", "user": {}})"), "k user");
}

TEST(CaseJson, KeyOrUserTwice) {
    EXPECT_EQ(shown(R"({"key": "k", "key": "k", "user": {}})"), "- -");
    EXPECT_EQ(shown(R"({"key": "k", "user": {}, "user": {}})"), "k -");
    EXPECT_EQ(shown(R"({"key": "k", "user": {}, "user": {}, "x": "\ud800"})"), "k -");
}

TEST(CaseJson, KeyIsJudgedLikeAnyText) {
    EXPECT_EQ(shown(R"({"key": "\ud800", "user": {}})"), "- -");
    EXPECT_EQ(shown(R"({"key": "\ud83d\ude00", "user": {"x": "\ud800"}})"), "\xf0\x9f\x98\x80 -");
    EXPECT_EQ(shown(R"({"k\u0065y": "k", "user": {"x": "\\ud800"}})"), "k user");
    EXPECT_EQ(parse_case(R"({"key": "\u0000", "user": {}})").key, std::string(1, '\0'));
}

TEST(CaseJson, EscapeThatIsCutShortIsNoSurrogate) {
    EXPECT_EQ(shown(R"({"key": "k", "user": {}, "x": "\ud83"é"})"), "- -");
    EXPECT_EQ(shown(R"(["\u0000\ud83"é\t"])"), "- -");
}

TEST(CaseJson, Blank) {
    EXPECT_TRUE(is_blank(""));
    EXPECT_TRUE(is_blank(" \t\r"));
    EXPECT_FALSE(is_blank("x"));
}

TEST(CaseJson, EveryWorkedCaseIsReadAsItsAnswerSays) {
    for (const std::string_view name :
         {"vectors/edges", "vectors/random-1", "vectors/random-6", "brave-studies"}) {
        const std::string folder = EXPPLAT_CONFORMANCE + ("/" + std::string(name));
        const auto answers = test::file_lines(folder + "/answers.jsonl");
        std::size_t number = 0;
        for (const std::string& line : test::file_lines(folder + "/cases.jsonl")) {
            if (is_blank(line)) continue;
            ASSERT_LT(number, answers.size());
            const Document answer = test::parsed(answers[number++]);
            const Node& key = *answer.root().find("key");
            const Case parsed = parse_case(line);
            ASSERT_EQ(parsed.key.has_value(), key.kind() == NodeKind::string) << line;
            ASSERT_EQ(parsed.key.value_or(""), key.text()) << line;
            ASSERT_EQ(parsed.key && parsed.user, answer.root().find("error")->text() != "PARSE_ERROR")
                << line;
        }
        EXPECT_EQ(number, answers.size());
    }
}

}  // namespace
}  // namespace expplat::ruleset
