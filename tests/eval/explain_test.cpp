// `eval::explain`: the same answer as `evaluate`, and every step in the order in which it is taken.
//
// Steps are shown as short texts (`condition x true`) and compared as a list. How people read them is
// `tests/ruleset/explanation_test.cpp`.
#include "expplat/eval/explain.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/eval/compiled.hpp"

namespace expplat::tests {
namespace {

using ::testing::ElementsAre;

[[nodiscard]] std::string shown(const eval::Step& step) {
    using Kind = eval::Step::Kind;
    const std::string name(step.name);
    const std::string truth = step.result ? " true" : " false";
    std::string text(2 * std::size_t{step.depth}, '.');
    switch (step.kind) {
        case Kind::settled: return text + "settled " + name + " " + std::string(step.unit);
        case Kind::targets: return text + "targets" + truth;
        case Kind::enter_prerequisite: return text + "enter prerequisite " + name;
        case Kind::leave_prerequisite: return text + "leave prerequisite " + name + truth;
        case Kind::follow_prerequisite: return text + "follow prerequisite " + name;
        case Kind::enter_segment: return text + "enter segment " + name;
        case Kind::leave_segment: return text + "leave segment " + name + truth;
        case Kind::follow_segment: return text + "follow segment " + name;
        case Kind::segment_lists:
            return text + "lists " + name + " " + std::string(step.unit) +
                   (step.result     ? " included"
                    : step.excluded ? " excluded"
                                    : " neither");
        case Kind::condition:
            return text + "condition " + name + truth + (step.value == nullptr ? " absent" : "");
        case Kind::choice: {
            static constexpr std::string_view kinds[] = {"split", "sample", "holdout", "layer", "traffic"};
            return text + std::string(kinds[static_cast<std::size_t>(step.choice.kind)]) +
                   (name.empty() ? "" : " ") + name + truth + (step.choice.variant.empty() ? "" : " ") +
                   std::string(step.choice.variant);
        }
        case Kind::outcome:
            return text + "outcome " +
                   (step.is_default ? "default" : std::to_string(step.rule) + " " + name) +
                   (step.is_split ? " split" : "");
        case Kind::unit_absent: return text + "unit absent " + name;
    }
    return text + "another kind of step";
}

[[nodiscard]] std::vector<std::string> steps(const CompiledRuleset& ruleset, std::string_view key,
                                             std::string_view user_json) {
    const User user = user_of(user_json);
    std::vector<std::string> list;
    const eval::Answer answer =
        eval::explain(ruleset.view(), *ruleset.view().find(key), user, ruleset.patterns(),
                      [&](const eval::Step& step) { list.push_back(shown(step)); });
    EXPECT_EQ(CompiledRuleset::summary(answer), ruleset.summary(key, user));
    return list;
}

void expect_same(const eval::Answer& a, const eval::Answer& b, const std::string& where) {
    ASSERT_EQ(a.entity, b.entity) << where;
    ASSERT_EQ(a.variant, b.variant) << where;
    ASSERT_EQ(a.reason, b.reason) << where;
    ASSERT_EQ(a.error, b.error) << where;
    ASSERT_EQ(a.exposure, b.exposure) << where;
    ASSERT_EQ(a.rule, b.rule) << where;
    ASSERT_EQ(a.unit, b.unit) << where;
}

TEST(Explain, GivesTheAnswerOfEvaluateInEveryConformanceCase) {
    for (const char* folder :
         {"vectors/edges", "vectors/random-1", "vectors/random-2", "vectors/random-3", "vectors/random-4",
          "vectors/random-5", "vectors/random-6", "brave-studies", "own"}) {
        const std::string data = std::string(EXPPLAT_CONFORMANCE) + "/" + folder;
        const CompiledRuleset ruleset(file_content(data + "/ruleset.json"));
        std::size_t told = 0;
        for (const std::string& line : file_lines(data + "/cases.jsonl")) {
            const ruleset::Case question = ruleset::parse_case(line);
            if (!question.key || !question.user) continue;
            const image::Entity* const entity = ruleset.view().find(*question.key);
            if (entity == nullptr) continue;
            std::int64_t depth = 0;
            const eval::Answer explained = eval::explain(
                ruleset.view(), *entity, *question.user, ruleset.patterns(), [&](const eval::Step& step) {
                    ++told;
                    using Kind = eval::Step::Kind;
                    if (step.kind == Kind::leave_segment || step.kind == Kind::leave_prerequisite) --depth;
                    ASSERT_EQ(step.depth, depth) << line;
                    if (step.kind == Kind::enter_segment || step.kind == Kind::enter_prerequisite) ++depth;
                });
            EXPECT_EQ(depth, 0) << line;
            expect_same(explained, ruleset.ask(*question.key, *question.user), line);
            const eval::Answer bare =
                eval::explain(ruleset.view(), *entity, *question.user, {}, [](const eval::Step&) {});
            expect_same(bare, eval::evaluate(ruleset.view(), *entity, *question.user),
                        line + " without an engine");
        }
        EXPECT_GT(told, 300u) << folder;
    }
}

constexpr std::string_view flags = R"("segments": {
        "listed": {"included": ["u1"], "excluded": ["u2"]},
        "outer": {"if": {"any": [{"attribute": "y", "is": 1}, {"segment": "listed"}]}}},
    "flags": {
        "parent": {"type": "boolean", "variants": {"on": true, "off": false}, "off": "off", "default": "on", "targets": {"off": ["u2"]}},
        "f": {"type": "boolean", "variants": {"on": true, "off": false}, "off": "off", "default": {"split": [{"variant": "on", "weight": 1}], "unit": "account"},
              "prerequisites": [{"flag": "parent", "variants": ["on"]}], "targets": {"on": ["t"]},
              "rules": [{"id": "r0", "if": {"all": [{"attribute": "x", "is": 1}, {"segment": "outer"}]}, "serve": "on"},
                        {"id": "r1", "if": {"not": {"attribute": "x", "exists": true}}, "serve": {"split": [{"variant": "off", "weight": 1}], "unit": "device"}}]}})";

TEST(Explain, TellsPrerequisitesTargetsRulesAndSegments) {
    const CompiledRuleset ruleset(document(flags));
    EXPECT_THAT(steps(ruleset, "f", R"({"key": "u1", "attributes": {"x": 1}})"),
                ElementsAre("enter prerequisite parent", "..targets false", "..outcome default",
                            "leave prerequisite parent true", "targets false", "condition x true",
                            "enter segment outer", "..condition y false absent", "..follow segment listed",
                            "..lists listed u1 included", "leave segment outer true", "outcome 0 r0"));
    EXPECT_THAT(
        steps(ruleset, "f", R"({"key": "u2", "attributes": {"x": 1}})"),
        ElementsAre("enter prerequisite parent", "..targets true", "leave prerequisite parent false"));
    EXPECT_THAT(steps(ruleset, "f", R"({"key": "t"})"),
                ElementsAre("enter prerequisite parent", "..targets false", "..outcome default",
                            "leave prerequisite parent true", "targets true"));
}

TEST(Explain, TellsWhyARuleIsPassedOver) {
    const CompiledRuleset ruleset(document(flags));
    EXPECT_THAT(steps(ruleset, "f", "{}"),
                ElementsAre("enter prerequisite parent", "..targets false", "..outcome default",
                            "leave prerequisite parent true", "targets false", "condition x false absent",
                            "condition x false absent", "outcome 1 r1 split", "unit absent device",
                            "outcome default split", "unit absent account"));
    const std::vector<std::string> served = steps(ruleset, "f", R"({"attributes": {"device": "d"}})");
    ASSERT_GE(served.size(), 2u);
    EXPECT_EQ(served.back(), "split true off");
}

TEST(Explain, TellsEveryChoiceOfAnExperiment) {
    const CompiledRuleset ruleset(
        document(R"("layers": {"l": {}}, "holdouts": {"h": {"percent": 0}}, "experiments": {
        "e": {"type": "string", "status": "running", "variants": {"a": "A"}, "split": [{"variant": "a", "weight": 1}], "holdout": "h",
              "layer": {"key": "l", "from": 0, "to": 10000}, "traffic": 99.999999, "if": {"sample": {"salt": "s", "percent": 100}}},
        "none": {"type": "string", "status": "running", "variants": {"a": "A"}, "split": [{"variant": "a", "weight": 1}], "unit": "device"},
        "draft": {"type": "string", "status": "draft", "variants": {"a": "A"}, "split": [{"variant": "a", "weight": 1}]}})"));
    EXPECT_THAT(steps(ruleset, "e", R"({"key": "u1"})"),
                ElementsAre("holdout h false", "sample true", "condition  true absent", "layer l true",
                            "traffic true", "split true a"));
    EXPECT_THAT(steps(ruleset, "none", R"({"key": "u1"})"), ElementsAre("unit absent device"));
    EXPECT_THAT(steps(ruleset, "draft", R"({"key": "u1"})"), ElementsAre());
}

TEST(Explain, ShowsPointsAndBoundaries) {
    const CompiledRuleset ruleset(
        document(R"("layers": {"l": {"salt": "pepper", "unit": "device"}}, "experiments": {
        "e": {"type": "string", "status": "running", "variants": {"a": "A", "b": "B"}, "split": [{"variant": "a", "weight": 1}, {"variant": "b", "weight": 3}],
              "layer": {"key": "l", "from": 0, "to": 10000}, "traffic": 50, "unit": "device"}})"));
    for (int i = 0; i < 50; ++i) {
        const User user("u", {{"device", i}});
        const std::string unit = std::to_string(i);
        std::vector<eval::Choice> choices;
        (void)eval::explain(ruleset.view(), *ruleset.view().find("e"), user, {}, [&](const eval::Step& step) {
            if (step.kind == eval::Step::Kind::choice) {
                EXPECT_EQ(step.choice.unit, unit) << "views live during the call";
                EXPECT_EQ(step.choice.unit_name, "device");
                choices.push_back(step.choice);
            }
        });
        ASSERT_GE(choices.size(), 2u);
        EXPECT_EQ(choices[0].point, eval::point(eval::seed_of("pepper"), unit));
        EXPECT_EQ(choices[0].slot, eval::layer_slot(choices[0].point));
        EXPECT_EQ(choices[0].below, 10'000u);
        EXPECT_EQ(choices[1].point, eval::point(eval::seed_of("e:traffic"), unit));
        EXPECT_EQ(choices[1].below, std::uint64_t{1} << 31);
        EXPECT_EQ(choices[1].inside, choices[1].point < (std::uint64_t{1} << 31));
        ASSERT_EQ(choices.size() == 3, choices[1].inside);
        if (!choices[1].inside) continue;
        EXPECT_EQ(choices[2].point, eval::point(eval::seed_of("e"), unit));
        EXPECT_LE(choices[2].from, choices[2].point);
        EXPECT_LT(choices[2].point, choices[2].below);
        EXPECT_EQ(choices[2].variant == "a", choices[2].point < (std::uint64_t{1} << 30));
    }
}

}  // namespace
}  // namespace expplat::tests
