// Reading a newer ruleset: RULESET.md, section 1, "Strict where rules are written, tolerant where they are read".
#include "src/ruleset/read.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ruleset/reading.hpp"

namespace expplat::ruleset {
namespace {

using test::condition_ruleset;
using test::experiment;
using test::flag;
using test::flag_ruleset;
using test::is_adopted;
using test::is_supported;
using test::outline_of;
using test::pointers_of;
using test::ruleset;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ReadTolerant, UnsupportedEntityIsNotCheckedFurther) {
    for (const std::string_view entity :
         {R"({"future": 1})", R"({"future": 1, "type": 3, "off": null, "rules": 7})",
          R"({"type": "color", "variants": []})",
          R"({"type": "boolean", "variants": {"on": 7}, "off": "x", "default": {"bandit": 1}})",
          R"({"rules": [{"serve": "?", "if": {"all": [{"geo": []}]}}, 3]})",
          R"({"prerequisites": [{"flag": "ghost", "min": 1}]})",
          R"({"rules": [{"serve": {"split": [{"variant": "x", "weight": -1, "cap": 1}]}}]})"}) {
        const std::string text = ruleset("\"flags\": {\"f\": " + std::string(entity) + "}");
        EXPECT_TRUE(is_adopted(text)) << entity;
        EXPECT_FALSE(pointers_of(text).empty()) << entity;
        const Outline outline = outline_of(text, "f");
        EXPECT_FALSE(outline.supported) << entity;
        EXPECT_TRUE(outline.sound) << entity;
        EXPECT_THAT(outline.references, IsEmpty()) << entity;
        EXPECT_EQ(outline.own_steps, 0u) << entity;
    }
}

TEST(ReadTolerant, TypeAndStatusOfAnotherKindAreErrors) {
    EXPECT_FALSE(is_adopted(
        ruleset(R"("flags": {"f": {"type": 1, "variants": {"a": 1}, "off": "a", "default": "a"}})")));
    EXPECT_FALSE(is_adopted(
        ruleset(R"("flags": {"f": {"type": null, "variants": {"a": 1}, "off": "a", "default": "a"}})")));
    EXPECT_TRUE(is_adopted(
        ruleset(R"("flags": {"f": {"type": "", "variants": {"a": 1}, "off": "a", "default": "a"}})")));
    EXPECT_TRUE(is_adopted(ruleset("\"experiments\": {\"e\": " + experiment("", "archived") + "}")));
}

TEST(ReadTolerant, OtherErrorsRefuse) {
    for (const std::string& text :
         {ruleset(R"("flags": {"f": null})"), ruleset(R"("flags": {"f": []})"),
          flag_ruleset(R"("enabled": 1)"), ruleset(R"("flags": {"f": {"type": "boolean"}})"),
          condition_ruleset(R"({"attribute": "a", "is": {"x": 1}})"),
          condition_ruleset(R"({"segment": "ghost"})"), flag_ruleset(R"("rules": {"future": 1})")}) {
        EXPECT_FALSE(is_adopted(text)) << text;
    }
}

TEST(ReadTolerant, WithinVariantsAndMetaNothingIsUnknown) {
    const std::string text = ruleset(
        R"("flags": {"f": {"type": "object", "meta": {"type": "color"}, "variants": {"a": {"future": {"type": "color"}}}, "off": "a", "default": "a"}})");
    EXPECT_TRUE(is_adopted(text));
    EXPECT_TRUE(is_supported(text, "f"));
}

TEST(ReadTolerant, UnknownMemberOfLayerOrHoldoutConcernsItsExperiments) {
    const auto text = [](std::string_view layer, std::string_view holdout) {
        return ruleset(R"("layers": {"l": )" + std::string(layer) + R"(}, "holdouts": {"h": )" +
                       std::string(holdout) + R"(}, "experiments": {"in-layer": )" +
                       experiment(R"("layer": {"key": "l", "from": 0, "to": 1})") + R"(, "in-holdout": )" +
                       experiment(R"("holdout": "h")") + R"(, "in-none": )" + experiment() +
                       R"(}, "flags": {"f": )" +
                       flag(R"("prerequisites": [{"flag": "in-layer", "variants": ["a"]}])") + "}");
    };
    const std::string layer = text(R"({"slots": 100})", R"({"percent": 5})");
    EXPECT_TRUE(is_adopted(layer));
    EXPECT_FALSE(is_supported(layer, "in-layer"));
    EXPECT_FALSE(is_supported(layer, "f"));
    EXPECT_TRUE(is_supported(layer, "in-holdout"));
    EXPECT_TRUE(is_supported(layer, "in-none"));
    const std::string holdout = text("{}", R"({"percent": 5, "until": 7})");
    EXPECT_TRUE(is_adopted(holdout));
    EXPECT_TRUE(is_supported(holdout, "in-layer"));
    EXPECT_FALSE(is_supported(holdout, "in-holdout"));
    // What is known in it is checked all the same.
    EXPECT_THAT(pointers_of(text("{}", R"({"percent": 101, "until": 7})"), Mode::tolerant),
                ElementsAre("/holdouts/h/percent"));
    EXPECT_THAT(pointers_of(text(R"({"unit": 3, "slots": 1})", R"({"percent": 5})"), Mode::tolerant),
                ElementsAre("/layers/l/unit"));
}

TEST(ReadTolerant, WhatNamesTheUnsupportedIsUnsupported) {
    const std::string text = ruleset(
        R"("segments": {"s": {"if": {"geo": 1}}, "t": {"if": {"not": {"segment": "s"}}}, "u": {}},
           "flags": {"a": )" +
        flag(R"("rules": [{"if": {"segment": "t"}, "serve": "on"}])") + R"(, "b": )" +
        flag(R"("prerequisites": [{"flag": "a", "variants": ["on"]}], "enabled": false)") + R"(, "c": )" +
        flag(R"("rules": [{"if": {"segment": "u"}, "serve": "on"}])") + R"(, "d": {"future": 1}, "e": )" +
        flag(R"("prerequisites": [{"flag": "d", "variants": ["whatever"]}])") + "}");
    EXPECT_TRUE(is_adopted(text));
    for (const std::string_view key : {"s", "t", "a", "b", "d", "e"})
        EXPECT_FALSE(is_supported(text, key)) << key;
    for (const std::string_view key : {"u", "c"}) EXPECT_TRUE(is_supported(text, key)) << key;
}

}  // namespace
}  // namespace expplat::ruleset
