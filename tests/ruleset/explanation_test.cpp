// Explanations that people read: the first line names what is asked, the last is the answer, and between them stands
// each step with what decided it.
//
// The order of steps is proved in `tests/eval/explain_test.cpp`; here are the words. Numbers of points come from the
// bucket function, so that the words may be compared whole.
#include "src/ruleset/explanation.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/eval/compiled.hpp"

namespace expplat::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

[[nodiscard]] std::vector<std::string> lines_of(const CompiledRuleset& ruleset, std::string_view key,
                                                std::string_view user_json) {
    return ruleset::explain(ruleset.view(), *ruleset.view().find(key), user_of(user_json),
                            ruleset.patterns());
}

[[nodiscard]] std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
}

TEST(Explanation, NamesTheQuestionAndTheAnswer) {
    const CompiledRuleset ruleset(document(R"("flags": {
        "f": {"type": "string", "variants": {"v": "a \"value\""}, "off": "v", "default": "v", "targets": {"v": ["t"]}},
        "off": {"type": "boolean", "variants": {"v": true}, "off": "v", "default": "v", "enabled": false}},
        "experiments": {"e": {"type": "boolean", "status": "draft", "variants": {"v": true}, "split": [{"variant": "v", "weight": 1}]},
                        "r": {"type": "boolean", "status": "running", "variants": {"v": true}, "split": [{"variant": "v", "weight": 1}]}})",
                                           7));
    std::vector<std::string> lines = lines_of(ruleset, "f", R"({"key": "u\n"})");
    EXPECT_EQ(lines.front(), R"(flag "f", version 7, user "u\n": enabled)");
    EXPECT_EQ(lines.back(), R"(answer: "v" = "a \"value\"", reason DEFAULT)");
    EXPECT_EQ(lines_of(ruleset, "f", R"({"key": "t"})").back(),
              R"(answer: "v" = "a \"value\"", reason TARGETING_MATCH, rule "targets")");
    lines = lines_of(ruleset, "off", "{}");
    EXPECT_EQ(lines.front(), R"(flag "off", version 7, user without a key: disabled)");
    EXPECT_EQ(lines.back(), R"(answer: "v" = true, reason DISABLED)");
    lines = lines_of(ruleset, "e", "{}");
    EXPECT_EQ(lines.front(), R"(experiment "e", version 7, user without a key: draft)");
    EXPECT_EQ(lines.back(), "answer: no variant, reason DISABLED");
    EXPECT_EQ(lines_of(ruleset, "r", "{}").back(),
              "answer: no variant, reason ERROR, error TARGETING_KEY_MISSING");
    EXPECT_EQ(lines_of(ruleset, "r", R"({"key": "u"})").back(),
              R"(answer: "v" = true, reason SPLIT, counted as an exposure)");
}

TEST(Explanation, SaysWhatIsNotSupported) {
    const CompiledRuleset ruleset(
        document(
            R"("flags": {"f": {"type": "boolean", "variants": {"v": true}, "off": "v", "default": "v", "new": 1}})"),
        ruleset::Mode::tolerant);
    const std::vector<std::string> lines = lines_of(ruleset, "f", "{}");
    EXPECT_THAT(lines.front(), HasSubstr("not supported"));
    EXPECT_EQ(lines.back(), "answer: no variant, reason ERROR, error GENERAL");
}

struct Row {
    std::string_view condition;
    std::string_view value;  // of the attribute x, as JSON; empty: absent
    std::string_view line;   // after "rule 1: "
};

/// Each operator with its operand as a ruleset writes it, what the user has, and the truth.
TEST(Explanation, ShowsEveryOperatorTheUsersValueAndTheTruth) {
    const Row rows[] = {
        {R"("is": "DE")", R"("DE")", R"(x is "DE": the user has "DE" → true)"},
        {R"("is": "De", "ignore_case": true)", R"("FR")",
         R"(x is "de" (ignoring case): the user has "FR" → false)"},
        {R"("is": 3)", "3.0", "x is 3: the user has 3.0 → true"},
        {R"("is": 3.5)", "4", "x is 3.5: the user has 4 → false"},
        {R"("is": true)", "true", "x is true: the user has true → true"},
        {R"("in": ["a", "b"])", R"("b")", R"(x in ["a", "b"]: the user has "b" → true)"},
        {R"("in": [2, "a", 1.5, true])", "1.5", R"(x in ["a", 1.5, 2, true]: the user has 1.5 → true)"},
        {R"("in": ["a","b","c","d","e","f","g","h","i","j"])", R"("z")",
         R"(x in ["a", "b", "c", "d", "e", "f", "g", "h", … 2 more]: the user has "z" → false)"},
        {R"("in": [])", "1", "x in []: the user has 1 → false"},
        {R"("less_than": 3)", "2", "x less_than 3: the user has 2 → true"},
        {R"("at_most": -3)", "2", "x at_most -3: the user has 2 → false"},
        {R"("greater_than": 1e300)", "2", "x greater_than 1e+300: the user has 2 → false"},
        {R"("at_least": 0.5)", "[0, 1]", "x at_least 0.5: the user has [0, 1] → true"},
        {R"("contains": "b")", R"("abc")", R"(x contains "b": the user has "abc" → true)"},
        {R"("starts_with": ["a", "b"])", R"("cab")",
         R"(x starts_with ["a", "b"]: the user has "cab" → false)"},
        {R"("ends_with": "C", "ignore_case": true)", R"("abc")",
         R"(x ends_with "c" (ignoring case): the user has "abc" → true)"},
        {R"("matches": "^a.*c$")", R"("abc")", R"(x matches "^a.*c$": the user has "abc" → true)"},
        {R"("version_is": "v1.2")", R"("1.2.0")", R"(x version_is "v1.2": the user has "1.2.0" → true)"},
        {R"("version_below": "1")", R"("junk")", R"(x version_below "1": the user has "junk" → false)"},
        {R"("version_at_most": "1")", R"("1")", R"(x version_at_most "1": the user has "1" → true)"},
        {R"("version_above": "1")", R"("1")", R"(x version_above "1": the user has "1" → false)"},
        {R"("version_at_least": "1")", R"("1")", R"(x version_at_least "1": the user has "1" → true)"},
        {R"("in_cidr": ["10.0.0.0/8", "2001:db8::/32"])", R"("10.1.1.1")",
         R"(x in_cidr [10.0.0.0/8, 2001:db8:0:0:0:0:0:0/32]: the user has "10.1.1.1" → true)"},
        {R"("exists": true)", "[]", "x exists true: the user has [] → true"},
        {R"("exists": false)", "1", "x exists false: the user has 1 → false"},
    };
    for (const Row& row : rows) {
        const CompiledRuleset ruleset(document(
            R"("flags": {"f": {"type": "boolean", "variants": {"on": true}, "off": "on", "default": "on", "rules": [{"if": {"attribute": "x", )" +
            std::string(row.condition) + R"(}, "serve": "on"}]}})"));
        const std::vector<std::string> lines =
            lines_of(ruleset, "f", R"({"attributes": {"x": )" + std::string(row.value) + "}}");
        ASSERT_GE(lines.size(), 3u);
        EXPECT_EQ(lines[1], "  rule 1: " + std::string(row.line));
        const std::vector<std::string> absent = lines_of(ruleset, "f", "{}");
        EXPECT_THAT(
            absent[1],
            ::testing::EndsWith(row.condition.find("\"exists\": false") != row.condition.npos ? " → true"
                                                                                              : " → false"));
        EXPECT_THAT(absent[1], ::testing::Not(HasSubstr("the user has \""))) << absent[1];
    }
}

TEST(Explanation, ShowsInstants) {
    const CompiledRuleset ruleset(document(
        R"("flags": {"f": {"type": "boolean", "variants": {"on": true}, "off": "on", "default": "on", "rules": [
        {"if": {"attribute": "x", "before": "1970-01-01T00:00:01.5Z"}, "serve": "on"}, {"if": {"attribute": "x", "after": 2000}, "serve": "on"}]}})"));
    const std::string text =
        joined(lines_of(ruleset, "f", R"({"attributes": {"x": "1970-01-01T00:00:02Z"}})"));
    EXPECT_THAT(text, HasSubstr("x before 1.5"));
    EXPECT_THAT(text, HasSubstr("x after 2 s since 1970"));
    EXPECT_THAT(text, HasSubstr("→ false"));
}

TEST(Explanation, ShowsPointsBoundariesAndWhyTheNextStepIsTaken) {
    const CompiledRuleset ruleset(
        document(R"("layers": {"l": {}}, "holdouts": {"h": {"percent": 5}}, "experiments": {
        "e": {"type": "string", "status": "running", "variants": {"a": "A", "b": "B"}, "split": [{"variant": "a", "weight": 1}, {"variant": "b", "weight": 3}],
              "layer": {"key": "l", "from": 0, "to": 9000}, "holdout": "h", "traffic": 50, "if": {"sample": {"salt": "s", "percent": 90}}}})"));
    int enrolled = 0;
    for (int i = 0; i < 100; ++i) {
        const std::string unit = "u" + std::to_string(i);
        const auto point = [&unit](std::string_view salt) {
            return std::to_string(eval::point(eval::seed_of(salt), unit));
        };
        const std::vector<std::string> lines = lines_of(ruleset, "e", R"({"key": ")" + unit + "\"}");
        const std::string text = joined(lines);
        EXPECT_THAT(lines[1], StartsWith(R"(  holdout "h" by key ")" + unit + "\": point " +
                                         point("holdout:h") + " of 4294967296 ("));
        if (text.find("held out") != text.npos && text.find("not held out") == text.npos) {
            EXPECT_THAT(lines.back(), HasSubstr("HOLDOUT"));
            EXPECT_THAT(lines[1], HasSubstr("is below 214748364 (5 %)"));
            continue;
        }
        EXPECT_THAT(text,
                    HasSubstr("sample by key \"" + unit + "\": point " + point("s") + " of 4294967296 ("));
        if (lines.back().find("NOT_TARGETED") != std::string::npos) continue;
        EXPECT_THAT(text, HasSubstr("layer \"l\" by key \"" + unit + "\": point " + point("layer:l") +
                                    " of 4294967296 ("));
        EXPECT_THAT(text, HasSubstr("of 10000, "));
        if (text.find("traffic by key") == text.npos) {
            EXPECT_THAT(text, HasSubstr("outside [0, 9000) → not enrolled"));
            continue;
        }
        EXPECT_THAT(text, HasSubstr("point " + point("e:traffic") + " of 4294967296 ("));
        EXPECT_THAT(text, HasSubstr("below 2147483648 (50 %)"));
        if (lines.back().find("SPLIT") == std::string::npos) continue;
        ++enrolled;
        EXPECT_THAT(lines[lines.size() - 2],
                    StartsWith("  split by key \"" + unit + "\": point " + point("e") + " of 4294967296 ("));
        EXPECT_TRUE(lines[lines.size() - 2].ends_with(R"(lies in [0, 1073741824) → variant "a")") ||
                    lines[lines.size() - 2].ends_with(R"(lies in [1073741824, 4294967296) → variant "b")"))
            << lines[lines.size() - 2];
    }
    EXPECT_GT(enrolled, 10);
}

TEST(Explanation, IndentsWhatIsInsideSegmentsAndPrerequisites) {
    const CompiledRuleset ruleset(
        document(R"("segments": {"s": {"included": ["u1"], "if": {"attribute": "x", "is": 1}}},
        "flags": {"p": {"type": "boolean", "variants": {"on": true, "off": false}, "off": "off", "default": "on", "rules": [{"id": "in", "if": {"segment": "s"}, "serve": "off"}]},
                  "f": {"type": "boolean", "variants": {"on": true, "off": false}, "off": "off", "default": "on", "prerequisites": [{"flag": "p", "variants": ["on"]}]}})"));
    const std::string text = joined(lines_of(ruleset, "f", R"({"key": "u1"})"));
    EXPECT_THAT(text, HasSubstr("\n  prerequisite \"p\":\n    segment \"s\":\n      \"u1\" is included\n    "
                                "the user is in segment \"s\"\n"));
    EXPECT_THAT(text, HasSubstr("\n  prerequisite \"p\" does not give a wanted variant\n"));
    EXPECT_THAT(text, HasSubstr("answer: \"off\" = false, reason PREREQUISITE_FAILED"));
}

TEST(Explanation, NoLineHoldsALineEnd) {
    const CompiledRuleset ruleset(document(
        R"("flags": {"f": {"type": "object", "variants": {"on": {"a": "\n"}}, "off": "on", "default": {"split": [{"variant": "on", "weight": 1}], "unit": "dev\nice"},
        "rules": [{"id": "r\n", "if": {"attribute": "x\n", "is": "y\n"}, "serve": "on"}, {"if": {"attribute": "x\n", "matches": "\n"}, "serve": "on"}]}})"));
    for (const char* user :
         {R"({"key": "u\n"})", R"({"key": "u\n", "attributes": {"x\n": ["z\n"], "dev\nice": "d\n"}})",
          R"({"attributes": {"x\n": "y\n"}})"}) {
        for (const std::string& line : lines_of(ruleset, "f", user))
            EXPECT_EQ(line.find('\n'), line.npos) << line;
    }
}

/// The text of every conformance case: it ends, and its answer is the evaluator's.
TEST(Explanation, OfEveryConformanceCaseEndsWithItsAnswer) {
    for (const char* folder : {"vectors/edges", "vectors/random-3", "brave-studies", "own"}) {
        const std::string data = std::string(EXPPLAT_CONFORMANCE) + "/" + folder;
        const CompiledRuleset ruleset(file_content(data + "/ruleset.json"));
        for (const std::string& line : file_lines(data + "/cases.jsonl")) {
            const ruleset::Case question = ruleset::parse_case(line);
            const image::Entity* const entity = question.key ? ruleset.view().find(*question.key) : nullptr;
            if (entity == nullptr || !question.user) continue;
            const std::vector<std::string> lines =
                ruleset::explain(ruleset.view(), *entity, *question.user, ruleset.patterns());
            const eval::Answer answer = ruleset.ask(*question.key, *question.user);
            ASSERT_GE(lines.size(), 2u);
            ASSERT_THAT(lines.back(), HasSubstr(std::string("reason ") + std::string(name(answer.reason))))
                << line;
            ASSERT_EQ(lines.back().find("no variant") == std::string::npos, answer.has_variant()) << line;
        }
    }
}

}  // namespace
}  // namespace expplat::tests
