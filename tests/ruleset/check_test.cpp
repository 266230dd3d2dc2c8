#include "src/ruleset/check.hpp"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expplat/base/hash.hpp"
#include "expplat/base/limits.hpp"
#include "tests/ruleset/reading.hpp"

namespace expplat::ruleset {
namespace {

using test::experiment;
using test::flag;
using test::parsed;
using test::pointers_of;
using test::problems_of;
using test::ruleset;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

[[nodiscard]] Checked checked(std::string_view text) {
    const Reading reading = read(parsed(text), Mode::strict);
    return check_references(test::outlines_of(reading.entities), reading.map_places);
}

[[nodiscard]] std::string prerequisite(std::string_view key, std::string_view variants = R"(["on"])") {
    return R"("prerequisites": [{"flag": ")" + std::string(key) + R"(", "variants": )" +
           std::string(variants) + "}]";
}

[[nodiscard]] std::string segment_of(std::string_view key) {
    return R"({"if": {"segment": ")" + std::string(key) + "\"}}";
}

[[nodiscard]] std::string layered(std::string_view layer, int from, int to, std::string_view more = "",
                                  std::string_view status = "running") {
    return experiment(R"("layer": {"key": ")" + std::string(layer) + R"(", "from": )" + std::to_string(from) +
                          R"(, "to": )" + std::to_string(to) + "}" + std::string(more),
                      status);
}

/// An outline without a text: for sizes that no text needs to have.
[[nodiscard]] Outline outline(EntityKind kind, std::string key, std::uint64_t own_steps = 1) {
    Outline result;
    result.kind = kind;
    result.key_hash = hash64(key);
    result.key = std::move(key);
    result.own_steps = own_steps;
    return result;
}

void refer(Outline& from, Reference::Target target, const std::string& key) {
    Reference reference;
    reference.target = target;
    reference.place = static_cast<std::uint32_t>(from.references.size() + 1);
    reference.key_hash = hash64(key);
    reference.key = key;
    reference.pointer = "/reference/" + std::to_string(from.references.size());
    from.references.push_back(std::move(reference));
}

[[nodiscard]] std::vector<const Outline*> views(const std::vector<Outline>& outlines) {
    std::vector<const Outline*> result;
    for (const Outline& each : outlines) result.push_back(&each);
    return result;
}

[[nodiscard]] std::vector<std::string> pointers(const Checked& result) {
    std::vector<std::string> found;
    for (const Problem& problem : result.problems) found.push_back(problem.pointer);
    return found;
}

// Names.

TEST(Check, NamesThatPointNowhere) {
    EXPECT_THAT(pointers_of(ruleset(R"("segments": {"s": )" + segment_of("ghost") + R"(}, "flags": {"f": )" +
                                    flag(prerequisite("ghost")) + R"(}, "experiments": {"e": )" +
                                    layered("ghost", 0, 1, R"(, "holdout": "ghost")") + "}")),
                ElementsAre("/segments/s/if/segment", "/flags/f/prerequisites/0/flag",
                            "/experiments/e/layer/key", "/experiments/e/holdout"));
    // Each map has names of its own, but flags and experiments.
    EXPECT_THAT(pointers_of(ruleset(R"("layers": {"x": {}}, "segments": {"s": )" + segment_of("x") + "}")),
                ElementsAre("/segments/s/if/segment"));
    EXPECT_THAT(pointers_of(ruleset(R"("flags": {"f": )" + flag(prerequisite("e", R"(["a"])")) +
                                    R"(}, "experiments": {"e": )" + experiment() + "}")),
                IsEmpty());
}

TEST(Check, OneProblemForEachOccurrence) {
    EXPECT_THAT(pointers_of(ruleset(
                    R"("segments": {"s": {"if": {"any": [{"segment": "x"}, {"not": {"segment": "x"}}]}}})")),
                ElementsAre("/segments/s/if/any/0/segment", "/segments/s/if/any/1/not/segment"));
}

TEST(Check, VariantsOfPrerequisites) {
    EXPECT_THAT(
        pointers_of(ruleset(R"("flags": {"f": )" + flag(prerequisite("g", R"(["on", "blue", "off", ""])")) +
                            R"(, "g": )" + flag() + R"(, "h": )" + flag(prerequisite("e", R"(["on"])")) +
                            R"(}, "experiments": {"e": )" + experiment() + "}")),
        ElementsAre("/flags/f/prerequisites/0/variants/1", "/flags/f/prerequisites/0/variants/3",
                    "/flags/h/prerequisites/0/variants/0"));
    // A target with problems of its own is not compared with.
    EXPECT_THAT(
        pointers_of(
            ruleset(R"("flags": {"f": )" + flag(prerequisite("g", R"(["blue"])")) + R"(, "g": {"x": 1}})")),
        ElementsAre("/flags/g/type", "/flags/g/variants", "/flags/g/off", "/flags/g/default", "/flags/g/x"));
}

TEST(Check, KeyInBothMaps) {
    EXPECT_THAT(pointers_of(ruleset(R"("experiments": {"x": )" + experiment() + R"(}, "flags": {"x": )" +
                                    flag() + "}")),
                ElementsAre("/experiments/x"));
    EXPECT_THAT(pointers_of(ruleset(R"("experiments": {"x": {"future": 1}}, "flags": {"x": {"future": 1}})"),
                            Mode::tolerant),
                ElementsAre("/experiments/x"));
    EXPECT_THAT(
        pointers_of(ruleset(
            R"("segments": {"x": {}}, "layers": {"x": {}}, "holdouts": {"x": {"percent": 1}}, "flags": {"x": )" +
            flag() + "}")),
        IsEmpty());
}

TEST(Check, KeysMadeToCollideAreToldApart) {
    std::vector<Outline> outlines;
    for (int i = 0; i < 20'000; ++i) {
        outlines.push_back(outline(EntityKind::segment, "s" + std::to_string(i)));
        outlines.back().key_hash = 7;
        refer(outlines.back(), Reference::Target::segment, "s" + std::to_string(i / 2));
        outlines.back().references[0].key_hash = 7;
    }
    outlines[0].references.clear();
    const Checked result = check_references(views(outlines));
    EXPECT_THAT(result.problems, IsEmpty());
    EXPECT_EQ(result.targets[result.target_begin[19'999]], 9'999u);
}

// Cycles.

TEST(Check, CyclesAreFoundDepthFirstOnce) {
    EXPECT_THAT(pointers_of(ruleset(R"("segments": {"a": )" + segment_of("a") + "}")),
                ElementsAre("/segments/a/if/segment"));
    const std::string three =
        ruleset(R"("segments": {"a": )" + segment_of("b") + R"(, "b": )" + segment_of("c") + R"(, "c": )" +
                segment_of("a") + R"(, "d": )" + segment_of("b") + "}");
    const auto problems = problems_of(three);
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_EQ(problems[0].pointer, "/segments/c/if/segment");
    EXPECT_EQ(problems[0].message, "a cycle: a > b > c > a");
    // A segment that leads into a cycle is in none.
    EXPECT_THAT(pointers_of(ruleset(R"("segments": {"d": )" + segment_of("b") + R"(, "a": )" +
                                    segment_of("b") + R"(, "b": )" + segment_of("a") + "}")),
                ElementsAre("/segments/a/if/segment"));
}

TEST(Check, CycleIsReportedOnceWhereItsLastNameStandsTwice) {
    EXPECT_THAT(
        pointers_of(ruleset(
            R"("segments": {"a": )" + segment_of("b") +
            R"(, "b": {"if": {"any": [{"segment": "a"}, {"segment": "c"}, {"segment": "a"}]}}, "c": )" +
            segment_of("a") + "}")),
        ElementsAre("/segments/b/if/any/0/segment", "/segments/c/if/segment"));
}

TEST(Check, CyclesGoThroughFlagsAndExperiments) {
    const std::string flags = R"("flags": {"f": )" + flag(prerequisite("e", R"(["a"])")) + "}";
    const std::string experiments = R"("experiments": {"e": )" + experiment(prerequisite("f")) + "}";
    EXPECT_THAT(pointers_of(ruleset(flags + ", " + experiments)),
                ElementsAre("/experiments/e/prerequisites/0/flag"));
    EXPECT_THAT(pointers_of(ruleset(experiments + ", " + flags)),
                ElementsAre("/flags/f/prerequisites/0/flag"));
}

TEST(Check, TextOrderOfReferencesDecidesWhereACycleCloses) {
    const auto f = [](bool g_first) {
        const std::string to_g = R"({"flag": "g", "variants": ["on"]})",
                          to_h = R"({"flag": "h", "variants": ["on"]})";
        return flag("\"prerequisites\": [" + (g_first ? to_g + "," + to_h : to_h + "," + to_g) + "]");
    };
    const std::string rest =
        R"(, "g": )" + flag(prerequisite("h")) + R"(, "h": )" + flag(prerequisite("g")) + "}";
    EXPECT_THAT(pointers_of(ruleset("\"flags\": {\"f\": " + f(true) + rest)),
                ElementsAre("/flags/h/prerequisites/0/flag"));
    EXPECT_THAT(pointers_of(ruleset("\"flags\": {\"f\": " + f(false) + rest)),
                ElementsAre("/flags/g/prerequisites/0/flag"));
}

TEST(Check, LongCycleIsPrintedShort) {
    std::string segments = R"("s0": )" + segment_of("s99999");
    for (int i = 1; i < 100'000; ++i)
        segments += ", \"s" + std::to_string(i) + "\": " + segment_of("s" + std::to_string(i - 1));
    const auto problems = problems_of(ruleset("\"segments\": {" + segments + "}"));
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_EQ(problems[0].pointer, "/segments/s1/if/segment");
    EXPECT_EQ(problems[0].message, "a cycle: s0 > s99999 > s99998 > s99997 > … > s4 > s3 > s2 > s1 > s0");
}

TEST(Check, ManyCyclesAreNotQuadratic) {
    std::vector<Outline> outlines;
    for (int i = 0; i < 50'000; ++i) {
        outlines.push_back(outline(EntityKind::segment, "s" + std::to_string(i)));
        refer(outlines.back(), Reference::Target::segment, "s" + std::to_string((i + 1) % 50'000));
        for (int j = 0; j < 10; ++j)
            refer(outlines.back(), Reference::Target::segment, "s" + std::to_string(j));
    }
    EXPECT_EQ(check_references(views(outlines)).problems.size(), limits::reported_problems);
}

// Order, steps.

TEST(Check, OrderPutsTheNamedFirst) {
    const Checked result = checked(ruleset(
        R"("experiments": {"e": )" + layered("l", 0, 1, ", \"holdout\": \"h\", " + prerequisite("f")) +
        R"(}, "flags": {"f": )" + flag(R"("rules": [{"serve": "on", "if": {"segment": "t"}}])") +
        R"(}, "segments": {"s": {}, "t": )" + segment_of("s") +
        R"(}, "layers": {"l": {}}, "holdouts": {"h": {"percent": 1}})"));
    ASSERT_THAT(result.problems, IsEmpty());
    EXPECT_EQ(result.order.size(), 6u);
    std::vector<std::size_t> position(6);
    for (std::size_t i = 0; i < 6; ++i) position[result.order[i]] = i;
    for (std::uint32_t i = 0; i < 6; ++i) {
        for (std::uint32_t j = result.target_begin[i]; j < result.target_begin[i + 1]; ++j) {
            EXPECT_LT(position[result.targets[j]], position[i]);
        }
    }
}

TEST(Check, StepsAddUpAlongReferences) {
    const Checked result = checked(ruleset(
        R"("segments": {"empty": {}, "one": {"if": {"attribute": "a", "is": 1}},
           "two": {"if": {"any": [{"segment": "one"}, {"segment": "one"}, {"segment": "empty"}]}}},
           "flags": {"f": )" +
        flag(R"("rules": [{"serve": "on", "if": {"segment": "two"}}, {"serve": "on"}])") + R"(, "g": )" +
        flag(R"("prerequisites": [{"flag": "f", "variants": ["on"]}, {"flag": "f", "variants": ["off"]}])") +
        "}"));
    // two: any 1 + segments 1 + 1, 1 + 1, 1 + 0; f: 1 + (1 + two); g: 1 + f + f
    EXPECT_THAT(result.steps, ElementsAre(0u, 1u, 6u, 8u, 17u));
}

[[nodiscard]] std::vector<std::string> chain_problems(EntityKind kind, std::uint64_t length,
                                                      std::uint64_t own_steps) {
    std::vector<Outline> outlines;
    for (std::uint64_t i = 0; i < length; ++i) {
        outlines.push_back(outline(kind, "k" + std::to_string(i), own_steps));
        if (i > 0)
            refer(outlines.back(),
                  kind == EntityKind::segment ? Reference::Target::segment
                                              : Reference::Target::flag_or_experiment,
                  "k" + std::to_string(i - 1));
    }
    std::reverse(outlines.begin(), outlines.end());  // the deepest walk begins at the first one
    if (kind == EntityKind::segment) {
        outlines.push_back(outline(EntityKind::flag, "f", 1));
        refer(outlines.back(), Reference::Target::segment, "k" + std::to_string(length - 1));
    }
    const Checked result = check_references(views(outlines));
    EXPECT_EQ(result.order.size(), outlines.size());
    return pointers(result);
}

TEST(Check, ChainsJustUnderAndOverTheStepLimit) {
    EXPECT_THAT(chain_problems(EntityKind::segment, 99'999, 1), IsEmpty());
    EXPECT_THAT(chain_problems(EntityKind::segment, 100'000, 1), ElementsAre("/flags/f"));
    EXPECT_THAT(chain_problems(EntityKind::flag, 100'000, 1), IsEmpty());
    EXPECT_THAT(chain_problems(EntityKind::experiment, 50'001, 2), ElementsAre("/experiments/k50000"));
}

TEST(Check, SegmentsAloneMayTakeAnyNumberOfSteps) {
    std::vector<Outline> outlines{outline(EntityKind::segment, "s0")};
    for (int i = 1; i < 100; ++i) {  // 2^99 steps: saturating
        outlines.push_back(outline(EntityKind::segment, "s" + std::to_string(i), 3));
        refer(outlines.back(), Reference::Target::segment, "s" + std::to_string(i - 1));
        refer(outlines.back(), Reference::Target::segment, "s" + std::to_string(i - 1));
    }
    EXPECT_THAT(check_references(views(outlines)).problems, IsEmpty());
    outlines.push_back(outline(EntityKind::experiment, "e"));
    refer(outlines.back(), Reference::Target::segment, "s99");
    const Checked result = check_references(views(outlines));
    EXPECT_EQ(pointers(result), std::vector<std::string>{"/experiments/e"});
    EXPECT_EQ(result.steps.back(), ~std::uint64_t{0});
}

TEST(Check, StepsMessageNamesTheHeaviestPath) {
    std::vector<Outline> outlines{outline(EntityKind::segment, "light", 5),
                                  outline(EntityKind::segment, "heavy", 60'000),
                                  outline(EntityKind::flag, "f", 50'000)};
    refer(outlines[2], Reference::Target::segment, "light");
    refer(outlines[2], Reference::Target::segment, "heavy");
    const Checked result = check_references(views(outlines));
    ASSERT_EQ(result.problems.size(), 1u);
    EXPECT_EQ(result.problems[0].message,
              "takes 110005 steps in the worst case, at most 100000 are allowed: flag f (110005) > segment "
              "heavy (60000)");
}

TEST(Check, StepsExactlyAtTheLimitInText) {
    std::string parts = "{\"all\": []}";
    for (int i = 1; i < 99'998; ++i) parts += ",{\"all\": []}";
    const auto with = [&](std::string_view more) {
        return pointers_of(ruleset(
            R"("flags": {"f": )" +
            flag(R"("rules": [{"serve": "on", "if": {"any": [)" + parts + std::string(more) + "]}}]") + "}"));
    };
    EXPECT_THAT(with(""), IsEmpty());
    EXPECT_THAT(with(",{\"all\": []}"), ElementsAre("/flags/f"));
}

// Layers, units, salts.

TEST(Check, OverlapsOfRunningExperiments) {
    const auto two = [](const std::string& first, const std::string& second) {
        return pointers_of(ruleset(R"("layers": {"l": {}, "m": {}}, "experiments": {"b": )" + first +
                                   R"(, "a": )" + second + "}"));
    };
    EXPECT_THAT(two(layered("l", 0, 5000), layered("l", 5000, 10'000)), IsEmpty());
    EXPECT_THAT(two(layered("l", 5000, 10'000), layered("l", 0, 5000)), IsEmpty());
    EXPECT_THAT(two(layered("l", 0, 5000), layered("l", 4999, 5001)), ElementsAre("/experiments/a/layer"));
    EXPECT_THAT(two(layered("l", 10, 20), layered("l", 0, 10'000)), ElementsAre("/experiments/a/layer"));
    EXPECT_THAT(two(layered("l", 0, 10'000), layered("l", 10, 20)), ElementsAre("/experiments/a/layer"));
    EXPECT_THAT(two(layered("l", 0, 10), layered("m", 0, 10)), IsEmpty());
    for (const std::string_view status : {"draft", "paused", "completed"}) {
        EXPECT_THAT(two(layered("l", 0, 10), layered("l", 0, 10, "", status)), IsEmpty()) << status;
    }
}

TEST(Check, OverlapsAmongManyAreThoseOfPairs) {
    std::uint64_t state = 1;
    const auto random = [&state](std::uint64_t below) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return static_cast<std::uint32_t>((state >> 33) % below);
    };
    for (int round = 0; round < 30; ++round) {
        std::vector<Outline> outlines{outline(EntityKind::layer, "l", 0)};
        std::vector<std::string> expected;
        const std::uint32_t width = 1 + random(round % 2 == 0 ? 60 : 3000);
        for (int i = 0; i < 200; ++i) {
            Outline next = outline(EntityKind::experiment, "e" + std::to_string(i));
            refer(next, Reference::Target::layer, "l");
            next.status = Status::running;
            next.has_layer = true;
            next.salt = next.key;
            next.layer_from = random(10'000);
            next.layer_to = std::min(next.layer_from + 1 + random(width), 10'000u);
            const bool overlaps =
                std::any_of(outlines.begin() + 1, outlines.end(), [&](const Outline& earlier) {
                    return earlier.layer_from < next.layer_to && next.layer_from < earlier.layer_to;
                });
            if (overlaps) expected.push_back("/experiments/" + next.key + "/layer");
            outlines.push_back(std::move(next));
        }
        EXPECT_EQ(pointers(check_references(views(outlines))), expected);
    }
}

TEST(Check, HundredThousandExperimentsInOneLayer) {
    std::vector<Outline> outlines{outline(EntityKind::layer, "l", 0)};
    for (int i = 0; i < 100'000; ++i) {
        outlines.push_back(outline(EntityKind::experiment, "e" + std::to_string(i)));
        refer(outlines.back(), Reference::Target::layer, "l");
        outlines.back().salt = outlines.back().key;
        outlines.back().status = Status::running;
        outlines.back().has_layer = true;
        outlines.back().layer_to = 10'000;
    }
    const Checked result = check_references(views(outlines));
    EXPECT_EQ(result.problems.size(), limits::reported_problems);
    EXPECT_THAT(result.problems[0].message, HasSubstr("\"e0\", 0 to 10000"));
}

TEST(Check, Units) {
    const std::string maps =
        R"("layers": {"l": {"unit": "device"}}, "holdouts": {"h": {"percent": 1, "unit": "account"}}, )";
    EXPECT_THAT(pointers_of(ruleset(maps + R"("experiments": {"e": )" +
                                    layered("l", 0, 1, R"(, "holdout": "h")") + "}")),
                ElementsAre("/experiments/e/layer", "/experiments/e/holdout"));
    EXPECT_THAT(pointers_of(ruleset(maps + R"("experiments": {"e": )" +
                                    layered("l", 0, 1, R"(, "unit": "device")") + "}")),
                IsEmpty());
    EXPECT_THAT(
        pointers_of(ruleset(maps + R"("experiments": {"e": )" + layered("l", 0, 1, "", "draft") + "}")),
        ElementsAre("/experiments/e/layer"));
}

TEST(Check, EqualSalts) {
    const auto with = [](std::string_view layer, std::string_view holdout, std::string_view more) {
        return pointers_of(ruleset(R"("layers": {"l": )" + std::string(layer) + R"(}, "holdouts": {"h": )" +
                                   std::string(holdout) + R"(}, "experiments": {"e": )" +
                                   layered("l", 0, 1, R"(, "holdout": "h")" + std::string(more)) + "}"));
    };
    const std::string_view plain = R"({"percent": 1})";
    EXPECT_THAT(with("{}", plain, ""), IsEmpty());
    EXPECT_THAT(with(R"({"salt": "e"})", plain, ""), ElementsAre("/experiments/e/salt"));
    EXPECT_THAT(with(R"({"salt": "e:traffic"})", plain, ""), ElementsAre("/experiments/e/salt"));
    EXPECT_THAT(with(R"({"salt": "x:traffic"})", plain, ""), IsEmpty());
    EXPECT_THAT(with(R"({"salt": "e:traffic:traffic"})", plain, ""), IsEmpty());
    EXPECT_THAT(with("{}", R"({"percent": 1, "salt": "e"})", ""), ElementsAre("/experiments/e/salt"));
    EXPECT_THAT(with("{}", plain, R"(, "salt": "layer:l")"), ElementsAre("/experiments/e/salt"));
    EXPECT_THAT(with("{}", R"({"percent": 1, "salt": "s:traffic"})", R"(, "salt": "s")"),
                ElementsAre("/experiments/e/salt"));
    EXPECT_THAT(with(R"({"salt": "z"})", R"({"percent": 1, "salt": "z"})", ""),
                ElementsAre("/experiments/e/holdout"));
    EXPECT_THAT(with(R"({"salt": "holdout:h"})", plain, ""), ElementsAre("/experiments/e/holdout"));
    EXPECT_THAT(with(R"({"salt": "e"})", R"({"percent": 1, "salt": "e"})", ""),
                ElementsAre("/experiments/e/salt", "/experiments/e/holdout"));
}

// Limits.

TEST(Check, NumberOfFlagsAndExperimentsIsBounded) {
    std::vector<Outline> outlines;
    for (std::uint32_t i = 0; i < limits::flags; ++i) {
        outlines.push_back(
            outline(i < 10 ? EntityKind::flag : EntityKind::experiment, "k" + std::to_string(i)));
    }
    EXPECT_THAT(check_references(views(outlines)).problems, IsEmpty());
    outlines.push_back(outline(EntityKind::experiment, "last"));
    EXPECT_EQ(pointers(check_references(views(outlines))), std::vector<std::string>{"/experiments"});
    outlines.insert(outlines.begin(), outline(EntityKind::segment, "s"));
    EXPECT_EQ(pointers(check_references(views(outlines))), std::vector<std::string>{"/experiments"});
}

TEST(Check, NumberOfListEntriesIsBounded) {
    std::vector<Outline> outlines{outline(EntityKind::segment, "a", 0), outline(EntityKind::segment, "b", 0),
                                  outline(EntityKind::flag, "c"), outline(EntityKind::flag, "d")};
    outlines[0].list_entries = limits::list_entries - 1;
    outlines[1].list_entries = 1;
    EXPECT_THAT(check_references(views(outlines)).problems, IsEmpty());
    outlines[2].list_entries = 1;
    outlines[3].list_entries = 1;
    EXPECT_EQ(pointers(check_references(views(outlines))), std::vector<std::string>{"/flags/c"});
}

TEST(Check, NothingToCheck) {
    const Checked result = check_references({});
    EXPECT_THAT(result.problems, IsEmpty());
    EXPECT_THAT(result.order, IsEmpty());
    EXPECT_EQ(result.target_begin.size(), 1u);
}

}  // namespace
}  // namespace expplat::ruleset
