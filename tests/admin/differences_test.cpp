// What two environments do not have in common, and the changes that make one as the other.
#include "src/admin/differences.hpp"

#include <gmock/gmock.h>

namespace expplat::tests {
namespace {

using namespace admin;
using testing::ElementsAre;

Configuration one(EntityKind kind, const std::string& key, const std::string& body,
                  std::int64_t revision = 3) {
    Configuration configuration;
    configuration.kind = kind;
    configuration.key = key;
    configuration.revision = revision;
    configuration.body = body;
    return configuration;
}

std::vector<std::string> places(const std::string& left, const std::string& right,
                                EntityKind kind = EntityKind::flag, Life life = Life::compared) {
    const std::vector<Configuration> a{one(kind, "k", left)};
    const std::vector<Configuration> b{one(kind, "k", right)};
    std::vector<std::string> texts;
    for (const Difference& difference : differences_of(a, b, life)) {
        for (const Place& place : difference.places)
            texts.push_back(place.pointer + " " + place.left.value_or("-") + " " + place.right.value_or("-"));
    }
    return texts;
}

std::vector<std::string> operations(const std::string& left, const std::optional<std::string>& right,
                                    Life life) {
    Difference difference{
        EntityKind::experiment, "e", one(EntityKind::experiment, "e", left), std::nullopt, {}};
    if (right) difference.right = one(EntityKind::experiment, "e", *right);
    const auto changes = changes_for(difference, "production", life, {});
    if (!changes) return {changes.error().message};
    std::vector<std::string> texts;
    for (const Change& change : *changes)
        texts.push_back(change.operation + (change.operation == "configure" ? " " + change.body : "") +
                        (change.winner ? " " + *change.winner : ""));
    return texts;
}

TEST(Differences, AreOfValuesAndNotOfTheirSpelling) {
    EXPECT_THAT(places(R"({"a":1,"b":{"c":2,"d":3}})", R"({"b":{"d":3,"c":2},"a":1})"), ElementsAre());
    EXPECT_THAT(places(R"({"enabled":true})", "{}"), ElementsAre());
    EXPECT_THAT(places(R"({"a":1})", R"({"a":1,"enabled":true})"), ElementsAre());
    EXPECT_THAT(places(R"({"enabled":false})", "{}"), ElementsAre("/enabled false true"));
}

TEST(Differences, AreToldPlaceByPlace) {
    EXPECT_THAT(places(R"({"a":{"x/y":1,"z":2},"l":[1,{"m":2}],"n":[1]})",
                       R"({"a":{"x/y":3},"l":[1,{"m":4}],"n":[1,2],"o":null})"),
                ElementsAre("/a/x~1y 1 3", "/a/z 2 -", "/l/1/m 2 4", "/n [1] [1,2]", "/o - null"));
}

TEST(Differences, LeaveAnExperimentsLifeAloneWhereAsked) {
    const std::string left = R"({"a":1,"status":"running"})";
    const std::string right = R"({"a":1,"status":"completed","winner":"x"})";
    EXPECT_THAT(places(left, right, EntityKind::experiment, Life::left_alone), ElementsAre());
    EXPECT_THAT(places(left, right, EntityKind::experiment, Life::compared),
                ElementsAre(R"(/status "running" "completed")", R"(/winner - "x")"));
}

TEST(Differences, AreWalkedInTheOrderOfBothSides) {
    const std::vector<Configuration> left{one(EntityKind::segment, "b", "{}"),
                                          one(EntityKind::flag, "a", "{}"),
                                          one(EntityKind::flag, "c", R"({"x":1})")};
    const std::vector<Configuration> right{one(EntityKind::segment, "a", "{}"),
                                           one(EntityKind::flag, "a", "{}"), one(EntityKind::flag, "c", "{}"),
                                           one(EntityKind::experiment, "z", "{}")};
    std::vector<std::string> texts;
    for (const Difference& one : differences_of(left, right, Life::compared))
        texts.push_back(one.key + (one.left ? " left" : "") + (one.right ? " right" : ""));
    EXPECT_THAT(texts, ElementsAre("a right", "b left", "c left right", "z right"));
}

TEST(Differences, BecomeChangesWithTheRevisionThatWasCompared) {
    const Configuration flag = one(EntityKind::flag, "f", R"({"x":1})", 0);
    const auto change = [](const Difference& difference) {
        return to_json(changes_for(difference, "production", Life::compared, {})->at(0));
    };
    EXPECT_EQ(
        change({EntityKind::flag, "f", flag, one(EntityKind::flag, "f", "{}", 7), {}}),
        R"({"operation":"configure","kind":"flag","key":"f","environment":"production","body":{"x":1},"if_revision":7})");
    EXPECT_EQ(
        change({EntityKind::flag, "f", flag, std::nullopt, {}}),
        R"({"operation":"configure","kind":"flag","key":"f","environment":"production","body":{"x":1},"if_revision":0})");
    EXPECT_EQ(
        change({EntityKind::flag, "f", std::nullopt, one(EntityKind::flag, "f", "{}", 7), {}}),
        R"({"operation":"unconfigure","kind":"flag","key":"f","environment":"production","if_revision":7})");
}

TEST(Differences, TakeAnExperimentThroughItsLife) {
    const std::string running = R"({"a":1,"status":"running"})";
    const std::string won = R"({"a":1,"status":"completed","winner":"x"})";
    EXPECT_THAT(operations(running, std::nullopt, Life::compared),
                ElementsAre(R"(configure {"a":1})", "start"));
    EXPECT_THAT(operations(won, std::nullopt, Life::compared),
                ElementsAre(R"(configure {"a":1})", "start", "complete x"));
    EXPECT_THAT(operations(won, running, Life::compared), ElementsAre(R"(configure {"a":1})", "complete x"));
    EXPECT_THAT(operations(running, R"({"status":"paused"})", Life::compared),
                ElementsAre(R"(configure {"a":1})", "start"));
    EXPECT_THAT(operations(running, won, Life::compared),
                ElementsAre("experiment e is completed in production and cannot become running"));
    EXPECT_THAT(operations(running, std::nullopt, Life::left_alone), ElementsAre(R"(configure {"a":1})"));
    EXPECT_THAT(operations(running, won, Life::left_alone), ElementsAre(R"(configure {"a":1,"winner":"x"})"));
}

TEST(Differences, OfAFileAreThoseOfItsEntities) {
    const auto found = configurations_of_ruleset(
        R"({"format":"expplat.ruleset/1","flags":{"b":{"x":1},"a":{}},"segments":{"s":{}},"version":1})");
    ASSERT_TRUE(found);
    std::vector<std::string> texts;
    for (const Configuration& one : *found) texts.push_back(one.key + " " + one.body);
    EXPECT_THAT(texts, ElementsAre("s {}", "a {}", R"(b {"x":1})"));
}

}  // namespace
}  // namespace expplat::tests
