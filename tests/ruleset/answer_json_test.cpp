// An answer as JSON (RULESET.md, section 7): members in the page's order, values of every type, and nothing but one line.
#include "src/ruleset/answer_json.hpp"

#include <limits>
#include <span>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/eval/compiled.hpp"

namespace expplat::tests {
namespace {

/// A flag `f` of one variant of that type and value, to be asked for its line.
[[nodiscard]] std::string line_of(std::string_view type, std::string_view value) {
    const CompiledRuleset ruleset(document(R"("flags": {"f": {"type": ")" + std::string(type) +
                                               R"(", "variants": {"v": )" + std::string(value) +
                                               R"(}, "off": "v", "default": "v"}})",
                                           9007199254740991));
    return ruleset.answer_line(R"({"key": "f", "user": {}})");
}

[[nodiscard]] std::string with_value(std::string_view value) {
    return R"({"key": "f", "variant": "v", "value": )" + std::string(value) +
           R"(, "reason": "DEFAULT", "rule": null, "error": null, "exposure": false, "version": 9007199254740991})";
}

TEST(AnswerJson, WritesValuesOfEveryType) {
    EXPECT_EQ(line_of("boolean", "true"), with_value("true"));
    EXPECT_EQ(line_of("boolean", "false"), with_value("false"));
    EXPECT_EQ(line_of("integer", "-9223372036854775808"), with_value("-9223372036854775808"));
    EXPECT_EQ(line_of("integer", "-0"), with_value("0"));
    EXPECT_EQ(line_of("string", R"("a\"\\\u0000\u001f\u00e9\ud83d\ude00/")"),
              with_value("\"a\\\"\\\\\\u0000\\u001f\xC3\xA9\xF0\x9F\x98\x80/\""));
    EXPECT_EQ(line_of("string", R"("\b\f\n\r\t")"), with_value(R"("\b\f\n\r\t")"));
    EXPECT_EQ(line_of("string", "\"\""), with_value("\"\""));
}

/// "integers staying integers": a double type's value keeps how it is written.
TEST(AnswerJson, KeepsIntegersAndDoublesApart) {
    EXPECT_TRUE(same_json(line_of("double", "3"), with_value("3")));
    EXPECT_TRUE(same_json(line_of("double", "3.0"), with_value("3.0")));
    EXPECT_FALSE(same_json(line_of("double", "3.0"), with_value("3")));
    EXPECT_TRUE(same_json(line_of("double", "1e2"), with_value("100.0")));
    EXPECT_TRUE(same_json(line_of("double", "1e-400"), with_value("0.0")));
    EXPECT_TRUE(same_json(line_of("object", R"({"b": [1, 1.0, null, {}], "a": {"x": "\n"}})"),
                          with_value(R"({"a": {"x": "\n"}, "b": [1, 1.0, null, {}]})")));
}

TEST(AnswerJson, IsOneLineWhateverTheRulesetWrote) {
    const std::string line = line_of("object", "{\n  \"a\": [\n 1,\r\n\t2]\n}");
    EXPECT_EQ(line.find_first_of("\r\n\t"), line.npos) << line;
    EXPECT_TRUE(same_json(line, with_value(R"({"a": [1, 2]})")));
}

TEST(AnswerJson, WritesNullForWhatThereIsNot) {
    std::string text;
    eval::Answer unknown;
    unknown.error = EvaluationError::flag_not_found;
    ruleset::append_answer_json(text, "no\nbody", unknown, 0);
    EXPECT_EQ(
        text,
        R"({"key": "no\nbody", "variant": null, "value": null, "reason": "ERROR", "rule": null, "error": "FLAG_NOT_FOUND", "exposure": false, "version": 0})");
    text.clear();
    ruleset::append_answer_json(text, std::nullopt, ruleset::unreadable_user(), 1);
    EXPECT_EQ(
        text,
        R"({"key": null, "variant": null, "value": null, "reason": "ERROR", "rule": null, "error": "PARSE_ERROR", "exposure": false, "version": 1})");
}

TEST(AnswerJson, WritesRulesAndExposures) {
    const CompiledRuleset ruleset(document(
        R"("flags": {"f": {"type": "boolean", "variants": {"on": true}, "off": "on", "default": "on", "exposures": true,
            "rules": [{"id": "a \"rule\"", "serve": {"split": [{"variant": "on", "weight": 1}]}}], "targets": {"on": ["t"]}}})"));
    EXPECT_EQ(
        ruleset.answer_line(R"({"key": "f", "user": {"key": "u"}})"),
        R"({"key": "f", "variant": "on", "value": true, "reason": "SPLIT", "rule": "a \"rule\"", "error": null, "exposure": true, "version": 1})");
    EXPECT_EQ(
        ruleset.answer_line(R"({"key": "f", "user": {"key": "t"}})"),
        R"({"key": "f", "variant": "on", "value": true, "reason": "TARGETING_MATCH", "rule": "targets", "error": null, "exposure": false, "version": 1})");
}

TEST(AnswerJson, WritesAUsersValues) {
    const User user("u", {{"s", "a\"b"},
                          {"b", true},
                          {"i", -5},
                          {"d", 2.5},
                          {"w", 3.0},
                          {"inf", std::numeric_limits<double>::infinity()},
                          {"l", {1, "x", false, 1.0}},
                          {"none", Value(std::span<const Value>())}});
    const auto shown = [&](std::string_view name) {
        std::string text;
        ruleset::append_json_value(text, user, *user.find(name));
        return text;
    };
    EXPECT_EQ(shown("s"), R"("a\"b")");
    EXPECT_EQ(shown("b"), "true");
    EXPECT_EQ(shown("i"), "-5");
    EXPECT_EQ(shown("d"), "2.5");
    EXPECT_EQ(shown("w"), "3.0") << "a double stays one";
    EXPECT_EQ(shown("inf"), "null");
    EXPECT_TRUE(same_json(shown("l"), R"([1, "x", false, 1.0])"));
    EXPECT_EQ(shown("none"), "[]");
}

}  // namespace
}  // namespace expplat::tests
