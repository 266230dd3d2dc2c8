// Texts made to take long, or to overflow something.
#include "src/ruleset/read.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ruleset/reading.hpp"

namespace expplat::ruleset {
namespace {

using test::condition_ruleset;
using test::flag;
using test::flag_ruleset;
using test::parsed;
using test::pointers_of;
using test::problems_of;
using test::ruleset;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ReadHostile, DeepestConditionIsRead) {
    // The document, flags, f, rules, the rule and the condition: `not` may nest 58 times below.
    const auto nots = [](std::size_t count) {
        std::string condition;
        for (std::size_t i = 0; i < count; ++i) condition += R"({"not": )";
        return condition_ruleset(condition + R"({"all": []})" + std::string(count, '}'));
    };
    EXPECT_THAT(pointers_of(nots(57)), IsEmpty());
    EXPECT_THAT(pointers_of(nots(58)), ElementsAre(""));
}

TEST(ReadHostile, MillionRepeatedMembers) {
    std::string text = "\"x\": 0";
    for (int i = 0; i < 1'000'000; ++i) text += ",\"x\":0";
    const auto problems = problems_of(ruleset("\"flags\": {" + text + "}"));
    ASSERT_EQ(problems.size(), 2u);  // one for each pointer and place
    EXPECT_EQ(problems[0].message, "expected an object, found 0");
    EXPECT_EQ(problems[1].message, "a repeated member");
    EXPECT_EQ(problems_of(ruleset(text)).size(), limits::reported_problems);
    EXPECT_EQ(problems_of(ruleset("\"meta\": {" + text + "}")).size(), limits::reported_problems);
    EXPECT_EQ(problems_of(flag_ruleset("\"targets\": {" + text + "}")).size(), limits::reported_problems);
}

TEST(ReadHostile, TooManyFlagsAreRefusedWithoutReadingThemAll) {
    std::string flags = "\"k\": {}";
    for (int i = 0; i < 300'000; ++i) flags += ",\"k" + std::to_string(i) + "\":{}";
    const std::string text = ruleset("\"flags\": {" + flags + "}");
    const Document document = parsed(text);
    const Reading reading = read(document, Mode::strict);
    EXPECT_EQ(reading.entities.size(), limits::flags + 1);
    const auto problems = problems_of(text);
    EXPECT_EQ(problems.front().pointer, "/flags");
    EXPECT_EQ(problems.front().message, "more than 100000 flags and experiments");
}

TEST(ReadHostile, MillionRepeatedTargetsRulesAndShares) {
    std::string users = "\"u\"";
    for (int i = 1; i < 300'000; ++i) users += ",\"u\"";
    EXPECT_EQ(problems_of(flag_ruleset("\"targets\": {\"on\": [" + users + "]}")).size(),
              limits::reported_problems);
    std::string rules = R"({"id":"r","serve":"on"})";
    for (int i = 1; i < 100'000; ++i) rules += R"(,{"id":"r","serve":"on"})";
    EXPECT_EQ(problems_of(flag_ruleset("\"rules\": [" + rules + "]")).size(), limits::reported_problems);
    std::string shares = R"({"variant":"on","weight":1})";
    for (int i = 1; i < 100'000; ++i) shares += R"(,{"variant":"on","weight":1})";
    EXPECT_EQ(problems_of(flag_ruleset("\"rules\": [{\"serve\": {\"split\": [" + shares + "]}}]")).size(),
              limits::reported_problems);
}

TEST(ReadHostile, OnePatternTenThousandTimesIsCompiledOnce) {
    std::string flags;
    for (int i = 0; i < 10'000; ++i) {
        flags +=
            (i > 0 ? ",\"f" : "\"f") + std::to_string(i) + "\":" +
            flag(
                R"("rules": [{"serve": "on", "if": {"attribute": "a", "matches": "[a-z0-9]{2,40}@[a-z]{2,40}"}}])");
    }
    EXPECT_THAT(pointers_of(ruleset("\"flags\": {" + flags + "}")), IsEmpty());
}

}  // namespace
}  // namespace expplat::ruleset
