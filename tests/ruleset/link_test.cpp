// `link`: chunks at their places, with what they name filled in: patterns, prerequisites, segments, seeds.
//
// What a patch links is compared with the whole document in `workspace_test.cpp`; an image's tables are read in
// `tests/image/layout_test.cpp`.
#include "src/ruleset/link.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/eval/compiled.hpp"
#include "tests/image/sample.hpp"

namespace expplat::tests {
namespace {

[[nodiscard]] std::string flag(std::string_view members = "") {
    return R"({"type": "boolean", "variants": {"on": true, "off": false}, "off": "off", "default": "off")" +
           std::string(members.empty() ? "" : ", ") + std::string(members) + "}";
}

/// Memory that is not the linker's own must not show: the buffer is not cleared before it writes.
TEST(Link, WritesEveryByte) {
    const CompiledRuleset first(sample_ruleset, ruleset::Mode::tolerant);
    for (int round = 0; round < 5; ++round) {
        std::vector<std::byte> dirt(first.bytes().size() * 3,
                                    std::byte(0x5A + round));  // to be given out again
        dirt.clear();
        dirt.shrink_to_fit();
        const CompiledRuleset again(sample_ruleset, ruleset::Mode::tolerant);
        ASSERT_EQ(again.bytes().size(), first.bytes().size());
        ASSERT_EQ(std::memcmp(again.bytes().data(), first.bytes().data(), first.bytes().size()), 0);
    }
}

/// "position-independent": the same bytes elsewhere give the same answers.
TEST(Link, ImagesMayBeMoved) {
    const CompiledRuleset original(sample_ruleset, ruleset::Mode::tolerant);
    const CompiledRuleset copy = CompiledRuleset::verified(original.bytes());
    for (const User& user : sample_users()) {
        for (const image::Offset offset : original.view().entities()) {
            const std::string key(image::key_of(original.view().entity(offset)));
            EXPECT_EQ(copy.summary(key, user), original.summary(key, user)) << key;
        }
    }
}

TEST(Link, TheHeaviestPrerequisiteIsTheOneOfMostSteps) {
    const CompiledRuleset ruleset(document(
        R"("flags": {"light": )" + flag() + R"(, "heavy": )" +
        flag(
            R"("rules": [{"if": {"all": [{"attribute": "x", "is": 1}, {"attribute": "x", "is": 2}]}, "serve": "on"}])") +
        R"(, "middle": )" + flag(R"("rules": [{"if": {"attribute": "x", "is": 1}, "serve": "on"}])") +
        R"(, "f": )" +
        flag(
            R"("prerequisites": [{"flag": "light", "variants": ["on"]}, {"flag": "heavy", "variants": ["on"]}, {"flag": "middle", "variants": ["on"]}])") +
        "}"));
    const image::Entity& entity = *ruleset.view().find("f");
    EXPECT_EQ(entity.prerequisite_count, 3u);
    EXPECT_EQ(entity.heaviest, 1u);
}

/// More names than are looked through one by one.
TEST(Link, AnEntityMayNameManyOthers) {
    std::string flags;
    std::string prerequisites;
    std::string calls;
    std::string segments;
    for (int i = 0; i < 60; ++i) {
        const std::string number = std::to_string(i);
        flags += "\"p" + number + "\": " +
                 flag(R"("rules": [{"if": {"attribute": "p", "is": )" + number + R"(}, "serve": "on"}])") +
                 ", ";
        prerequisites +=
            (i > 0 ? ", " : "") + std::string(R"({"flag": "p)") + number + R"(", "variants": ["off"]})";
        segments += (i > 0 ? ", " : "") + std::string("\"s") + number +
                    R"(": {"if": {"attribute": "s", "is": )" + number + "}}";
        calls += (i > 0 ? ", " : "") + std::string(R"({"segment": "s)") + number + "\"}";
    }
    const CompiledRuleset ruleset(
        document("\"segments\": {" + segments + "}, \"flags\": {" + flags + "\"f\": " +
                 flag("\"prerequisites\": [" + prerequisites + R"(], "rules": [{"if": {"any": [)" + calls +
                      R"(]}, "serve": "on"}])") +
                 "}"));
    for (int i = 0; i < 60; ++i) {
        EXPECT_EQ(ruleset.summary("f", User("u", {{"p", i}, {"s", i}})), "off PREREQUISITE_FAILED");
        EXPECT_EQ(ruleset.summary("f", User("u", {{"p", -1}, {"s", i}})), "on TARGETING_MATCH");
    }
    EXPECT_EQ(ruleset.summary("f", User("u", {{"s", 60}})), "off DEFAULT");
}

/// A segment and a flag of one key are two things.
TEST(Link, EachMapHasItsOwnNames) {
    const CompiledRuleset ruleset(document(
        R"("segments": {"x": {"included": ["u1"]}}, "layers": {"x": {}}, "holdouts": {"x": {"percent": 0}}, "flags": {"x": )" +
        flag(R"("rules": [{"if": {"segment": "x"}, "serve": "on"}])") + R"(, "y": )" +
        flag(
            R"("prerequisites": [{"flag": "x", "variants": ["on"]}], "rules": [{"if": {"segment": "x"}, "serve": "on"}])") +
        R"(}, "experiments": {"e": {"type": "boolean", "status": "running", "variants": {"on": true}, "split": [{"variant": "on", "weight": 1}],
            "layer": {"key": "x", "from": 0, "to": 10000}, "holdout": "x", "prerequisites": [{"flag": "y", "variants": ["on"]}]}})"));
    EXPECT_EQ(ruleset.summary("e", R"({"key": "u1"})"), "on SPLIT exposure");
    EXPECT_EQ(ruleset.summary("e", R"({"key": "u2"})"), "- PREREQUISITE_FAILED");
}

TEST(Link, PatternsAreNumberedInTheImageNotInTheEntity) {
    std::string flags;
    for (int i = 0; i < 30; ++i) {
        flags += (i > 0 ? ", " : "") + std::string("\"f") + std::to_string(i) + "\": " +
                 flag(R"("rules": [{"if": {"attribute": "x", "matches": "^)" + std::to_string(i % 20) +
                      R"($"}, "serve": "on"}])");
    }
    const CompiledRuleset ruleset(document("\"flags\": {" + flags + "}"));
    EXPECT_EQ(ruleset.view().patterns().size(), 20u);
    for (int i = 0; i < 30; ++i) {
        for (int x = 0; x < 20; ++x) {
            EXPECT_EQ(ruleset.summary("f" + std::to_string(i), User("u", {{"x", std::to_string(x)}})),
                      x == i % 20 ? "on TARGETING_MATCH" : "off DEFAULT");
        }
    }
}

}  // namespace
}  // namespace expplat::tests
