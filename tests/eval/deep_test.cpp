// Chains as long as the bound on work allows: 33,000 segments, 99,000 prerequisites (RULESET.md, section 1).
//
// They are compiled, verified as a host verifies them, then evaluated and explained on a thread with a stack of
// 128 KiB: neither may take stack for each link (`limits::call_depth`). Generated here: as data they would be megabytes.
#include <pthread.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "expplat/eval/explain.hpp"
#include "tests/eval/compiled.hpp"

namespace expplat::tests {
namespace {

/// Runs something on a thread that has little stack, and waits for it.
void on_a_small_stack(const std::function<void()>& work) {
    pthread_attr_t attributes;
    ASSERT_EQ(pthread_attr_init(&attributes), 0);
    ASSERT_EQ(pthread_attr_setstacksize(&attributes, 128 * 1024), 0);
    pthread_t thread{};
    const auto run = [](void* argument) -> void* {
        (*static_cast<const std::function<void()>*>(argument))();
        return nullptr;
    };
    ASSERT_EQ(pthread_create(&thread, &attributes, run, const_cast<std::function<void()>*>(&work)), 0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
}

/// What the rest of a test asks of a chain.
class Chain {
public:
    explicit Chain(const std::string& maps) {
        Result<ruleset::Compiled> compiled =
            ruleset::Workspace(ruleset::Mode::strict).compile(document(maps));
        if (!compiled) throw std::runtime_error(compiled.error().message.substr(0, 500));
        // Nothing evaluates what does not verify: it could only crash.
        ruleset_.emplace(CompiledRuleset::verified(compiled->image.bytes()));
    }

    /// The summary of the answer, the same from `evaluate` and `explain`.
    [[nodiscard]] std::string answer(std::string_view key, const User& user) const {
        eval::Answer evaluated;
        eval::Answer explained;
        std::size_t steps = 0;
        on_a_small_stack([&] {
            evaluated = ruleset_->ask(key, user);
            const image::Entity* const entity = ruleset_->view().find(key);
            explained = eval::explain(ruleset_->view(), *entity, user, ruleset_->patterns(),
                                      [&](const eval::Step&) { ++steps; });
        });
        EXPECT_EQ(CompiledRuleset::summary(evaluated), CompiledRuleset::summary(explained));
        EXPECT_GT(steps, 0u);
        return CompiledRuleset::summary(evaluated);
    }

private:
    std::optional<CompiledRuleset> ruleset_;
};

[[nodiscard]] std::string segment_call(std::size_t i) {
    return R"({"segment": "s)" + std::to_string(i) + "\"}";
}

/// `count` segments, each with the condition that `link(call of the one before it)` gives; the first asks for `a`.
/// The flag `f` is on for whom the last one holds.
[[nodiscard]] std::string chain_of_segments(
    std::size_t count, const std::function<std::string(const std::string&, std::size_t)>& link) {
    std::string maps = R"("segments": {"s0": {"if": {"attribute": "a", "is": 1}})";
    for (std::size_t i = 1; i < count; ++i) {
        maps += ", \"s" + std::to_string(i) + "\": {\"if\": " + link(segment_call(i - 1), i) + "}";
    }
    return maps +
           R"(}, "flags": {"f": {"type": "boolean", "variants": {"on": true, "off": false}, "off": "off", "default": "off",
        "rules": [{"if": )" +
           segment_call(count - 1) + R"(, "serve": "on"}]}})";
}

constexpr std::string_view b_is_1 = R"({"attribute": "b", "is": 1})";

struct Shape {
    std::string_view name;
    std::size_t count;
    std::string_view before;
    std::string_view after;
    std::string_view holds;      // for a 1 and b 1
    std::string_view without_a;  // for a absent, b 1
};

void PrintTo(const Shape& shape, std::ostream* out) { *out << shape.name; }

class DeepSegments : public ::testing::TestWithParam<Shape> {};

TEST_P(DeepSegments, AreEvaluatedInLittleStack) {
    const Shape& shape = GetParam();
    const Chain chain(chain_of_segments(shape.count, [&](const std::string& call, std::size_t) {
        return std::string(shape.before) + call + std::string(shape.after);
    }));
    EXPECT_EQ(chain.answer("f", User("u", {{"a", 1}, {"b", 1}})), shape.holds);
    EXPECT_EQ(chain.answer("f", User("u", {{"b", 1}})), shape.without_a);
}

// Steps of a link: the calling segment's operators and forms, and the call.
INSTANTIATE_TEST_SUITE_P(
    Chains, DeepSegments,
    ::testing::Values(
        Shape{"Bare", 99'000, "", "", "on TARGETING_MATCH", "off DEFAULT"},
        Shape{"CallFirstInAll", 33'000, R"({"all": [)", R"(, {"attribute": "b", "is": 1}]})",
              "on TARGETING_MATCH", "off DEFAULT"},
        Shape{"CallLastInAll", 33'000, R"({"all": [{"attribute": "b", "is": 1}, )", "]}",
              "on TARGETING_MATCH", "off DEFAULT"},
        Shape{"CallFirstInAny", 33'000, R"({"any": [)", R"(, {"attribute": "b", "is": 2}]})",
              "on TARGETING_MATCH", "off DEFAULT"},
        Shape{"CallLastInAny", 33'000, R"({"any": [{"attribute": "b", "is": 2}, )", "]}",
              "on TARGETING_MATCH", "off DEFAULT"},
        Shape{"CallInTheMiddleOfAll", 24'000, R"({"all": [{"attribute": "b", "is": 1}, )",
              R"(, {"attribute": "b", "at_least": 1}]})", "on TARGETING_MATCH", "off DEFAULT"},
        // An odd number of negations.
        Shape{"Negated", 49'000, R"({"not": )", "}", "off DEFAULT", "on TARGETING_MATCH"},
        Shape{"NegatedAllCallFirst", 24'000, R"({"not": {"all": [)", R"(, {"attribute": "b", "is": 1}]}})",
              "off DEFAULT", "on TARGETING_MATCH"},
        Shape{"DeeplyNestedForms", 9'000, R"({"all": [{"any": [{"not": {"all": [{"not": )",
              R"(}, {"attribute": "b", "is": 1}]}}, {"any": []}]}, {"attribute": "b", "is": 1}]})",
              "on TARGETING_MATCH", "off DEFAULT"}),
    [](const auto& suite) { return std::string(suite.param.name); });

/// Each segment calls the chain and a light segment, which is the same for all, in both orders.
TEST(Deep, ALightCallBesideEachLinkInEitherOrder) {
    for (const bool light_first : {false, true}) {
        const Chain chain(chain_of_segments(19'000, [&](const std::string& call, std::size_t i) {
            if (i == 1) return std::string(R"({"attribute": "b", "is": 1})");  // s1 is the light one
            const std::string heavy = i == 2 ? segment_call(0) : call;
            return R"({"all": [)" +
                   (light_first ? segment_call(1) + ", " + heavy : heavy + ", " + segment_call(1)) +
                   R"(, {"attribute": "b", "exists": true}]})";
        }));
        EXPECT_EQ(chain.answer("f", User("u", {{"a", 1}, {"b", 1}})), "on TARGETING_MATCH");
        EXPECT_EQ(chain.answer("f", User("u", {{"b", 1}})), "off DEFAULT");
        EXPECT_EQ(chain.answer("f", User("u", {{"a", 1}, {"b", 2}})), "off DEFAULT");
    }
}

/// Every segment calls the two before it: as many calls are open at once as the bound on work permits.
TEST(Deep, ABushyTreeOfCallsInEitherOrder) {
    constexpr std::size_t levels = 21;
    for (const bool heavy_first : {false, true}) {
        const Chain chain(chain_of_segments(levels, [&](const std::string& call, std::size_t i) {
            const std::string light = segment_call(i < 2 ? 0 : i - 2);
            return R"({"all": [)" + (heavy_first ? call + ", " + light : light + ", " + call) + "]}";
        }));
        EXPECT_EQ(chain.answer("f", User("u", {{"a", 1}})), "on TARGETING_MATCH");
        EXPECT_EQ(chain.answer("f", User("u")), "off DEFAULT");
    }
}

/// A chain as a whole is light in front of a heavier one: the calls of both stay few.
TEST(Deep, TwoChainsBesideEachOther) {
    std::string maps =
        R"("segments": {"s0": {"if": {"attribute": "a", "is": 1}}, "t0": {"if": {"attribute": "a", "is": 1}})";
    for (int i = 1; i < 12'000; ++i) {
        maps += ", \"s" + std::to_string(i) + R"(": {"if": {"all": [{"segment": "s)" + std::to_string(i - 1) +
                "\"}, " + std::string(b_is_1) + "]}}";
        maps += ", \"t" + std::to_string(i) + R"(": {"if": {"any": [{"segment": "t)" + std::to_string(i - 1) +
                R"("}, {"attribute": "b", "is": 2}]}})";
    }
    maps +=
        R"(}, "flags": {"f": {"type": "boolean", "variants": {"on": true, "off": false}, "off": "off", "default": "off", "rules": [
        {"if": {"all": [{"segment": "s11999"}, {"segment": "t11999"}]}, "serve": "on"}]}})";
    const Chain chain(maps);
    EXPECT_EQ(chain.answer("f", User("u", {{"a", 1}, {"b", 1}})), "on TARGETING_MATCH");
    EXPECT_EQ(chain.answer("f", User("u", {{"b", 1}})), "off DEFAULT");
}

// ---- prerequisites ----

[[nodiscard]] std::string entity_of_chain(std::size_t i, std::string_view prerequisites) {
    const std::string needs = R"(, "prerequisites": [)" + std::string(prerequisites) + "]}";
    if (i % 3 == 2) {
        return R"({"type": "boolean", "status": "running", "variants": {"on": true}, "split": [{"variant": "on", "weight": 1}])" +
               needs;
    }
    return R"({"type": "boolean", "variants": {"on": true, "off": false}, "off": "off", "default": "on")" +
           needs;
}

[[nodiscard]] std::string name_of(std::size_t i) { return "p" + std::to_string(i); }

/// Flags and experiments in turn, each asking for the one before it and for whatever `others(i)` adds.
[[nodiscard]] std::string chain_of_prerequisites(
    std::size_t count, const std::function<std::string(std::size_t, std::string)>& list) {
    std::string flags =
        R"("flags": {"root": {"type": "boolean", "variants": {"on": true, "off": false}, "off": "off", "default": "off",
        "rules": [{"if": {"attribute": "a", "is": 1}, "serve": "on"}]})";
    std::string experiments = R"("experiments": {)";
    for (std::size_t i = 0; i < count; ++i) {
        const std::string before =
            R"({"flag": ")" + (i == 0 ? "root" : name_of(i - 1)) + R"(", "variants": ["on"]})";
        const std::string entity = "\"" + name_of(i) + "\": " + entity_of_chain(i, list(i, before));
        if (i % 3 == 2) experiments += (experiments.back() == '{' ? "" : ", ") + entity;
        else flags += ", " + entity;
    }
    return flags + "}, " + experiments + "}";
}

TEST(Deep, NinetyNineThousandPrerequisitesFlagsAndExperimentsMixed) {
    constexpr std::size_t count = 99'000;
    const Chain chain(
        chain_of_prerequisites(count, [](std::size_t, const std::string& before) { return before; }));
    const std::string last = name_of(count - 1);
    EXPECT_EQ(chain.answer(last, User("u", {{"a", 1}})), "on SPLIT exposure");
    EXPECT_EQ(chain.answer(last, User("u")), "- PREREQUISITE_FAILED");
    EXPECT_EQ(chain.answer(last, User("", {{"a", 1}})), "- PREREQUISITE_FAILED")
        << "experiments on the way have no unit";
    EXPECT_EQ(chain.answer(name_of(count - 2), User("u", {{"a", 1}})), "on DEFAULT");
    EXPECT_EQ(chain.answer(name_of(count - 2), User("u")), "off PREREQUISITE_FAILED");
}

/// A second, light prerequisite before or after the long one.
TEST(Deep, ALightPrerequisiteBesideEachLinkInEitherOrder) {
    constexpr std::size_t count = 30'000;
    const std::string light = R"({"flag": "root", "variants": ["on", "off"]})";
    for (const bool light_first : {false, true}) {
        const Chain chain(chain_of_prerequisites(count, [&](std::size_t, const std::string& before) {
            return light_first ? light + ", " + before : before + ", " + light;
        }));
        EXPECT_EQ(chain.answer(name_of(count - 1), User("u", {{"a", 1}})), "on SPLIT exposure");
        EXPECT_EQ(chain.answer(name_of(count - 1), User("u")), "- PREREQUISITE_FAILED");
    }
}

/// Each link wants what the one before it gives when its own prerequisite fails: the verdict alternates.
TEST(Deep, AChainThatWantsFailuresAlternates) {
    std::string flags =
        R"("flags": {"f0": {"type": "boolean", "variants": {"on": true, "off": false}, "off": "off", "default": "off",
        "rules": [{"if": {"attribute": "a", "is": 1}, "serve": "on"}]})";
    constexpr std::size_t count = 60'001;
    for (std::size_t i = 1; i < count; ++i) {
        flags +=
            ", \"f" + std::to_string(i) +
            R"(": {"type": "boolean", "variants": {"on": true, "off": false}, "off": "off", "default": "on", "prerequisites": [{"flag": "f)" +
            std::to_string(i - 1) + R"(", "variants": ["off"]}]})";
    }
    const Chain chain(flags + "}");
    EXPECT_EQ(chain.answer("f60000", User("u", {{"a", 1}})), "on DEFAULT") << "f0 on, f1 off, f2 on, …";
    EXPECT_EQ(chain.answer("f60000", User("u")), "off PREREQUISITE_FAILED");
    EXPECT_EQ(chain.answer("f59999", User("u", {{"a", 1}})), "off PREREQUISITE_FAILED");
    EXPECT_EQ(chain.answer("f59999", User("u")), "on DEFAULT");
}

/// A long chain of segments under each of a few prerequisites.
TEST(Deep, PrerequisitesWhoseRulesCallDeepSegments) {
    std::string maps = chain_of_segments(3'000, [](const std::string& call, std::size_t) {
        return R"({"all": [)" + call + ", " + std::string(b_is_1) + "]}";
    });
    const std::string end = "}";
    maps.erase(maps.size() - 1);
    for (int i = 0; i < 9; ++i) {
        const std::string before = i == 0 ? "f" : "g" + std::to_string(i - 1);
        maps +=
            ", \"g" + std::to_string(i) +
            R"(": {"type": "boolean", "variants": {"on": true, "off": false}, "off": "off", "default": "off",
            "prerequisites": [{"flag": ")" +
            before + R"(", "variants": ["on"]}], "rules": [{"if": {"segment": "s2999"}, "serve": "on"}]})";
    }
    const Chain chain(maps + end);
    EXPECT_EQ(chain.answer("g8", User("u", {{"a", 1}, {"b", 1}})), "on TARGETING_MATCH");
    EXPECT_EQ(chain.answer("g8", User("u", {{"b", 1}})), "off PREREQUISITE_FAILED");
}

}  // namespace
}  // namespace expplat::tests
