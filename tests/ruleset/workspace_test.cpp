// `Workspace`: patches, what is compiled anew and what is kept, and that a refused document or patch changes nothing
// (CONTROL-PLANE.md's `patch {base, version, set, remove}`; ARCHITECTURE.md, the budget of a patch).
//
// The proof of a patch is the whole document: both must give the same image, byte for byte where entities stand in the
// same order.
#include "src/ruleset/workspace.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/eval/compiled.hpp"

namespace expplat::tests {
namespace {

using ruleset::Compiled;
using ruleset::Mode;
using ruleset::Workspace;

/// A document in parts, so that a test can change one and write the whole again.
class Model {
public:
    static constexpr std::array<std::string_view, 5> maps{"segments", "layers", "holdouts", "flags",
                                                          "experiments"};

    void set(std::string_view map, const std::string& key, const std::string& json) {
        for (auto& [name, text] : entities(map)) {
            if (name == key) {
                text = json;
                return;
            }
        }
        entities(map).emplace_back(key, json);
    }
    void remove(std::string_view map, const std::string& key) {
        std::erase_if(entities(map), [&](const auto& entity) { return entity.first == key; });
    }
    [[nodiscard]] std::string text() const {
        std::string text =
            R"({"format": "expplat.ruleset/1", "environment": "test", "version": )" + std::to_string(version);
        for (std::size_t i = 0; i < maps.size(); ++i) {
            text += ", \"" + std::string(maps[i]) + "\": {";
            for (std::size_t e = 0; e < entities_[i].size(); ++e) {
                text += (e > 0 ? ", \"" : "\"") + entities_[i][e].first + "\": " + entities_[i][e].second;
            }
            text += "}";
        }
        return text + "}";
    }
    std::uint64_t version = 1;

private:
    std::vector<std::pair<std::string, std::string>>& entities(std::string_view map) {
        return entities_[static_cast<std::size_t>(std::find(maps.begin(), maps.end(), map) - maps.begin())];
    }
    std::array<std::vector<std::pair<std::string, std::string>>, 5> entities_;
};

[[nodiscard]] std::string flag(std::string_view members = "", std::string_view serve = "\"off\"") {
    return R"({"type": "boolean", "variants": {"on": true, "off": false}, "off": "off", "default": )" +
           std::string(serve) + (members.empty() ? "" : ", ") + std::string(members) + "}";
}
[[nodiscard]] std::string flag_in(std::string_view segment) {
    return flag(R"("rules": [{"if": {"segment": ")" + std::string(segment) + R"("}, "serve": "on"}])");
}
[[nodiscard]] std::string experiment(std::string_view members = "") {
    return R"({"type": "string", "status": "running", "variants": {"a": "A", "b": "B"}, "split": [{"variant": "a", "weight": 1}, {"variant": "b", "weight": 1}])" +
           std::string(members.empty() ? "" : ", ") + std::string(members) + "}";
}

[[nodiscard]] std::string patch(std::uint64_t base, std::uint64_t version, std::string_view members) {
    return R"({"base": )" + std::to_string(base) + R"(, "version": )" + std::to_string(version) +
           (members.empty() ? "" : ", ") + std::string(members) + "}";
}

[[nodiscard]] bool same_bytes_of(const image::Image& a, const image::Image& b) {
    return a.bytes().size() == b.bytes().size() &&
           std::memcmp(a.bytes().data(), b.bytes().data(), a.bytes().size()) == 0;
}

/// Of the whole document, by a workspace that has seen no other.
[[nodiscard]] Compiled whole(const Model& model, Mode mode = Mode::strict) {
    Result<Compiled> compiled = Workspace(mode).compile(model.text());
    if (!compiled) throw std::runtime_error(compiled.error().message);
    return *std::move(compiled);
}

void expect_same_image(const Result<Compiled>& patched, const Model& model, Mode mode = Mode::strict) {
    ASSERT_TRUE(patched.ok()) << patched.error().message;
    EXPECT_TRUE(same_bytes_of(patched->image, whole(model, mode).image)) << model.text().substr(0, 2'000);
    EXPECT_TRUE(image::verify(patched->image.bytes()).ok());
}

[[nodiscard]] Model small_model() {
    Model model;
    model.set("segments", "s", R"({"included": ["u1"]})");
    model.set("layers", "l", "{}");
    model.set("holdouts", "h", R"({"percent": 5})");
    model.set("flags", "f", flag_in("s"));
    model.set("flags", "g", flag(R"("prerequisites": [{"flag": "f", "variants": ["on"]}])", "\"on\""));
    model.set("experiments", "e",
              experiment(R"("layer": {"key": "l", "from": 0, "to": 5000}, "holdout": "h")"));
    return model;
}

// ---- documents ----

TEST(Workspace, TheSameDocumentTwiceGivesTheSameBytesAndCompilesNothing) {
    const Model model = small_model();
    Workspace workspace(Mode::strict);
    const Result<Compiled> first = workspace.compile(model.text());
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(first->compiled_entities, 6u);
    const Result<Compiled> second = workspace.compile(model.text());
    expect_same_image(second, model);
    EXPECT_EQ(second->compiled_entities, 0u);
    EXPECT_EQ(workspace.version(), 1u);
    EXPECT_EQ(workspace.environment(), "test");
}

TEST(Workspace, ARefusedDocumentChangesNothing) {
    const Model model = small_model();
    Workspace workspace(Mode::strict);
    ASSERT_TRUE(workspace.compile(model.text()).ok());
    Model broken = model;
    broken.version = 9;
    broken.set("flags", "f", flag_in("nobody"));
    const Result<Compiled> refused = workspace.compile(broken.text());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_ruleset);
    EXPECT_TRUE(refused.error().message.starts_with("/flags/f/rules/0/if/segment: "))
        << refused.error().message;
    EXPECT_FALSE(workspace.compile("{").ok());
    EXPECT_EQ(workspace.version(), 1u);
    const Result<Compiled> again = workspace.compile(model.text());
    expect_same_image(again, model);
    EXPECT_EQ(again->compiled_entities, 0u) << "what was kept is kept";
}

TEST(Workspace, RefusesWithAllProblemsInDocumentOrder) {
    Model model = small_model();
    model.set("segments", "s", R"({"unit": ""})");
    model.set("flags", "f", flag_in("nobody"));
    model.set("experiments", "e", experiment(R"("layer": {"key": "nobody", "from": 2, "to": 1})"));
    const Result<Compiled> refused = Workspace(Mode::strict).compile(model.text());
    ASSERT_FALSE(refused.ok());
    std::vector<std::string> pointers;
    std::istringstream lines(refused.error().message);
    for (std::string line; std::getline(lines, line);) pointers.push_back(line.substr(0, line.find(": ")));
    EXPECT_EQ(pointers, (std::vector<std::string>{"/segments/s/unit", "/flags/f/rules/0/if/segment",
                                                  "/experiments/e/layer", "/experiments/e/layer/key"}))
        << refused.error().message;
}

// ---- patches ----

TEST(Patch, ComesAfterADocument) {
    Workspace workspace(Mode::tolerant);
    const Result<Compiled> early = workspace.patch(patch(0, 1, ""));
    ASSERT_FALSE(early.ok());
    EXPECT_EQ(early.error().code, ErrorCode::not_ready);
}

/// A ruleset may be empty, of environment "" and version 0: it is a document all the same.
TEST(Patch, ComesAfterADocumentOfNothing) {
    Workspace workspace(Mode::tolerant);
    ASSERT_TRUE(
        workspace.compile(R"({"format": "expplat.ruleset/1", "environment": "", "version": 0})").ok());
    const Result<Compiled> patched =
        workspace.patch(patch(0, 1, R"("set": {"flags": {"f": )" + flag() + "}}"));
    ASSERT_TRUE(patched.ok()) << patched.error().message;
    EXPECT_NE(patched->image.view().find("f"), nullptr);
}

TEST(Patch, SetsRemovesAndAdds) {
    Model model = small_model();
    Workspace workspace(Mode::strict);
    ASSERT_TRUE(workspace.compile(model.text()).ok());

    model.version = 2;
    model.set("flags", "f", flag("", "\"on\""));
    expect_same_image(workspace.patch(patch(1, 2, R"("set": {"flags": {"f": )" + flag("", "\"on\"") + "}}")),
                      model);

    model.version = 3;
    model.set("flags", "new", flag_in("s2"));
    model.set("segments", "s2", R"({"excluded": ["u1"], "if": {"all": []}})");
    expect_same_image(
        workspace.patch(patch(2, 3,
                              R"("set": {"flags": {"new": )" + flag_in("s2") +
                                  R"(}, "segments": {"s2": {"excluded": ["u1"], "if": {"all": []}}}})")),
        model);

    model.version = 7;
    model.remove("flags", "g");
    model.remove("segments", "s");
    expect_same_image(workspace.patch(patch(3, 7, R"("remove": {"flags": ["g"], "segments": ["s"]})")),
                      model);

    model.version = 8;
    model.set("flags", "g", flag());
    model.remove("experiments", "e");
    model.remove("holdouts", "h");
    expect_same_image(
        workspace.patch(patch(7, 8,
                              R"("set": {"flags": {"g": )" + flag() +
                                  R"(}}, "remove": {"experiments": ["e"], "holdouts": ["h"]})")),
        model);
    EXPECT_EQ(workspace.version(), 8u);

    model.version = 9;
    const Result<Compiled> nothing = workspace.patch(patch(8, 9, ""));
    expect_same_image(nothing, model);
    EXPECT_EQ(nothing->compiled_entities, 0u);
}

TEST(Patch, OfOneFlagOfAThousandCompilesOne) {
    Model model;
    model.set("segments", "s", R"({"included": ["u1"]})");
    for (int i = 0; i < 1'000; ++i) model.set("flags", "f" + std::to_string(i), flag_in("s"));
    Workspace workspace(Mode::tolerant);
    const Result<Compiled> first = workspace.compile(model.text());
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(first->compiled_entities, 1'001u);

    model.version = 2;
    model.set("flags", "f500", flag("", "\"on\""));
    const Result<Compiled> patched =
        workspace.patch(patch(1, 2, R"("set": {"flags": {"f500": )" + flag("", "\"on\"") + "}}"));
    expect_same_image(patched, model, Mode::tolerant);
    EXPECT_EQ(patched->compiled_entities, 1u);

    model.version = 3;
    model.set("flags", "f0", flag("", "\"on\""));
    const Result<Compiled> document = workspace.compile(model.text());
    expect_same_image(document, model, Mode::tolerant);
    EXPECT_EQ(document->compiled_entities, 1u) << "a whole document compiles what changed too";

    model.version = 4;
    model.set("segments", "s", R"({"included": ["u2"]})");
    const Result<Compiled> segment =
        workspace.patch(patch(3, 4, R"("set": {"segments": {"s": {"included": ["u2"]}}})"));
    expect_same_image(segment, model, Mode::tolerant);
    EXPECT_EQ(segment->compiled_entities, 1u) << "those that name it are linked anew";
    EXPECT_EQ(CompiledRuleset::verified(segment->image.bytes()).summary("f7", R"({"key": "u2"})"),
              "on TARGETING_MATCH");
}

/// Layers and holdouts have no bytes of their own in an image: their change must reach experiments that were kept.
TEST(Patch, OfALayerOrHoldoutReachesExperimentsThatAreKept) {
    Model model = small_model();
    Workspace workspace(Mode::strict);
    ASSERT_TRUE(workspace.compile(model.text()).ok());
    const auto record = [](const Compiled& compiled) {
        const image::Entity& entity = *compiled.image.view().find("e");
        return image::at<image::ExperimentRecord>(image::base_of(entity), entity.experiment);
    };

    model.version = 2;
    model.set("layers", "l", R"({"salt": "pepper"})");
    const Result<Compiled> layer =
        workspace.patch(patch(1, 2, R"("set": {"layers": {"l": {"salt": "pepper"}}})"));
    expect_same_image(layer, model);
    EXPECT_LE(layer->compiled_entities, 1u);
    EXPECT_EQ(record(*layer).layer_seed, eval::seed_of("pepper"));

    model.version = 3;
    model.set("holdouts", "h", R"({"percent": 50, "salt": "out"})");
    const Result<Compiled> holdout =
        workspace.patch(patch(2, 3, R"("set": {"holdouts": {"h": {"percent": 50, "salt": "out"}}})"));
    expect_same_image(holdout, model);
    EXPECT_LE(holdout->compiled_entities, 1u);
    EXPECT_EQ(record(*holdout).holdout_seed, eval::seed_of("out"));
    EXPECT_EQ(record(*holdout).holdout_below, std::uint64_t{1} << 31);

    Model other = model;
    other.version = 4;
    other.set("layers", "l", "{}");
    const Result<Compiled> document = workspace.compile(other.text());
    expect_same_image(document, other);
    EXPECT_EQ(record(*document).layer_seed, eval::seed_of("layer:l"));
}

TEST(Patch, IsForOneVersion) {
    Workspace workspace(Mode::strict);
    ASSERT_TRUE(workspace.compile(small_model().text()).ok());
    for (const std::uint64_t base : {0u, 2u, 99u}) {
        const Result<Compiled> refused = workspace.patch(patch(base, 100, ""));
        ASSERT_FALSE(refused.ok());
        EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument) << refused.error().message;
    }
    EXPECT_EQ(workspace.version(), 1u);
    EXPECT_TRUE(workspace.patch(patch(1, 100, "")).ok());
    EXPECT_EQ(workspace.version(), 100u);
}

TEST(Patch, ThatIsBrokenChangesNothing) {
    const Model model = small_model();
    Workspace workspace(Mode::strict);
    ASSERT_TRUE(workspace.compile(model.text()).ok());
    const std::pair<std::string, std::string_view> broken[] = {
        {patch(1, 2, R"("set": {"flags": {"f": {"type": "boolean"}}})"), "/flags/f/variants: "},
        {patch(1, 2, R"("set": {"flags": {"f": )" + flag_in("nobody") + "}}"),
         "/flags/f/rules/0/if/segment: "},
        {patch(1, 2, R"("set": {"flags": {"a b": )" + flag() + "}}"), "/flags/a b: "},
        {patch(1, 2, R"("set": {"flags": {"e": )" + flag() + "}}"), "/experiments/e: "},
        {patch(1, 2, R"("set": {"segments": {"s": {"if": {"segment": "s"}}}})"), "/segments/s/if/segment: "},
        {patch(1, 2,
               R"("set": {"flags": {"f": )" +
                   flag(R"("prerequisites": [{"flag": "g", "variants": ["on"]}])") + "}}"),
         "/flags/"},
        {patch(1, 2, R"("set": {"flags": {"f": )" + flag(R"("x": 1)") + "}}"), "/flags/f/x: "},
        {patch(1, 2,
               R"("set": {"experiments": {"e2": )" +
                   experiment(R"("layer": {"key": "l", "from": 4999, "to": 6000})") + "}}"),
         "/experiments/e2/layer: "},
        {patch(1, 2, R"("set": {"layers": {"l": {"unit": "device"}}})"), "/experiments/e/layer: "},
        {patch(1, 2, R"("set": {"layers": {"l": {"salt": "e"}}})"), "/experiments/e/salt: "},
        {patch(1, 2, R"("remove": {"segments": ["s"]})"), "/flags/f/rules/0/if/segment: "},
        {patch(1, 2, R"("remove": {"flags": ["f"]})"), "/flags/g/prerequisites/0/flag: "},
        {patch(1, 2, R"("remove": {"layers": ["l"]})"), "/experiments/e/layer/key: "},
        {patch(1, 2, R"("set": [])"), ""},
        {patch(1, 2, R"("set": {"flags": []})"), ""},
        {patch(1, 2, R"("remove": ["f"])"), ""},
        {patch(1, 2, R"("remove": {"flags": "f"})"), ""},
        {patch(1, 2, R"("remove": {"flags": [1]})"), ""},
        {patch(1, 2, R"("set": {}, "set": {})"), ""},
        {patch(1, 2, R"("set": {"flags": {"f": )" + flag() + R"(, "f": )" + flag() + "}}"), ""},
        {R"({"version": 2})", ""},
        {R"({"base": 1})", ""},
        {R"({"base": 1, "version": -1})", ""},
        {R"({"base": 1, "version": 9007199254740992})", ""},
        {R"({"base": 1.0, "version": 2})", ""},
        {R"([1])", ""},
        {"{", ""},
        {"", ""},
    };
    for (const auto& [text, pointer] : broken) {
        const Result<Compiled> refused = workspace.patch(text);
        ASSERT_FALSE(refused.ok()) << text;
        EXPECT_EQ(refused.error().code, ErrorCode::invalid_ruleset) << text;
        EXPECT_TRUE(refused.error().message.starts_with(pointer))
            << text << "\n  " << refused.error().message;
        EXPECT_EQ(workspace.version(), 1u);
    }
    Model next = model;
    next.version = 2;
    next.set("flags", "f", flag("", "\"on\""));
    const Result<Compiled> patched =
        workspace.patch(patch(1, 2, R"("set": {"flags": {"f": )" + flag("", "\"on\"") + "}}"));
    expect_same_image(patched, next);
    EXPECT_EQ(patched->compiled_entities, 1u);
}

/// Random sets and removals, each compared with the whole document.
TEST(Patch, ManyInARowStayTheWholeDocument) {
    std::uint64_t state = 42;
    const auto random = [&state](std::uint64_t below) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return (state >> 33) % below;
    };
    Model model = small_model();
    model.set("segments", "s0", "{}");
    Workspace workspace(Mode::strict);
    ASSERT_TRUE(workspace.compile(model.text()).ok());
    for (int round = 0; round < 150; ++round) {
        const std::uint64_t base = model.version;
        model.version += 1 + random(3);
        std::string flags;
        std::string removed;
        for (std::uint64_t i = 0, count = random(4); i < count; ++i) {
            const std::string key = "r" + std::to_string(random(12) + 100 * i);
            const std::string json =
                random(2) == 0 ? flag_in("s" + std::string(random(2) == 0 ? "" : "0"))
                               : flag(R"("targets": {"on": ["u)" + std::to_string(random(5)) + "\"]}");
            model.set("flags", key, json);
            flags += (flags.empty() ? "" : ", ") + std::string("\"") + key + "\": " + json;
        }
        if (random(3) == 0) {
            const std::string key = "r" + std::to_string(random(12) + 100 * random(3));
            if (flags.find("\"" + key + "\"") == flags.npos) {
                model.remove("flags", key);
                removed = "\"" + key + "\"";
            }
        }
        const std::string segment = R"({"included": ["u)" + std::to_string(random(3)) + "\"]}";
        const bool with_segment = random(4) == 0;
        if (with_segment) model.set("segments", "s0", segment);
        const Result<Compiled> patched =
            workspace.patch(patch(base, model.version,
                                  R"("set": {"flags": {)" + flags + "}" +
                                      (with_segment ? R"(, "segments": {"s0": )" + segment + "}" : "") +
                                      R"(}, "remove": {"flags": [)" + removed + "]}"));
        expect_same_image(patched, model);
        if (HasFailure()) return;
    }
}

// ---- calls that nest deep ----

[[nodiscard]] std::string link_of(int i, std::string_view beside) {
    return R"({"if": {"all": [{"segment": "c)" + std::to_string(i - 1) + "\"}, " + std::string(beside) +
           "]}}";
}

/// A patch joins short chains to a long one, makes the other call the heavier, and takes the long one apart again.
TEST(Patch, OfDeepCallsKeepsThemEvaluableInLittleStack) {
    constexpr int links = 400;
    Model model;
    const std::string plain = R"({"attribute": "b", "is": 1})";
    const std::string light = R"({"segment": "light"})";
    model.set("segments", "light", R"({"if": {"attribute": "b", "is": 1}})");
    for (int i = 0; i < links; ++i) {  // pieces of five
        model.set(
            "segments", "c" + std::to_string(i),
            i % 5 == 0 ? R"({"if": {"attribute": "a", "is": 1}})" : link_of(i, i % 2 == 0 ? plain : light));
    }
    model.set("flags", "f", flag_in("c" + std::to_string(links - 1)));
    Workspace workspace(Mode::tolerant);
    ASSERT_TRUE(workspace.compile(model.text()).ok());

    model.version = 2;
    std::string joined;
    for (int i = 5; i < links; i += 5) {
        model.set("segments", "c" + std::to_string(i), link_of(i, plain));
        joined += (joined.empty() ? "\"c" : ", \"c") + std::to_string(i) + "\": " + link_of(i, plain);
    }
    const Result<Compiled> deep = workspace.patch(patch(1, 2, R"("set": {"segments": {)" + joined + "}}"));
    expect_same_image(deep, model, Mode::tolerant);
    if (HasFailure()) return;
    EXPECT_EQ(
        CompiledRuleset::verified(deep->image.bytes()).summary("f", R"({"attributes": {"a": 1, "b": 1}})"),
        "on TARGETING_MATCH");

    model.version = 3;
    std::string heavy = R"({"if": {"any": [{"attribute": "b", "is": 1})";
    for (int i = 0; i < 220; ++i) heavy += R"(, {"attribute": "z", "is": 1})";
    heavy += "]}}";
    model.set("segments", "light", heavy);
    const Result<Compiled> heavier =
        workspace.patch(patch(2, 3, R"("set": {"segments": {"light": )" + heavy + "}}"));
    expect_same_image(heavier, model, Mode::tolerant);
    EXPECT_EQ(
        CompiledRuleset::verified(heavier->image.bytes()).summary("f", R"({"attributes": {"a": 1, "b": 1}})"),
        "on TARGETING_MATCH");
    EXPECT_EQ(CompiledRuleset::verified(heavier->image.bytes()).summary("f", R"({"attributes": {"b": 1}})"),
              "off DEFAULT");

    model.version = 4;
    model.set("segments", "c200", R"({"if": {"attribute": "a", "is": 1}})");
    model.set("segments", "c396", R"({"if": {"attribute": "a", "is": 1}})");
    const Result<Compiled> shallow = workspace.patch(patch(
        3, 4,
        R"("set": {"segments": {"c200": {"if": {"attribute": "a", "is": 1}}, "c396": {"if": {"attribute": "a", "is": 1}}}})"));
    expect_same_image(shallow, model, Mode::tolerant);
    EXPECT_EQ(
        CompiledRuleset::verified(shallow->image.bytes()).summary("f", R"({"attributes": {"a": 1, "b": 1}})"),
        "on TARGETING_MATCH");
}

// ---- tolerant mode ----

/// Section 1: what is unsupported, and whatever names it, directly or not.
TEST(Memory, OfAnImageThatIsGivenBackHoldsTheNext) {
    Model model = small_model();
    Workspace workspace(Mode::strict);
    Result<Compiled> first = workspace.compile(model.text());
    ASSERT_TRUE(first.ok());
    const std::byte* const memory = first->image.bytes().data();
    image::Buffer spare = std::move(first->image).take_buffer();
    std::memset(spare.data(), 0xEE, spare.size());  // nothing of what was there may show
    workspace.reuse(std::move(spare));

    model.version = 2;
    model.set("flags", "f", flag());
    const Result<Compiled> second =
        workspace.patch(patch(1, 2, R"("set": {"flags": {"f": )" + flag() + "}}"));
    ASSERT_TRUE(second.ok());
    EXPECT_EQ(second->image.bytes().data(), memory);
    expect_same_image(second, model, Mode::strict);
}

TEST(Memory, ThatIsTooSmallOrMuchTooLargeIsNotUsed) {
    const Model model = small_model();
    for (const std::size_t size : {std::size_t{64}, std::size_t{1} << 20}) {
        image::Buffer spare(size);
        EXPECT_FALSE(spare.fit(whole(model).image.bytes().size()));
        Workspace workspace(Mode::strict);
        workspace.reuse(std::move(spare));
        expect_same_image(workspace.compile(model.text()), model);
    }
}

TEST(Tolerant, WhateverNamesTheUnsupportedIsUnsupported) {
    Model model;
    model.set("segments", "new", R"({"if": {"attribute": "x", "resembles": 1}})");
    model.set("segments", "old", R"({"if": {"any": [{"segment": "new"}, {"all": []}]}})");
    model.set("layers", "new", R"({"spread": 2})");
    model.set("holdouts", "new", R"({"percent": 1, "until": 2})");
    model.set("flags", "free", flag());
    model.set("flags", "member",
              R"({"type": "boolean", "enabled": false, "later": 1, "off": 7, "rules": "not even a list"})");
    model.set("flags", "by-segment", flag_in("old"));
    model.set("flags", "by-prerequisite",
              flag(R"("prerequisites": [{"flag": "by-experiment", "variants": ["a"]}])"));
    model.set("flags", "wants-unknown",
              flag(R"("prerequisites": [{"flag": "member", "variants": ["no such variant"]}])"));
    model.set("experiments", "by-experiment",
              experiment(R"("prerequisites": [{"flag": "by-segment", "variants": ["on"]}])"));
    model.set("experiments", "by-layer", experiment(R"("layer": {"key": "new", "from": 0, "to": 1})"));
    model.set("experiments", "by-holdout", experiment(R"("holdout": "new")"));
    model.set("experiments", "free-too", experiment());
    EXPECT_FALSE(Workspace(Mode::strict).compile(model.text()).ok());

    Workspace workspace(Mode::tolerant);
    const Result<Compiled> compiled = workspace.compile(model.text());
    ASSERT_TRUE(compiled.ok()) << compiled.error().message;
    EXPECT_EQ(compiled->unsupported,
              (std::vector<std::string>{"/flags/member", "/flags/by-segment", "/flags/by-prerequisite",
                                        "/flags/wants-unknown", "/experiments/by-experiment",
                                        "/experiments/by-layer", "/experiments/by-holdout"}));
    EXPECT_EQ(compiled->image.view().header().unsupported_count, 7u);
    EXPECT_TRUE(image::verify(compiled->image.bytes()).ok());
    const CompiledRuleset ruleset = CompiledRuleset::verified(compiled->image.bytes());
    for (const char* key : {"member", "by-segment", "by-prerequisite", "wants-unknown", "by-experiment",
                            "by-layer", "by-holdout"}) {
        EXPECT_EQ(ruleset.summary(key, R"({"key": "u1"})"), "- ERROR GENERAL") << key;
    }
    EXPECT_EQ(ruleset.summary("free", "{}"), "off DEFAULT");

    // A server takes the new operator back: what was kept as unsupported works.
    model.version = 2;
    model.set("segments", "new", R"({"included": ["u1"]})");
    const Result<Compiled> patched =
        workspace.patch(patch(1, 2, R"("set": {"segments": {"new": {"included": ["u1"]}}})"));
    expect_same_image(patched, model, Mode::tolerant);
    EXPECT_EQ(patched->unsupported,
              (std::vector<std::string>{"/flags/member", "/flags/wants-unknown", "/experiments/by-layer",
                                        "/experiments/by-holdout"}));
    EXPECT_EQ(CompiledRuleset::verified(patched->image.bytes()).summary("by-segment", R"({"key": "u1"})"),
              "on TARGETING_MATCH");

    // And gives it again.
    model.version = 3;
    model.set("segments", "new", R"({"if": {"attribute": "x", "resembles": 1}})");
    const Result<Compiled> again = workspace.patch(
        patch(2, 3, R"("set": {"segments": {"new": {"if": {"attribute": "x", "resembles": 1}}}})"));
    expect_same_image(again, model, Mode::tolerant);
    EXPECT_EQ(again->unsupported, compiled->unsupported);
}

TEST(Tolerant, EveryOtherErrorRefusesTheWholeDocument) {
    Model model = small_model();
    model.set("flags", "new", flag(R"("later": 1)"));
    Workspace workspace(Mode::tolerant);
    ASSERT_TRUE(workspace.compile(model.text()).ok());
    model.set("flags", "f", flag_in("nobody"));
    EXPECT_FALSE(workspace.compile(model.text()).ok());
    std::string other_format = small_model().text();
    other_format.replace(other_format.find("ruleset/1"), 9, "ruleset/2");
    EXPECT_FALSE(workspace.compile(other_format).ok());
    std::string unknown_member = small_model().text();
    unknown_member.insert(1, R"("projects": {"x": 1}, )");
    EXPECT_TRUE(workspace.compile(unknown_member).ok()) << "an unknown member of the document is ignored";
}

}  // namespace
}  // namespace expplat::tests
