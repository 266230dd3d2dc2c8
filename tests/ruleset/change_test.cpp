// `Compiled::changed_keys`: what listeners are told, over documents and patches; and `Workspace::document`, which says the
// current ruleset in JSON.
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/ruleset/workspace.hpp"

namespace expplat::tests {
namespace {

using ruleset::Compiled;
using ruleset::Mode;
using ruleset::Retain;
using ruleset::Workspace;
using testing::ElementsAre;
using testing::IsEmpty;

std::string document(std::string_view maps, std::uint64_t version = 1) {
    return R"({"format": "expplat.ruleset/1", "environment": "test", "version": )" + std::to_string(version) +
           (maps.empty() ? "" : ", ") + std::string(maps) + "}";
}
std::string flag(std::string_view members = "") {
    return R"({"type": "boolean", "variants": {"on": true, "off": false}, "off": "off", "default": "off")" +
           std::string(members.empty() ? "" : ", ") + std::string(members) + "}";
}
std::string flag_in(std::string_view segment) {
    return flag(R"("rules": [{"if": {"segment": ")" + std::string(segment) + R"("}, "serve": "on"}])");
}
std::string experiment(std::string_view members = "") {
    return R"({"type": "string", "status": "running", "variants": {"a": "A", "b": "B"}, "split": [{"variant": "a", "weight": 1}, {"variant": "b", "weight": 1}])" +
           std::string(members.empty() ? "" : ", ") + std::string(members) + "}";
}

/// A workspace that has `before`, and what changes with `after`.
std::vector<std::string> changed(std::string_view before, std::string_view after, Mode mode = Mode::strict) {
    Workspace workspace(mode);
    const Result<Compiled> first = workspace.compile(document(before, 1));
    EXPECT_TRUE(first.ok()) << first.error().message;
    EXPECT_THAT(first->changed_keys, IsEmpty()) << "the first ruleset changes nothing";
    Result<Compiled> second = workspace.compile(document(after, 2));
    EXPECT_TRUE(second.ok()) << second.error().message;
    return second.ok() ? second->changed_keys : std::vector<std::string>{"refused"};
}

TEST(ChangedKeys, NoneWhereOnlyTheVersionChanges) {
    const std::string maps =
        R"("flags": {"a": )" + flag() + R"(}, "experiments": {"x": )" + experiment() + "}";
    EXPECT_THAT(changed(maps, maps), IsEmpty());
}

TEST(ChangedKeys, NewOnesInTheRulesetsOrderAndGoneOnesLast) {
    EXPECT_THAT(
        changed(
            R"("flags": {"gone": )" + flag() + R"(, "stays": )" + flag() + R"(, "moves": )" + flag() + "}",
            R"("experiments": {"x": )" + experiment() + R"(, "moves": )" + experiment() +
                R"(}, "flags": {"z": )" + flag() + R"(, "stays": )" + flag() + R"(, "b": )" + flag() + "}"),
        ElementsAre("x", "moves", "z", "b", "gone"));
}

TEST(ChangedKeys, DescriptionsAndOrderAreNoChange) {
    EXPECT_THAT(changed(R"("flags": {"a": )" + flag() + R"(, "b": )" + flag() + "}",
                        R"("flags": {"b": )" + flag(R"("description": "new words", "tags": ["t"])") +
                            R"(, "a": )" + flag() + "}"),
                IsEmpty());
}

TEST(ChangedKeys, SegmentsReachWhatNamesThem) {
    const auto maps = [](std::string_view country) {
        return R"("segments": {"inner": {"if": {"attribute": "country", "is": ")" + std::string(country) +
               R"("}}, "outer": {"if": {"segment": "inner"}}, "other": {"included": ["u"]}}, "flags": {"direct": )" +
               flag_in("inner") + R"(, "far": )" + flag_in("outer") + R"(, "apart": )" + flag_in("other") +
               R"(, "behind": )" + flag(R"("prerequisites": [{"flag": "far", "variants": ["on"]}])") + "}";
    };
    EXPECT_THAT(changed(maps("DE"), maps("FR")), ElementsAre("direct", "far", "behind"));
}

TEST(ChangedKeys, LayersAndHoldoutsReachTheirExperiments) {
    const auto maps = [](std::string_view salt, std::string_view percent) {
        return R"("layers": {"l": {"salt": ")" + std::string(salt) +
               R"("}}, "holdouts": {"h": {"percent": )" + std::string(percent) +
               R"(}}, "experiments": {"in-layer": )" +
               experiment(R"("layer": {"key": "l", "from": 0, "to": 10})") + R"(, "held-out": )" +
               experiment(R"("holdout": "h")") + R"(, "free": )" + experiment() + "}";
    };
    EXPECT_THAT(changed(maps("s", "5"), maps("t", "5")), ElementsAre("in-layer"));
    EXPECT_THAT(changed(maps("s", "5"), maps("s", "6")), ElementsAre("held-out"));
}

TEST(ChangedKeys, SupportThatComesAndGoesIsAChange) {
    const std::string known = R"("flags": {"a": )" + flag() + R"(, "b": )" +
                              flag(R"("prerequisites": [{"flag": "a", "variants": ["on"]}])") + "}";
    const std::string unknown = R"("flags": {"a": )" + flag(R"("later": 1)") + R"(, "b": )" +
                                flag(R"("prerequisites": [{"flag": "a", "variants": ["on"]}])") + "}";
    EXPECT_THAT(changed(known, unknown, Mode::tolerant), ElementsAre("a", "b"));
    EXPECT_THAT(changed(unknown, known, Mode::tolerant), ElementsAre("a", "b"));
}

TEST(ChangedKeys, OfAPatch) {
    Workspace workspace(Mode::tolerant);
    ASSERT_TRUE(
        workspace.compile(document(R"("segments": {"s": {"included": ["u"]}}, "flags": {"a": )" + flag() +
                                   R"(, "b": )" + flag_in("s") + R"(, "c": )" + flag() + "}")));
    const Result<Compiled> patched = workspace.patch(
        R"({"base": 1, "version": 2, "set": {"segments": {"s": {"included": ["v"]}}, "flags": {"d": )" +
        flag() + R"(, "a": )" + flag() + R"(}}, "remove": {"flags": ["c"]}})");
    ASSERT_TRUE(patched.ok()) << patched.error().message;
    EXPECT_THAT(patched->changed_keys, ElementsAre("b", "d", "c"));
}

TEST(ChangedKeys, ARefusedDocumentIsNotComparedWith) {
    Workspace workspace(Mode::tolerant);
    ASSERT_TRUE(workspace.compile(document(R"("flags": {"a": )" + flag() + "}")));
    ASSERT_FALSE(workspace.compile(document(R"("flags": {"a": 1}, "experiments": 7)", 2)));
    const Result<Compiled> next = workspace.compile(document(R"("flags": {"a": )" + flag() + "}", 3));
    ASSERT_TRUE(next.ok());
    EXPECT_THAT(next->changed_keys, IsEmpty());
}

bool same_bytes(const image::Image& a, const image::Image& b) {
    return a.bytes().size() == b.bytes().size() &&
           std::memcmp(a.bytes().data(), b.bytes().data(), a.bytes().size()) == 0;
}

TEST(WorkspaceDocument, GivesTheSameImageAfterDocumentsAndPatches) {
    Workspace workspace(Mode::tolerant, Retain::documents);
    EXPECT_EQ(workspace.document(), "");
    const std::string maps = R"("segments": {"s": {"included": ["u\"\u0001"]}}, "experiments": {"x": )" +
                             experiment() + R"(}, "flags": {"a": )" + flag_in("s") + R"(, "later": )" +
                             flag(R"("later": 1)") + "}";
    Result<Compiled> held = workspace.compile(document(maps));
    ASSERT_TRUE(held.ok()) << held.error().message;
    for (
        const char* patch :
        {R"({"base": 1, "version": 2, "set": {"segments": {"s": {"included": ["v"]}}}})",
         R"({"base": 2, "version": 3, "set": {"layers": {"l": {}}}, "remove": {"flags": ["later"]}})",
         R"({"base": 3, "version": 4, "remove": {"flags": ["a"], "experiments": ["x"], "segments": ["s"], "layers": ["l"]}})"}) {
        Workspace again(Mode::tolerant);
        const Result<Compiled> compiled = again.compile(workspace.document());
        ASSERT_TRUE(compiled.ok()) << compiled.error().message << workspace.document();
        EXPECT_TRUE(same_bytes(compiled->image, held->image)) << workspace.document();
        EXPECT_EQ(again.version(), workspace.version());
        held = workspace.patch(patch);
        ASSERT_TRUE(held.ok()) << held.error().message;
    }
    EXPECT_EQ(workspace.document(), R"({"format":"expplat.ruleset/1","environment":"test","version":4})");
}

TEST(WorkspaceDocument, KeepsWhatItTookFromTheRulesetBefore) {
    Workspace workspace(Mode::tolerant, Retain::documents);
    const std::string maps = R"("flags": {"a": )" + flag() + R"(, "b": )" + flag() + "}";
    ASSERT_TRUE(workspace.compile(document(maps, 1)));
    const std::string first = workspace.document();
    ASSERT_TRUE(workspace.compile(document(maps, 2)));
    EXPECT_EQ(workspace.document().size(), first.size());
    EXPECT_NE(workspace.document(), first);
}

TEST(WorkspaceDocument, IsNotRetainedUnlessAskedFor) {
    Workspace workspace(Mode::tolerant);
    ASSERT_TRUE(workspace.compile(document("")));
    EXPECT_EQ(workspace.document(), "");
    EXPECT_TRUE(workspace.has_ruleset());
}

}  // namespace
}  // namespace expplat::tests
