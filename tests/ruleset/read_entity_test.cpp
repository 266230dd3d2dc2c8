// Reading flags, experiments, segments, layers and holdouts: RULESET.md, sections 3 to 5.
#include "src/ruleset/read.hpp"

#include <string>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ruleset/reading.hpp"

namespace expplat::ruleset {
namespace {

using test::experiment;
using test::flag;
using test::flag_ruleset;
using test::parsed;
using test::Pointers;
using test::pointers_of;
using test::ruleset;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ReadFlag, RequiredMembers) {
    EXPECT_THAT(pointers_of(ruleset(R"("flags": {"f": {}})")),
                ElementsAre("/flags/f/type", "/flags/f/variants", "/flags/f/off", "/flags/f/default"));
    EXPECT_THAT(pointers_of(flag_ruleset(R"("rules": [{}])")), ElementsAre("/flags/f/rules/0/serve"));
    EXPECT_THAT(pointers_of(flag_ruleset(R"("rules": [{"serve": {}}])")),
                ElementsAre("/flags/f/rules/0/serve/split"));
    EXPECT_THAT(
        pointers_of(flag_ruleset(R"("rules": [{"serve": {"split": [{}]}}])")),
        ElementsAre("/flags/f/rules/0/serve/split/0/variant", "/flags/f/rules/0/serve/split/0/weight"));
    EXPECT_THAT(pointers_of(flag_ruleset(R"("prerequisites": [{}])")),
                ElementsAre("/flags/f/prerequisites/0/variants", "/flags/f/prerequisites/0/flag"));
}

TEST(ReadFlag, ValuesAreOfTheType) {
    const auto with = [](std::string_view type, std::string_view value) {
        return pointers_of(ruleset(R"("flags": {"f": {"type": ")" + std::string(type) +
                                   R"(", "variants": {"a": )" + std::string(value) +
                                   R"(}, "off": "a", "default": "a"}})"));
    };
    struct Row {
        std::string_view type;
        std::string_view value;
        bool fits;
    };
    const Row rows[] = {
        {"boolean", "true", true},
        {"boolean", "1", false},
        {"boolean", "null", false},
        {"string", "\"\"", true},
        {"string", "1", false},
        {"integer", "-0", true},
        {"integer", "9223372036854775807", true},
        {"integer", "9223372036854775808", false},
        {"integer", "3.0", false},
        {"integer", "1e3", false},
        {"integer", "true", false},
        {"double", "3", true},
        {"double", "3.5", true},
        {"double", "1e-400", true},
        {"double", "\"3\"", false},
        {"object", "{}", true},
        {"object", R"({"x": [null, 1, {"y": "z"}]})", true},
        {"object", "[]", false},
        {"object", "null", false},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(with(row.type, row.value), row.fits ? Pointers{} : Pointers{"/flags/f/variants/a"})
            << row.type << " " << row.value;
    }
    EXPECT_THAT(with("number", "1"), ElementsAre("/flags/f/type"));
    EXPECT_THAT(with("", "1"), ElementsAre("/flags/f/type"));
}

TEST(ReadFlag, NamesOfVariants) {
    EXPECT_THAT(
        pointers_of(ruleset(
            R"("flags": {"f": {"type": "boolean", "variants": {"on": true}, "off": "x", "default": "y",
                    "targets": {"z": []}, "rules": [{"serve": "w"}, {"serve": {"split": [{"variant": "v", "weight": 1}]}}]}})")),
        ElementsAre("/flags/f/off", "/flags/f/default", "/flags/f/targets/z", "/flags/f/rules/0/serve",
                    "/flags/f/rules/1/serve/split/0/variant"));
    EXPECT_THAT(pointers_of(flag_ruleset(R"("rules": [{"serve": 3}, {"serve": []}, {"serve": null}])")),
                ElementsAre("/flags/f/rules/0/serve", "/flags/f/rules/1/serve", "/flags/f/rules/2/serve"));
    // Where there are no variants, one complaint is enough.
    EXPECT_THAT(pointers_of(ruleset(
                    R"("flags": {"f": {"type": "boolean", "variants": {}, "off": "x", "default": "y"}})")),
                ElementsAre("/flags/f/variants"));
}

TEST(ReadFlag, ManyVariantsAreFoundByIndex) {
    std::string variants;
    std::string shares;
    for (int i = 0; i < 20'000; ++i) {
        const std::string key = "\"v" + std::to_string(i) + "\"";
        variants += (i > 0 ? "," : "") + key + ":" + std::to_string(i);
        shares += (i > 0 ? "," : "") + std::string(R"({"variant":)") + key + R"(,"weight":1})";
    }
    const auto with_off = [&](std::string_view off) {
        return ruleset(R"("flags": {"f": {"type": "integer", "variants": {)" + variants +
                       R"(}, "default": {"split": [)" + shares + R"(]}, "off": ")" + std::string(off) +
                       "\"}}");
    };
    EXPECT_THAT(pointers_of(with_off("v19999")), IsEmpty());
    EXPECT_THAT(pointers_of(with_off("v20000")), ElementsAre("/flags/f/off"));
    const std::string text = with_off("v7");
    const Document document = parsed(text);
    const Reading reading = read(document, Mode::strict);
    const Flag& read_flag = std::get<Flag>(reading.entities[0].body);
    EXPECT_EQ(read_flag.off, 7u);
    EXPECT_EQ(read_flag.default_serve.shares[19'999].variant, 19'999u);
}

TEST(ReadFlag, Splits) {
    const auto with = [](std::string_view split) {
        return pointers_of(flag_ruleset(R"("rules": [{"serve": {"split": )" + std::string(split) + "}}]"));
    };
    EXPECT_THAT(with(R"([{"variant": "on", "weight": 0}, {"variant": "off", "weight": 1e-6}])"), IsEmpty());
    EXPECT_THAT(with("[]"), ElementsAre("/flags/f/rules/0/serve/split"));
    EXPECT_THAT(with("{}"), ElementsAre("/flags/f/rules/0/serve/split"));
    EXPECT_THAT(with("[3]"), ElementsAre("/flags/f/rules/0/serve/split/0"));
    EXPECT_THAT(with(R"([{"variant": "on", "weight": 0}])"), ElementsAre("/flags/f/rules/0/serve/split"));
    EXPECT_THAT(with(R"([{"variant": "on", "weight": -1}])"),
                ElementsAre("/flags/f/rules/0/serve/split/0/weight"));
    EXPECT_THAT(with(R"([{"variant": "on", "weight": "1"}])"),
                ElementsAre("/flags/f/rules/0/serve/split/0/weight"));
    EXPECT_THAT(with(R"([{"variant": "on", "weight": 1000000000.0000000}])"), IsEmpty());
    EXPECT_THAT(with(R"([{"variant": "on", "weight": 1000000001}])"),
                ElementsAre("/flags/f/rules/0/serve/split/0/weight"));
    EXPECT_THAT(with(R"([{"variant": "on", "weight": 1}, {"variant": "on", "weight": 1}])"),
                ElementsAre("/flags/f/rules/0/serve/split/1/variant"));
    EXPECT_THAT(with(R"([{"variant": "on", "weight": 1, "x": 1}])"),
                ElementsAre("/flags/f/rules/0/serve/split/0/x"));
    EXPECT_THAT(
        pointers_of(flag_ruleset(
            R"("rules": [{"serve": {"split": [{"variant": "on", "weight": 1}], "unit": "", "salt": 3}}])")),
        ElementsAre("/flags/f/rules/0/serve/unit", "/flags/f/rules/0/serve/salt"));
}

TEST(ReadFlag, Targets) {
    EXPECT_THAT(pointers_of(flag_ruleset(R"("targets": {"on": ["u1", ""], "off": ["u2"]})")), IsEmpty());
    EXPECT_THAT(pointers_of(flag_ruleset(R"("targets": {"on": ["u1", "u2", "u1"], "off": ["u2"]})")),
                ElementsAre("/flags/f/targets/on/2", "/flags/f/targets/off/0"));
    EXPECT_THAT(pointers_of(flag_ruleset(R"("targets": {"on": "u1"})")), ElementsAre("/flags/f/targets/on"));
    EXPECT_THAT(pointers_of(flag_ruleset(R"("targets": ["u1"])")), ElementsAre("/flags/f/targets"));
    EXPECT_THAT(pointers_of(flag_ruleset(R"("targets": {"on": [null]})")),
                ElementsAre("/flags/f/targets/on/0"));
}

TEST(ReadFlag, RuleIds) {
    EXPECT_THAT(pointers_of(flag_ruleset(
                    R"("rules": [{"id": "é b", "serve": "on"}, {"serve": "on"}, {"serve": "on"}])")),
                IsEmpty());
    EXPECT_THAT(
        pointers_of(flag_ruleset(
            R"("rules": [{"id": "a", "serve": "on"}, {"id": "b", "serve": "on"}, {"id": "a", "serve": "on"}])")),
        ElementsAre("/flags/f/rules/2/id"));
    EXPECT_THAT(
        pointers_of(flag_ruleset(
            R"("rules": [{"id": "", "serve": "on"}, {"id": 1, "serve": "on"}, {"id": "targets", "serve": "on"}])")),
        ElementsAre("/flags/f/rules/0/id", "/flags/f/rules/1/id", "/flags/f/rules/2/id"));
    EXPECT_THAT(pointers_of(flag_ruleset(R"("rules": {"a": 1})")), ElementsAre("/flags/f/rules"));
}

TEST(ReadFlag, Prerequisites) {
    EXPECT_THAT(
        pointers_of(flag_ruleset(
            R"("prerequisites": [{"flag": 1, "variants": "on"}, 3, {"flag": "f2", "variants": [1], "x": 1}])")),
        ElementsAre("/flags/f/prerequisites/0/flag", "/flags/f/prerequisites/0/variants",
                    "/flags/f/prerequisites/1", "/flags/f/prerequisites/2/flag",
                    "/flags/f/prerequisites/2/variants/0", "/flags/f/prerequisites/2/x"));
    EXPECT_THAT(pointers_of(ruleset(R"("flags": {"f": )" +
                                    flag(R"("prerequisites": [{"flag": "g", "variants": []}])") +
                                    R"(, "g": )" + flag() + "}")),
                IsEmpty());
}

TEST(ReadExperiment, Members) {
    const auto with = [](std::string_view members, std::string_view status = "running") {
        return pointers_of(
            ruleset(R"("layers": {"l": {}}, "holdouts": {"h": {"percent": 5}}, "experiments": {"e": )" +
                    experiment(members, status) + "}"));
    };
    EXPECT_THAT(with(""), IsEmpty());
    for (const std::string_view status : {"draft", "running", "paused", "completed"})
        EXPECT_THAT(with("", status), IsEmpty());
    EXPECT_THAT(with("", "archived"), ElementsAre("/experiments/e/status"));
    EXPECT_THAT(with(R"("traffic": 0)"), IsEmpty());
    EXPECT_THAT(with(R"("traffic": 100.000001)"), ElementsAre("/experiments/e/traffic"));
    EXPECT_THAT(with(R"("traffic": "100")"), ElementsAre("/experiments/e/traffic"));
    EXPECT_THAT(with(R"("winner": "a")"), IsEmpty());
    EXPECT_THAT(with(R"("winner": "z")"), ElementsAre("/experiments/e/winner"));
    EXPECT_THAT(with(R"("winner": 1)"), ElementsAre("/experiments/e/winner"));
    EXPECT_THAT(with(R"("holdout": "h")"), IsEmpty());
    EXPECT_THAT(with(R"("holdout": {"key": "h"})"), ElementsAre("/experiments/e/holdout"));
    EXPECT_THAT(with(R"("layer": {"key": "l", "from": 0, "to": 10000})"), IsEmpty());
    EXPECT_THAT(with(R"("layer": {"key": "l", "from": -0, "to": 1})"), IsEmpty());
    EXPECT_THAT(with(R"("layer": {"key": "l", "from": 0, "to": 10001})"),
                ElementsAre("/experiments/e/layer/to"));
    EXPECT_THAT(with(R"("layer": {"key": "l", "from": 0.0, "to": 1e3})"),
                ElementsAre("/experiments/e/layer/from", "/experiments/e/layer/to"));
    EXPECT_THAT(with(R"("layer": {"key": "l", "from": 5, "to": 5})"), ElementsAre("/experiments/e/layer"));
    EXPECT_THAT(with(R"("layer": {})"), ElementsAre("/experiments/e/layer/key", "/experiments/e/layer/from",
                                                    "/experiments/e/layer/to"));
    EXPECT_THAT(with(R"("layer": "l")"), ElementsAre("/experiments/e/layer"));
    EXPECT_THAT(with(R"("layer": {"key": 1, "from": 0, "to": 1})"), ElementsAre("/experiments/e/layer/key"));
    EXPECT_THAT(with(R"("unit": "", "salt": "")"), ElementsAre("/experiments/e/unit", "/experiments/e/salt"));
    EXPECT_THAT(with(R"("enabled": true)"), ElementsAre("/experiments/e/enabled"));
    EXPECT_THAT(pointers_of(ruleset(R"("experiments": {"e": {}})")),
                ElementsAre("/experiments/e/type", "/experiments/e/status", "/experiments/e/variants",
                            "/experiments/e/split"));
}

TEST(ReadSegment, Members) {
    EXPECT_THAT(pointers_of(ruleset(
                    R"("segments": {"s": {"unit": "u", "included": ["a", "a", ""], "excluded": []}})")),
                IsEmpty());
    EXPECT_THAT(pointers_of(ruleset(
                    R"("segments": {"s": {"unit": "", "included": [1], "excluded": {}, "if": [], "x": 1}})")),
                ElementsAre("/segments/s/unit", "/segments/s/included/0", "/segments/s/excluded",
                            "/segments/s/if", "/segments/s/x"));
}

TEST(ReadLayerAndHoldout, Members) {
    EXPECT_THAT(
        pointers_of(ruleset(
            R"("layers": {"l": {"unit": "u", "salt": "s"}, "m": {"unit": 1, "salt": "", "percent": 1}})")),
        ElementsAre("/layers/m/unit", "/layers/m/salt", "/layers/m/percent"));
    EXPECT_THAT(
        pointers_of(ruleset(
            R"("holdouts": {"h": {"percent": 0.000001}, "i": {}, "j": {"percent": 1e-7, "from": 1}})")),
        ElementsAre("/holdouts/i/percent", "/holdouts/j/percent", "/holdouts/j/from"));
}

}  // namespace
}  // namespace expplat::ruleset
