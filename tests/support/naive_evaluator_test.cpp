#include "tests/support/naive_evaluator.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/ruleset_generator.hpp"

namespace expplat::tests {
namespace {

using ruleset::Document;
using ruleset::Member;
using ruleset::Node;
using ruleset::NodeKind;
using ruleset::parse_json;

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file.good()) << path;
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
}

std::vector<std::string> lines_of(const std::string& path) {
    std::istringstream content(read_file(path));
    std::vector<std::string> lines;
    for (std::string line; std::getline(content, line);) {
        if (line.find_first_not_of(" \t\r") != std::string::npos) lines.push_back(line);
    }
    return lines;
}

/// Equal as JSON values, an integer never equal to a double, whatever the order of members.
bool same(const Node& a, const Node& b) {
    if (a.kind() != b.kind()) return false;
    switch (a.kind()) {
        case NodeKind::null: return true;
        case NodeKind::boolean: return a.boolean() == b.boolean();
        case NodeKind::integer: return a.integer() == b.integer();
        case NodeKind::real: return a.real() == b.real();
        case NodeKind::string: return a.text() == b.text();
        case NodeKind::array: break;
        case NodeKind::object: {
            if (a.members().size() != b.members().size()) return false;
            for (const Member& member : a.members()) {
                const Node* other = b.find(member.name);
                if (other == nullptr || !same(member.value, *other)) return false;
            }
            return true;
        }
    }
    if (a.items().size() != b.items().size()) return false;
    for (std::size_t i = 0; i < a.items().size(); ++i) {
        if (!same(a.items()[i], b.items()[i])) return false;
    }
    return true;
}

bool same_json(const std::string& a, const std::string& b) {
    const auto left = parse_json(a), right = parse_json(b);
    return left.ok() && right.ok() && same(left.value().root(), right.value().root());
}

std::string names_in_order(const std::string& answer) {
    const auto document = parse_json(answer);
    std::string names;
    for (const Member& member : document.value().root().members()) names += std::string(member.name) + " ";
    return names;
}

/// A ruleset's text, kept beside its evaluator.
class Rules {
public:
    explicit Rules(const std::string& text)
        : document_(parse_json(text)), evaluator_(document_.value().root()) {}
    const NaiveEvaluator* operator->() const { return &evaluator_; }

private:
    Result<Document> document_;
    NaiveEvaluator evaluator_;
};

std::string answer(const NaiveEvaluator& evaluator, const std::string& key, const std::string& user) {
    const auto document = parse_json(user);
    return evaluator.answer(key, document.ok() ? &document.value().root() : nullptr);
}

std::string quoted(const std::string& plain) { return std::string("\"") + plain + "\""; }

std::string field(const std::string& answer, std::string_view name) {
    const auto document = parse_json(answer);
    return to_json(*document.value().root().find(name));
}

// ---------------------------------------------------------------- the vectors

class NaiveEvaluatorVectors : public ::testing::TestWithParam<const char*> {};

TEST_P(NaiveEvaluatorVectors, AnswersEveryCase) {
    const std::string folder = std::string(EXPPLAT_CONFORMANCE) + "/" + GetParam();
    const auto document = parse_json(read_file(folder + "/ruleset.json"));
    ASSERT_TRUE(document.ok()) << document.error().message;
    const NaiveEvaluator evaluator(document.value().root());
    const std::vector<std::string> cases = lines_of(folder + "/cases.jsonl");
    const std::vector<std::string> answers = lines_of(folder + "/answers.jsonl");
    ASSERT_GE(cases.size(), 600u);
    ASSERT_EQ(cases.size(), answers.size());
    int shown = 0;
    for (std::size_t i = 0; i < cases.size() && shown < 10; ++i) {
        const std::string got = evaluator.answer_case_line(cases[i]);
        if (same_json(got, answers[i])) continue;
        ++shown;
        ADD_FAILURE() << cases[i] << "\n  is " << got << "\n  not " << answers[i];
    }
    EXPECT_EQ(names_in_order(evaluator.answer_case_line(cases[0])), names_in_order(answers[0]));
}

INSTANTIATE_TEST_SUITE_P(All, NaiveEvaluatorVectors,
                         ::testing::Values("vectors/edges", "vectors/random-1", "vectors/random-2",
                                           "vectors/random-3", "vectors/random-4", "vectors/random-5",
                                           "vectors/random-6", "brave-studies"));

// ---------------------------------------------------------------- what the vectors leave out

constexpr const char* one_flag =
    R"({"format":"expplat.ruleset/1","environment":"t","version":7,"flags":{"f":{"type":"integer","variants":{"a":1},
        "off":"a","default":"a"}}})";

TEST(NaiveEvaluatorLines, KeepTheKeyOfALineWhoseUserIsNoUser) {
    const Rules rules(one_flag);
    const char* users[] = {
        R"({"key":"\udc00"})", R"({"a":{"b":1,"b":1}})",  R"({"a":-1e999})", R"([])", R"(1)",
        R"({"attributes":3})", R"({"key":"u","key":"u"})"};
    for (const std::string user : users) {
        const std::string got = rules->answer_case_line(R"({"key":"f","user":)" + user + "}");
        EXPECT_EQ(field(got, "error"), R"("PARSE_ERROR")") << user;
        EXPECT_EQ(field(got, "key"), R"("f")") << user;
        EXPECT_EQ(field(got, "version"), "7") << user;
    }
}

TEST(NaiveEvaluatorLines, HaveNoKeyWhereTheyAreNoJsonObjectWithAStringKey) {
    const Rules rules(one_flag);
    const char* lines[] = {R"(nothing)",
                           R"({"key":"f","user":{}} x)",
                           R"({"key":"f","user":{},})",
                           R"({"key":"f" "user":{}})",
                           R"({"key":null,"user":{}})",
                           R"({"key":"\ud800","user":{}})",
                           R"({"user":{}})",
                           R"({"key":"f)",
                           R"({"key":"f","user":{"key":01}})",
                           R"({"key":"f","user":{"key":"\x"}})",
                           R"({"key":"f","user":[1,]})",
                           R"({"key":"f","key":"f","user":{}})",
                           "{\"key\":\"f\",\"user\":{},\"n\":\"\xFF\"}",
                           "\xEF\xBB\xBF{\"key\":\"f\",\"user\":{}}",
                           "{\"key\":\"f\",\"user\":{\"key\":\"a\tb\"}}"};
    for (const std::string line : lines) {
        const std::string got = rules->answer_case_line(line);
        EXPECT_EQ(field(got, "key"), "null") << line;
        EXPECT_EQ(field(got, "error"), R"("PARSE_ERROR")") << line;
    }
}

TEST(NaiveEvaluatorLines, IgnoreBlankOnesAndOtherMembers) {
    const Rules rules(one_flag);
    EXPECT_EQ(rules->answer_case_line(""), "");
    EXPECT_EQ(rules->answer_case_line(" \t\r"), "");
    const std::string deep = std::string(5000, '[') + std::string(5000, ']');
    const std::string got =
        rules->answer_case_line(R"( {"n":"\ud800","m":1e999,"o":)" + deep + R"(,"\u006bey":"f","user":{}} )");
    EXPECT_TRUE(
        same_json(got, R"({"key":"f","variant":"a","value":1,"reason":"DEFAULT","rule":null,"error":null,
                                   "exposure":false,"version":7})"))
        << got;
}

TEST(NaiveEvaluatorLines, CountAUsersLevelsFromTheirOwnObject) {
    const Rules rules(one_flag);
    const auto line = [](std::size_t levels) {
        return R"({"key":"f","user":{"a":)" + std::string(levels - 1, '[') + std::string(levels - 1, ']') +
               "}}";
    };
    EXPECT_EQ(field(rules->answer_case_line(line(63)), "error"), "null");
    EXPECT_EQ(field(rules->answer_case_line(line(64)), "error"), R"("PARSE_ERROR")");
}

TEST(NaiveEvaluatorChains, OfThirtyThousandSegmentsAreAnswered) {
    constexpr int length = 30'000;
    std::string segments = R"("s0":{"if":{"attribute":"x","is":1}})";
    for (int i = 1; i < length; ++i) {
        segments +=
            ",\"s" + std::to_string(i) + R"(":{"if":{"segment":"s)" + std::to_string(i - 1) + R"("}})";
    }
    const Rules rules(
        R"({"format":"expplat.ruleset/1","environment":"t","version":1,"segments":{)" + segments +
        R"(},"flags":{"f":{"type":"boolean","variants":{"on":true,"off":false},"off":"off","default":"off",
                          "rules":[{"if":{"segment":"s29999"},"serve":"on"}]}}})");
    EXPECT_EQ(field(rules->answer_case_line(R"({"key":"f","user":{"attributes":{"x":1.0}}})"), "variant"),
              R"("on")");
    EXPECT_EQ(field(rules->answer_case_line(R"({"key":"f","user":{"attributes":{"x":2}}})"), "variant"),
              R"("off")");
}

TEST(NaiveEvaluatorChains, OfThirtyThousandPrerequisitesAreAnswered) {
    constexpr int length = 30'000;
    std::string flags;
    for (int i = 0; i < length; ++i) {
        flags += (i == 0 ? "\"f" : ",\"f") + std::to_string(i) +
                 R"(":{"type":"boolean","variants":{"on":true,"off":false},"off":"off","default":"on")";
        if (i == 0) flags += R"(,"rules":[{"if":{"attribute":"x","exists":true},"serve":"off"}])";
        if (i > 0)
            flags += R"(,"prerequisites":[{"flag":"f)" + std::to_string(i - 1) + R"(","variants":["on"]}])";
        flags += "}";
    }
    const Rules rules(R"({"format":"expplat.ruleset/1","environment":"t","version":1,"flags":{)" + flags +
                      "}}");
    EXPECT_EQ(field(rules->answer_case_line(R"({"key":"f29999","user":{}})"), "reason"), R"("DEFAULT")");
    EXPECT_EQ(field(rules->answer_case_line(R"({"key":"f29999","user":{"attributes":{"x":[]}}})"), "reason"),
              R"("PREREQUISITE_FAILED")");
}

// ---------------------------------------------------------------- the generator

TEST(RulesetGenerator, GivesTheSameTextsForTheSameSeed) {
    const auto texts = [](std::uint64_t seed) {
        RulesetGenerator generator(seed);
        std::string all;
        for (int i = 0; i < 5; ++i) {
            all += generator.ruleset();
            for (int k = 0; k < 5; ++k) all += generator.user();
        }
        return all;
    };
    EXPECT_EQ(texts(3), texts(3));
    EXPECT_NE(texts(3), texts(4));
}

TEST(RulesetGenerator, NamesItsKeysInDocumentOrder) {
    RulesetGenerator generator(11);
    for (int i = 0; i < 50; ++i) {
        const auto document = parse_json(generator.ruleset());
        ASSERT_TRUE(document.ok()) << document.error().message;
        std::vector<std::string> keys;
        for (const char* map : {"flags", "experiments"}) {
            const Node* entities = document.value().root().find(map);
            if (entities == nullptr) continue;
            for (const Member& member : entities->members()) keys.emplace_back(member.name);
        }
        EXPECT_EQ(generator.keys(), keys);
    }
}

/// Every condition of a ruleset, nested ones too.
void collect_conditions(const Node& node, std::vector<const Node*>& conditions) {
    for (const Member& member : node.members()) {
        if (member.name == "meta" || member.name == "variants") continue;
        if (member.name == "if" || member.name == "not") conditions.push_back(&member.value);
        collect_conditions(member.value, conditions);
        if (member.name != "all" && member.name != "any") continue;
        for (const Node& part : member.value.items()) conditions.push_back(&part);
    }
    for (const Node& item : node.items()) collect_conditions(item, conditions);
}

std::string form_of(const Node& condition) {
    for (const Member& member : condition.members()) {
        if (member.name != "attribute" && member.name != "ignore_case") return std::string(member.name);
    }
    return {};
}

/// A flag that is `on` where the condition holds.
std::string probe_flag(const std::string& condition) {
    std::string json = R"({"type":"boolean","variants":{"on":true,"off":false},"off":"off","default":"off",)";
    json += R"("rules":[{"serve":"on","if":)";
    return json + condition + "}]}";
}

TEST(RulesetGenerator, ReachesEveryReasonErrorFormAndOperatorBothWays) {
    RulesetGenerator generator(20261123);
    std::map<std::string, int> reasons, errors, forms_true, forms_false;
    int exposures = 0, answers = 0, not_null_rules = 0;
    for (int i = 0; i < 150; ++i) {
        const std::string text = generator.ruleset();
        const auto document = parse_json(text);
        ASSERT_TRUE(document.ok()) << document.error().message << "\n" << text;
        const NaiveEvaluator evaluator(document.value().root());
        std::vector<const Node*> conditions;
        collect_conditions(document.value().root(), conditions);

        const Node* segments = document.value().root().find("segments");
        std::string probes;
        for (std::size_t k = 0; k < conditions.size(); ++k) {
            if (k > 0) probes += ",";
            probes += quoted(std::to_string(k)) + ":" + probe_flag(to_json(*conditions[k]));
        }
        std::string probing = R"({"version":1,"segments":)";
        probing += segments == nullptr ? "{}" : to_json(*segments);
        const Rules probe(probing + ",\"flags\":{" + probes + "}}");

        for (int u = 0; u < 12; ++u) {
            const std::string user = generator.user();
            for (const std::string& key : generator.keys()) {
                const std::string got = answer(evaluator, key, user);
                ++reasons[field(got, "reason")];
                ++errors[field(got, "error")];
                exposures += field(got, "exposure") == "true";
                not_null_rules += field(got, "rule") != "null";
                ++answers;
            }
            if (u > 2) continue;
            for (std::size_t k = 0; k < conditions.size(); ++k) {
                const std::string got = answer(*probe.operator->(), std::to_string(k), user);
                if (field(got, "error") != "null") continue;
                ++(field(got, "variant") == R"("on")" ? forms_true : forms_false)[form_of(*conditions[k])];
            }
        }
    }
    for (const char* reason : {"DISABLED", "PREREQUISITE_FAILED", "TARGETING_MATCH", "SPLIT", "DEFAULT",
                               "HOLDOUT", "NOT_TARGETED", "NOT_ENROLLED", "ERROR"}) {
        EXPECT_GT(reasons[quoted(reason)], answers / 200) << reason;
    }
    EXPECT_GT(errors[R"("TARGETING_KEY_MISSING")"], answers / 200);
    EXPECT_GT(errors[R"("PARSE_ERROR")"], answers / 200);
    EXPECT_GT(exposures, answers / 50);
    EXPECT_GT(not_null_rules, answers / 50);
    for (const char* form : {"all",
                             "any",
                             "not",
                             "segment",
                             "sample",
                             "is",
                             "in",
                             "less_than",
                             "at_most",
                             "greater_than",
                             "at_least",
                             "contains",
                             "starts_with",
                             "ends_with",
                             "matches",
                             "version_is",
                             "version_below",
                             "version_at_most",
                             "version_above",
                             "version_at_least",
                             "before",
                             "after",
                             "in_cidr",
                             "exists"}) {
        EXPECT_GT(forms_true[form], 10) << form;
        EXPECT_GT(forms_false[form], 10) << form;
    }
}

}  // namespace
}  // namespace expplat::tests
