// `eval::evaluate`: the order of its steps, clause by clause (RULESET.md, sections 3 to 6), and what it promises a
// host: no allocation, and without an engine for patterns exactly the flags that reach one are not evaluated.
//
// Every entity below is made so that each later step would give another answer than the one under test.
#include "expplat/eval/evaluate.hpp"

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/eval/allocations.hpp"
#include "tests/eval/compiled.hpp"

namespace expplat::tests {
namespace {

/// A flag of the variants `on` and `off`, off unless `members` say otherwise.
[[nodiscard]] std::string flag(std::string_view members = "", std::string_view default_serve = "\"off\"") {
    return R"({"type": "boolean", "variants": {"on": true, "off": false}, "off": "off", "default": )" +
           std::string(default_serve) + (members.empty() ? "" : ", ") + std::string(members) + "}";
}

[[nodiscard]] std::string experiment(std::string_view members = "", std::string_view status = "running") {
    return R"({"type": "string", "status": ")" + std::string(status) +
           R"(", "variants": {"a": "A", "b": "B"}, "split": [{"variant": "a", "weight": 1}])" +
           (members.empty() ? "" : ", ") + std::string(members) + "}";
}

constexpr std::string_view on_split = R"({"split": [{"variant": "on", "weight": 1}]})";
constexpr std::string_view on_split_by_device =
    R"({"split": [{"variant": "on", "weight": 1}], "unit": "device"})";

/// The answers of one flag `f` (beside a flag `none` that is off for everybody) to a user of key `u1` with attributes.
class OneFlag {
public:
    explicit OneFlag(const std::string& f)
        : ruleset_(document(R"("flags": {"none": )" + flag() + R"(, "f": )" + f + "}")) {}
    [[nodiscard]] std::string answer(std::string_view attributes = "", std::string_view key = "u1") const {
        return ruleset_.summary("f", R"({"key": ")" + std::string(key) + R"(", "attributes": {)" +
                                         std::string(attributes) + "}}");
    }

private:
    CompiledRuleset ruleset_;
};

// ---- section 4 ----

TEST(EvaluateFlag, DisabledComesFirst) {
    const OneFlag f(flag(
        R"("enabled": false, "prerequisites": [{"flag": "none", "variants": ["on"]}], "targets": {"on": ["u1"]},
                            "rules": [{"serve": "on"}])",
        on_split));
    EXPECT_EQ(f.answer(), "off DISABLED");
}

TEST(EvaluateFlag, PrerequisitesComeBeforeTargets) {
    const OneFlag f(flag(
        R"("prerequisites": [{"flag": "none", "variants": ["off"]}, {"flag": "none", "variants": ["on"]}],
                            "targets": {"on": ["u1"]}, "rules": [{"serve": "on"}])",
        "\"on\""));
    EXPECT_EQ(f.answer(), "off PREREQUISITE_FAILED");
}

TEST(EvaluateFlag, TargetsComeBeforeRules) {
    const OneFlag f(flag(
        R"("prerequisites": [{"flag": "none", "variants": ["off"]}], "targets": {"on": ["u0", "u1"], "off": ["u2"]},
                            "rules": [{"id": "r", "serve": "off"}])"));
    EXPECT_EQ(f.answer(), "on TARGETING_MATCH targets");
    EXPECT_EQ(f.answer("", "u2"), "off TARGETING_MATCH targets");
    EXPECT_EQ(f.answer("", "u3"), "off TARGETING_MATCH r");
}

TEST(EvaluateFlag, TheFirstRuleWhoseIfHoldsServes) {
    const OneFlag f(flag(
        R"("rules": [{"id": "no", "if": {"attribute": "x", "is": 1}, "serve": "off"}, {"id": "yes", "serve": "on"},
                            {"id": "late", "serve": "off"}])"));
    EXPECT_EQ(f.answer(R"("x": 1)"), "off TARGETING_MATCH no");
    EXPECT_EQ(f.answer(R"("x": 2)"), "on TARGETING_MATCH yes");
    const OneFlag nameless(flag(R"("rules": [{"serve": "on"}])"));
    EXPECT_EQ(nameless.answer(), "on TARGETING_MATCH");
}

TEST(EvaluateFlag, ASplitThatCannotBeMadeIsPassedOver) {
    const OneFlag f(flag(R"("rules": [{"id": "1", "serve": )" + std::string(on_split_by_device) + R"(},
        {"id": "2", "if": {"attribute": "x", "is": 1}, "serve": )" +
                             std::string(on_split_by_device) + R"(},
        {"id": "3", "if": {"attribute": "x", "is": 1}, "serve": "on"}, {"id": "4", "serve": )" +
                             std::string(on_split_by_device) + R"(}], "exposures": true)",
                         on_split));
    EXPECT_EQ(f.answer(R"("device": "d")"), "on SPLIT 1 exposure");
    EXPECT_EQ(f.answer(R"("x": 1)"), "on TARGETING_MATCH 3");
    EXPECT_EQ(f.answer(R"("x": 2)"), "on SPLIT exposure");
    EXPECT_EQ(f.answer(R"("x": 2)", ""), "off ERROR TARGETING_KEY_MISSING");
}

TEST(EvaluateFlag, TheDefaultServesAVariantOrASplit) {
    EXPECT_EQ(OneFlag(flag("", "\"on\"")).answer(), "on DEFAULT");
    EXPECT_EQ(OneFlag(flag("", on_split)).answer(), "on SPLIT");
    EXPECT_EQ(OneFlag(flag("", on_split)).answer("", ""), "off ERROR TARGETING_KEY_MISSING");
    EXPECT_EQ(OneFlag(flag("", on_split_by_device)).answer(), "off ERROR TARGETING_KEY_MISSING");
}

/// Section 7: "marks an exposure for every answer whose reason is SPLIT", and for no other.
TEST(EvaluateFlag, OnlySplitsAreExposures) {
    const OneFlag f(flag(R"("exposures": true, "targets": {"on": ["u2"]}, "rules": [
        {"id": "v", "if": {"attribute": "x", "is": 1}, "serve": "on"}, {"id": "s", "if": {"attribute": "x", "is": 2}, "serve": )" +
                             std::string(on_split) + "}]",
                         on_split));
    EXPECT_EQ(f.answer("", "u2"), "on TARGETING_MATCH targets");
    EXPECT_EQ(f.answer(R"("x": 1)"), "on TARGETING_MATCH v");
    EXPECT_EQ(f.answer(R"("x": 2)"), "on SPLIT s exposure");
    EXPECT_EQ(f.answer(), "on SPLIT exposure");
    EXPECT_EQ(f.answer("", ""), "off ERROR TARGETING_KEY_MISSING");
    EXPECT_EQ(OneFlag(flag(R"("exposures": true)", "\"on\"")).answer(), "on DEFAULT");
    EXPECT_EQ(OneFlag(flag(R"("exposures": true, "enabled": false)", on_split)).answer(), "off DISABLED");
}

TEST(EvaluateFlag, APrerequisiteGivesWhatItsEvaluationGives) {
    const CompiledRuleset ruleset(document(
        R"("flags": {"disabled": )" + flag(R"("enabled": false)", "\"on\"") + R"(, "split": )" +
        flag("", on_split) + R"(, "failing": )" +
        flag(R"("prerequisites": [{"flag": "disabled", "variants": ["on"]}])", "\"on\"") + R"(, "1": )" +
        flag(R"("prerequisites": [{"flag": "disabled", "variants": ["off"]}])", "\"on\"") + R"(, "2": )" +
        flag(R"("prerequisites": [{"flag": "split", "variants": ["off"]}])", "\"on\"") + R"(, "3": )" +
        flag(R"("prerequisites": [{"flag": "failing", "variants": ["off"]}])", "\"on\"") + R"(, "4": )" +
        flag(R"("prerequisites": [{"flag": "failing", "variants": ["on"]}])", "\"on\"") + R"(, "5": )" +
        flag(R"("prerequisites": [{"flag": "e", "variants": ["b"]}])", "\"on\"") + R"(, "6": )" +
        flag(R"("prerequisites": [{"flag": "won", "variants": ["b"]}])", "\"on\"") + R"(, "7": )" +
        flag(R"("prerequisites": [{"flag": "draft", "variants": ["a", "b"]}])", "\"on\"") + R"(, "8": )" +
        flag(R"("prerequisites": [{"flag": "split", "variants": []}])", "\"on\"") +
        R"(}, "experiments": {"e": )" + experiment(R"("targets": {"b": ["u1"]}, "traffic": 0)") +
        R"(, "won": )" + experiment(R"("winner": "b")", "completed") + R"(, "draft": )" +
        experiment(R"("winner": "b")", "draft") + "}"));
    EXPECT_EQ(ruleset.summary("1", R"({"key": "u1"})"), "on DEFAULT")
        << "the `off` of a disabled flag is a variant";
    EXPECT_EQ(ruleset.summary("2", "{}"), "on DEFAULT") << "so is the `off` of a default that cannot be made";
    EXPECT_EQ(ruleset.summary("2", R"({"key": "u1"})"), "off PREREQUISITE_FAILED");
    EXPECT_EQ(ruleset.summary("3", R"({"key": "u1"})"), "on DEFAULT")
        << "and the `off` of a flag whose own prerequisite fails";
    EXPECT_EQ(ruleset.summary("4", R"({"key": "u1"})"), "off PREREQUISITE_FAILED");
    EXPECT_EQ(ruleset.summary("5", R"({"key": "u1"})"), "on DEFAULT") << "a target of an experiment";
    EXPECT_EQ(ruleset.summary("5", R"({"key": "u2"})"), "off PREREQUISITE_FAILED")
        << "no variant is none of them";
    EXPECT_EQ(ruleset.summary("6", "{}"), "on DEFAULT") << "a winner";
    EXPECT_EQ(ruleset.summary("7", R"({"key": "u1"})"), "off PREREQUISITE_FAILED");
    EXPECT_EQ(ruleset.summary("8", R"({"key": "u1"})"), "off PREREQUISITE_FAILED");
}

// ---- section 5 ----

/// An experiment with every obstacle behind the first `open` of them out of the way.
TEST(EvaluateExperiment, StepsComeInTheirOrder) {
    struct Row {
        std::string_view status;
        std::string_view members;
        std::string_view key;
        std::string_view answer;
    };
    const Row rows[] = {
        {"draft", R"("winner": "b", "targets": {"b": ["u1"]})", "u1", "- DISABLED"},
        {"paused", R"("winner": "b", "targets": {"b": ["u1"]})", "u1", "- DISABLED"},
        {"completed", R"("winner": "b", "targets": {"a": ["u1"]})", "u1", "b DEFAULT"},
        {"completed", R"("winner": "b")", "", "b DEFAULT"},
        {"completed", R"("winner": null, "targets": {"a": ["u1"]})", "u1", "- DISABLED"},
        {"running",
         R"("winner": "b", "targets": {"b": ["u1"]}, "prerequisites": [{"flag": "none", "variants": ["on"]}], "unit": "x")",
         "u1", "b TARGETING_MATCH targets"},
        {"running", R"("prerequisites": [{"flag": "none", "variants": ["on"]}], "unit": "x")", "u1",
         "- PREREQUISITE_FAILED"},
        {"running", R"("unit": "x", "if": {"any": []}, "traffic": 0)", "u1", "- ERROR TARGETING_KEY_MISSING"},
        {"running", R"("holdout": "all", "if": {"any": []}, "traffic": 0)", "u1", "- HOLDOUT"},
        {"running", R"("holdout": "all", "if": {"any": []}, "traffic": 0)", "",
         "- ERROR TARGETING_KEY_MISSING"},
        {"running",
         R"("holdout": "nobody", "if": {"any": []}, "layer": {"key": "l", "from": 0, "to": 10000}, "traffic": 0)",
         "u1", "- NOT_TARGETED"},
        {"running",
         R"("holdout": "nobody", "if": {"all": []}, "layer": {"key": "l", "from": 0, "to": 10000}, "traffic": 0)",
         "u1", "- NOT_ENROLLED"},
        {"running",
         R"("holdout": "nobody", "if": {"all": []}, "layer": {"key": "l", "from": 0, "to": 10000}, "traffic": 100)",
         "u1", "a SPLIT exposure"},
        {"running", R"("winner": "b")", "u1", "a SPLIT exposure"},
    };
    for (const Row& row : rows) {
        const CompiledRuleset ruleset(document(
            R"("flags": {"none": )" + flag() +
            R"(}, "layers": {"l": {}}, "holdouts": {"all": {"percent": 100}, "nobody": {"percent": 0}},
               "experiments": {"e": )" +
            experiment(row.members, row.status) + "}"));
        EXPECT_EQ(ruleset.summary("e", R"({"key": ")" + std::string(row.key) + "\"}"), row.answer)
            << row.status << " " << row.members;
    }
}

/// A slot outside the layer's range comes before traffic, inside it traffic decides.
TEST(EvaluateExperiment, LayerComesBeforeTraffic) {
    const CompiledRuleset ruleset(
        document(R"("layers": {"l": {}}, "experiments": {"low": )" +
                 experiment(R"("layer": {"key": "l", "from": 0, "to": 5000})") + R"(, "high": )" +
                 experiment(R"("layer": {"key": "l", "from": 5000, "to": 10000}, "traffic": 0)") + "}"));
    int low = 0;
    for (int i = 0; i < 200; ++i) {
        const std::string user = R"({"key": "u)" + std::to_string(i) + "\"}";
        const bool inside =
            eval::layer_slot(eval::point(eval::seed_of("layer:l"), "u" + std::to_string(i))) < 5000;
        low += inside ? 1 : 0;
        EXPECT_EQ(ruleset.summary("low", user), inside ? "a SPLIT exposure" : "- NOT_ENROLLED");
        EXPECT_EQ(ruleset.summary("high", user), "- NOT_ENROLLED");
    }
    EXPECT_GT(low, 60);
    EXPECT_LT(low, 140);
}

// ---- sections 2 and 6: units ----

TEST(EvaluateUnit, IsANonEmptyStringOrAnInteger) {
    const CompiledRuleset ruleset(document(R"("flags": {"f": )" + flag("", on_split_by_device) +
                                           R"(}, "experiments": {"e": )" + experiment(R"("unit": "device")") +
                                           R"(}, "segments": {"s": {"unit": "device", "if": {"all": []}}})"));
    const auto asked = [&](const Value& device) {
        User user("u1");
        user.set("device", device);
        const std::string of_flag = ruleset.summary("f", user);
        const std::string of_experiment = ruleset.summary("e", user);
        EXPECT_EQ(of_flag == "on SPLIT", of_experiment == "a SPLIT exposure")
            << of_flag << ", " << of_experiment;
        return of_flag;
    };
    for (const Value& present :
         {Value("d"), Value(" "), Value(std::string_view("\0", 1)), Value(0), Value(-1), Value(true ? 1 : 0),
          Value(std::numeric_limits<std::int64_t>::min())}) {
        EXPECT_EQ(asked(present), "on SPLIT");
    }
    const Value list[] = {"d"};
    for (const Value& absent : {Value(), Value(""), Value(1.0), Value(true),
                                Value(std::span<const Value>(list)), Value(std::span<const Value>())}) {
        EXPECT_EQ(asked(absent), "off ERROR TARGETING_KEY_MISSING");
    }
}

/// "an integer (written in decimal ASCII)": as a unit it is the same as that text, everywhere.
TEST(EvaluateUnit, AnIntegerIsItsDecimalText) {
    const std::string halves =
        R"({"split": [{"variant": "on", "weight": 1}, {"variant": "off", "weight": 1}], "unit": "n"})";
    const CompiledRuleset ruleset(document(
        R"("segments": {"listed": {"unit": "n", "included": ["-7", "42", "9223372036854775807"]}}, "flags": {"split": )" +
        flag("", halves) + R"(, "listed": )" +
        flag(R"("rules": [{"if": {"segment": "listed"}, "serve": "on"}])") + R"(, "sampled": )" +
        flag(R"("rules": [{"if": {"sample": {"unit": "n", "salt": "s", "percent": 50}}, "serve": "on"}])") +
        "}"));
    for (const std::int64_t number :
         {std::int64_t{-7}, std::int64_t{42}, std::int64_t{0}, std::int64_t{1'000'000'007},
          std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
        const std::string text = std::to_string(number);
        for (const std::string_view key : {"split", "listed", "sampled"}) {
            EXPECT_EQ(ruleset.summary(key, User("u", {{"n", number}})),
                      ruleset.summary(key, User("v", {{"n", text}})))
                << key << " " << text;
        }
    }
    EXPECT_EQ(ruleset.summary("listed", User("42", {{"n", 42}})), "on TARGETING_MATCH");
    EXPECT_EQ(ruleset.summary("listed", User("42", {{"n", 42.0}})), "off DEFAULT");
}

TEST(EvaluateUnit, TheUserKeyIsTheUnitUnlessAnotherIsNamed) {
    const CompiledRuleset ruleset(document(
        R"("flags": {"named": )" +
        flag(
            "",
            R"({"split": [{"variant": "on", "weight": 1}, {"variant": "off", "weight": 1}], "unit": "key", "salt": "s"})") +
        R"(, "plain": )" +
        flag("",
             R"({"split": [{"variant": "on", "weight": 1}, {"variant": "off", "weight": 1}], "salt": "s"})") +
        "}"));
    for (int i = 0; i < 50; ++i) {
        const User user("u" + std::to_string(i));
        EXPECT_EQ(ruleset.summary("named", user), ruleset.summary("plain", user));
    }
}

// ---- section 3: segments ----

TEST(EvaluateSegment, IncludedThenExcludedThenIf) {
    const CompiledRuleset ruleset(document(
        R"("segments": {"s": {"included": ["both", "in"], "excluded": ["both", "out"], "if": {"attribute": "x", "is": 1}},
                        "by-device": {"unit": "device", "included": ["in"], "excluded": ["out"], "if": {"attribute": "x", "is": 1}},
                        "lists": {"included": ["in"]}},
           "flags": {"f": )" +
        flag(R"("rules": [{"if": {"segment": "s"}, "serve": "on"}])") + R"(, "d": )" +
        flag(R"("rules": [{"if": {"segment": "by-device"}, "serve": "on"}])") + R"(, "not": )" +
        flag(R"("rules": [{"if": {"not": {"segment": "lists"}}, "serve": "on"}])") + "}"));
    EXPECT_EQ(ruleset.summary("f", R"({"key": "both"})"), "on TARGETING_MATCH");
    EXPECT_EQ(ruleset.summary("f", R"({"key": "in", "attributes": {"x": 2}})"), "on TARGETING_MATCH");
    EXPECT_EQ(ruleset.summary("f", R"({"key": "out", "attributes": {"x": 1}})"), "off DEFAULT");
    EXPECT_EQ(ruleset.summary("f", R"({"key": "u", "attributes": {"x": 1}})"), "on TARGETING_MATCH");
    EXPECT_EQ(ruleset.summary("f", R"({"key": "u", "attributes": {"x": 2}})"), "off DEFAULT");
    EXPECT_EQ(ruleset.summary("f", R"({"attributes": {"x": 1}})"), "on TARGETING_MATCH")
        << "without a unit the lists do not apply";
    EXPECT_EQ(ruleset.summary("d", R"({"key": "in", "attributes": {"x": 1}})"), "on TARGETING_MATCH")
        << "and the key is another unit";
    EXPECT_EQ(ruleset.summary("d", R"({"key": "in", "attributes": {"device": "out", "x": 1}})"),
              "off DEFAULT");
    EXPECT_EQ(ruleset.summary("not", R"({"key": "in"})"), "off DEFAULT");
    EXPECT_EQ(ruleset.summary("not", "{}"), "on TARGETING_MATCH") << "absent `if`: nobody else is in it";
}

// ---- what evaluation promises a host ----

TEST(Evaluate, AnUnknownKeyIsAnError) {
    const CompiledRuleset ruleset(document(R"("segments": {"s": {}}, "flags": {"f": )" + flag() + "}"));
    for (const std::string_view key : {"", "F", "s", "f ", "nobody"}) {
        EXPECT_EQ(ruleset.summary(key, "{}"), "- ERROR FLAG_NOT_FOUND") << key;
    }
}

/// Decision 10: "only the flags that reach a pattern are unsupported there", by a rule, segment or prerequisite.
TEST(Evaluate, WithoutAnEngineExactlyWhatReachesAPatternIsAnError) {
    const std::string by_rule = flag(
        R"("rules": [{"if": {"attribute": "x", "matches": "a"}, "serve": "on"}], "targets": {"on": ["u1"]})");
    const CompiledRuleset ruleset(document(
        R"("segments": {"plain": {}, "pattern": {"included": ["u1"], "if": {"not": {"attribute": "x", "matches": "b"}}},
                        "deeper": {"if": {"any": [{"segment": "plain"}, {"segment": "pattern"}]}}},
           "flags": {"plain": )" +
        flag(R"("rules": [{"if": {"segment": "plain"}, "serve": "on"}])") + R"(, "rule": )" + by_rule +
        R"(, "disabled": )" +
        flag(R"("enabled": false, "rules": [{"if": {"attribute": "x", "matches": "a"}, "serve": "on"}])") +
        R"(, "segment": )" + flag(R"("rules": [{"if": {"segment": "deeper"}, "serve": "on"}])") +
        R"(, "prerequisite": )" + flag(R"("prerequisites": [{"flag": "rule", "variants": ["on"]}])") +
        R"(, "later": )" +
        flag(
            R"("prerequisites": [{"flag": "plain", "variants": ["off"]}, {"flag": "prerequisite", "variants": ["on"]}])") +
        R"(, "beside": )" + flag(R"("prerequisites": [{"flag": "plain", "variants": ["off"]}])", "\"on\"") +
        R"(}, "experiments": {"e": )" + experiment(R"("if": {"segment": "pattern"})") + R"(, "draft": )" +
        experiment(R"("if": {"segment": "pattern"})", "draft") + R"(, "free": )" + experiment() + "}"));
    const User user("u1");
    const auto without = [&](std::string_view key) {
        return CompiledRuleset::summary(eval::evaluate(ruleset.view(), key, user));
    };
    for (const std::string_view key :
         {"rule", "disabled", "segment", "prerequisite", "later", "e", "draft"}) {
        EXPECT_EQ(without(key), "- ERROR GENERAL") << key;
        EXPECT_NE(ruleset.summary(key, user), "- ERROR GENERAL") << key;
    }
    EXPECT_EQ(without("plain"), "off DEFAULT");
    EXPECT_EQ(without("beside"), "on DEFAULT");
    EXPECT_EQ(without("free"), "a SPLIT exposure");
    EXPECT_EQ(without("nobody"), "- ERROR FLAG_NOT_FOUND");
}

/// Section 1: what is unsupported answers ERROR / GENERAL for every user, even when disabled or targeted.
TEST(Evaluate, WhatIsUnsupportedIsAnErrorForEverybody) {
    const CompiledRuleset ruleset(
        document(
            R"("segments": {"new": {"if": {"attribute": "x", "resembles": 1}}}, "layers": {"new": {"spread": 2}},
           "flags": {"member": )" +
            flag(R"("enabled": false, "targets": {"on": ["u1"]}, "later": 1)") + R"(, "segment": )" +
            flag(R"("rules": [{"serve": "on"}, {"if": {"segment": "new"}, "serve": "off"}])") +
            R"(, "prerequisite": )" + flag(R"("prerequisites": [{"flag": "segment", "variants": ["on"]}])") +
            R"(, "free": )" + flag() + R"(}, "experiments": {"layer": )" +
            experiment(R"("layer": {"key": "new", "from": 0, "to": 1})") + R"(, "status": )" +
            experiment("", "archived") + "}"),
        ruleset::Mode::tolerant);
    for (const std::string_view key : {"member", "segment", "prerequisite", "layer", "status"}) {
        EXPECT_EQ(ruleset.summary(key, R"({"key": "u1"})"), "- ERROR GENERAL") << key;
    }
    EXPECT_EQ(ruleset.summary("free", R"({"key": "u1"})"), "off DEFAULT");
    EXPECT_EQ(ruleset.view().header().unsupported_count, 5u);
}

TEST(Evaluate, AllocatesNothing) {
    for (const char* folder : {"vectors/edges", "brave-studies", "own"}) {
        const std::string data = std::string(EXPPLAT_CONFORMANCE) + "/" + folder;
        const CompiledRuleset ruleset(file_content(data + "/ruleset.json"));
        std::vector<ruleset::Case> cases;
        for (const std::string& line : file_lines(data + "/cases.jsonl")) {
            ruleset::Case question = ruleset::parse_case(line);
            if (question.key && question.user) cases.push_back(std::move(question));
        }
        ASSERT_GT(cases.size(), 400u);
        std::size_t given = 0;
        const std::size_t before = allocations();
        for (const ruleset::Case& question : cases) {  // without an engine: RE2 may allocate
            given += eval::evaluate(ruleset.view(), *question.key, *question.user).has_variant() ? 1u : 0u;
        }
        EXPECT_EQ(allocations() - before, 0u) << folder;
        EXPECT_GT(given, 0u);
    }
    const std::size_t before = allocations();
    EXPECT_EQ(std::vector<int>(100).size(), 100u);
    EXPECT_EQ(allocations() - before, 1u) << "the counter counts";
}

TEST(Evaluate, AnUsualUserIsMadeWithoutAllocating) {
    const std::size_t before = allocations();
    const User user("user-42", {{"country", "DE"},
                                {"level", 31},
                                {"beta", true},
                                {"device", "phone"},
                                {"app", "1.2.3"},
                                {"score", 2.5}});
    EXPECT_EQ(allocations() - before, 0u);
    EXPECT_TRUE(user.has_key());
}

}  // namespace
}  // namespace expplat::tests
