// Buckets (RULESET.md, section 6): the point, boundaries in exact arithmetic, and what they promise: ramps never drop a
// unit, points are uniform, two salts are independent, the order of a split counts.
//
// Boundaries are computed a second time here, from decimals as they are written. Statistical tests have fixed inputs:
// they pass or fail for ever. Bounds are about five deviations, so that a sound hash passes.
#include "expplat/eval/bucket.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/eval/compiled.hpp"

namespace expplat::tests {
namespace {

__extension__ using Wide = unsigned __int128;

// ---- the point ----

/// The definition through xxHash's streaming interface, which shares little with the one-shot functions.
[[nodiscard]] std::uint32_t streamed_point(std::string_view salt, std::string_view unit) {
    const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(),
                                                                                &XXH3_freeState);
    XXH3_64bits_reset(state.get());
    for (const char c : salt) XXH3_64bits_update(state.get(), &c, 1);
    const std::uint64_t seed = XXH3_64bits_digest(state.get());
    XXH3_64bits_reset_withSeed(state.get(), seed);
    for (const char c : unit) XXH3_64bits_update(state.get(), &c, 1);
    return static_cast<std::uint32_t>(XXH3_64bits_digest(state.get()) >> 32);
}

TEST(Point, IsTheUpperHalfOfXxh3SeededByTheSaltsXxh3) {
    EXPECT_EQ(eval::seed_of(""), 0x2D06800538D394C2u) << "xxHash's published value of XXH3_64bits of nothing";
    for (std::size_t size = 0; size < 600; size += size < 40 ? 1 : 37) {
        const std::string unit(size, static_cast<char>('a' + size % 26));
        const std::string salt = "salt-" + std::to_string(size) + std::string(size / 3, 'x');
        EXPECT_EQ(eval::point(eval::seed_of(salt), unit), streamed_point(salt, unit)) << size;
    }
    EXPECT_EQ(eval::point(eval::seed_of(std::string_view("a\0b", 3)), std::string_view("\0", 1)),
              streamed_point(std::string_view("a\0b", 3), std::string_view("\0", 1)));
}

/// The sizes that are written out in `bucket.hpp`, and those around them.
TEST(Point, IsThatOfTheLibraryForShortUnitsOfAnyBytesAndSeeds) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 200'000; ++i) {
        std::string unit(random() % 20, '\0');
        for (char& c : unit) c = static_cast<char>(random());
        const std::uint64_t seed = random();
        ASSERT_EQ(eval::point(seed, unit), XXH3_64bits_withSeed(unit.data(), unit.size(), seed) >> 32)
            << unit.size() << " bytes, seed " << seed;
    }
}

TEST(Point, LayerSlotsAreTheFloorOfTenThousandths) {
    std::vector<std::uint32_t> points{0, 1, 429496, 429497, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF};
    for (std::uint64_t slot = 1; slot < 10'000; ++slot) {  // both sides of every boundary
        const auto first = static_cast<std::uint32_t>(((slot << 32) + 9'999) / 10'000);
        EXPECT_EQ(eval::layer_slot(first), slot);
        EXPECT_EQ(eval::layer_slot(first - 1), slot - 1);
    }
    for (const std::uint32_t point : points)
        EXPECT_EQ(eval::layer_slot(point), static_cast<std::uint32_t>(Wide{point} * 10'000 >> 32));
    EXPECT_EQ(eval::layer_slot(0xFFFFFFFF), 9'999u);
}

// ---- boundaries ----

/// A decimal as it is written, times 10^6.
[[nodiscard]] std::uint64_t micros(std::string_view decimal) {
    const std::size_t dot = decimal.find('.');
    std::string digits(decimal.substr(0, dot));
    std::string fraction(dot == decimal.npos ? "" : decimal.substr(dot + 1));
    fraction.resize(6, '0');
    return std::stoull(digits + fraction);
}

using Weights = std::vector<std::string>;

[[nodiscard]] std::string split_of(const Weights& weights) {
    std::string list;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        list += (i > 0 ? ", " : "") + std::string(R"({"variant": "v)") + std::to_string(i) +
                R"(", "weight": )" + weights[i] + "}";
    }
    return "[" + list + "]";
}

/// A flag `f` of integer variants v0, v1, … split by those weights, with the salt `f`.
[[nodiscard]] std::string split_flag(const Weights& weights) {
    std::string variants;
    for (std::size_t i = 0; i < weights.size(); ++i)
        variants += (i > 0 ? ", " : "") + std::string("\"v") + std::to_string(i) + "\": " + std::to_string(i);
    return document(R"("flags": {"f": {"type": "integer", "variants": {)" + variants +
                    R"(}, "off": "v0", "default": {"split": )" + split_of(weights) + "}}}");
}

[[nodiscard]] std::vector<std::uint64_t> exact_boundaries(const Weights& weights) {
    Wide total = 0;
    for (const std::string& weight : weights) total += micros(weight);
    std::vector<std::uint64_t> boundaries;
    Wide sum = 0;
    for (const std::string& weight : weights) {
        sum += micros(weight);
        boundaries.push_back(static_cast<std::uint64_t>((sum << 32) / total));
    }
    while (boundaries.size() < image::least_ranges) boundaries.push_back(eval::point_range);
    return boundaries;
}

[[nodiscard]] std::vector<std::uint64_t> compiled_boundaries(const CompiledRuleset& ruleset) {
    const image::Entity& entity = *ruleset.view().find("f");
    const std::byte* const base = image::base_of(entity);
    const auto& outcome = image::at<image::Outcome>(base, entity.outcomes);
    const auto& split = image::at<image::Split>(base, outcome.split);
    std::vector<std::uint64_t> boundaries;
    for (const image::SplitRange& range : image::array_at<image::SplitRange>(
             base, outcome.split + static_cast<std::uint32_t>(sizeof split), split.count)) {
        boundaries.push_back(range.below);
    }
    return boundaries;
}

[[nodiscard]] std::vector<Weights> interesting_weights() {
    std::vector<Weights> all{{"1"},
                             {"50", "50"},
                             {"1", "1", "1"},
                             {"0.1", "0.2", "0.3"},
                             {"1000000000", "0.000001"},
                             {"0.000001", "1000000000"},
                             {"0", "1", "0"},
                             {"33.333333", "33.333333", "33.333334"},
                             {"999999999.999999", "1000000000", "0.000001"},
                             {"10", "90"},
                             {"12.5", "87.5"},
                             {"7", "11", "13", "17", "19", "23", "29", "31"},
                             {"0.5", "0.25", "0.125", "0.0625", "0.03125"}};
    Weights many;
    for (int i = 0; i < 1'000; ++i) many.push_back(std::to_string(i % 17) + "." + std::to_string(i % 10));
    all.push_back(many);
    return all;
}

TEST(Split, BoundariesAreExact) {
    for (const Weights& weights : interesting_weights()) {
        const CompiledRuleset ruleset(split_flag(weights));
        EXPECT_EQ(compiled_boundaries(ruleset), exact_boundaries(weights))
            << weights.front() << " of " << weights.size();
    }
}

/// "the variant is the first i with point(salt, unit) < bᵢ".
TEST(Split, EveryUnitGetsTheFirstVariantItsPointIsBelow) {
    for (const Weights& weights : interesting_weights()) {
        const CompiledRuleset ruleset(split_flag(weights));
        const std::vector<std::uint64_t> boundaries = exact_boundaries(weights);
        const std::uint64_t seed = eval::seed_of("f");
        for (int i = 0; i < 5'000; ++i) {
            const std::string unit = "unit-" + std::to_string(i);
            const std::uint32_t point = eval::point(seed, unit);
            std::size_t expected = 0;
            while (point >= boundaries[expected]) ++expected;
            const eval::Answer answer = ruleset.ask("f", User(unit));
            ASSERT_EQ(answer.variant, expected) << unit << " of " << weights.size();
            ASSERT_EQ(answer.reason, Reason::split);
        }
    }
}

/// The order of a split is its list's; the order of `variants` means nothing.
TEST(Split, TheOrderOfTheListCounts) {
    const std::string variants = R"("variants": {"a": true, "b": false})";
    const std::string mirrored = R"("variants": {"b": false, "a": true})";
    const auto flag = [](const std::string& key, const std::string& map, const char* first,
                         const char* second) {
        return "\"" + key + R"(": {"type": "boolean", "off": "a", )" + map +
               R"(, "default": {"salt": "s", "split": [{"variant": ")" + first +
               R"(", "weight": 3}, {"variant": ")" + second + R"(", "weight": 1}]}})";
    };
    const CompiledRuleset ruleset(document("\"flags\": {" + flag("ab", variants, "a", "b") + "," +
                                           flag("ab2", mirrored, "a", "b") + "," +
                                           flag("ba", variants, "b", "a") + "}"));
    for (int i = 0; i < 1'000; ++i) {
        const User user("u" + std::to_string(i));
        const std::uint32_t point = eval::point(eval::seed_of("s"), user.key());
        EXPECT_EQ(ruleset.ask("ab", user).variant_key(), point < 3u << 30 ? "a" : "b");
        EXPECT_EQ(ruleset.ask("ab2", user).variant_key(), ruleset.ask("ab", user).variant_key());
        EXPECT_EQ(ruleset.ask("ba", user).variant_key(), point < 3u << 30 ? "b" : "a");
    }
}

/// Section 4: "`salt` defaults to the flag's key"; section 6 for the others.
TEST(Split, SaltsDefaultToKeys) {
    const CompiledRuleset ruleset(split_flag({"1", "1"}));
    const image::Entity& entity = *ruleset.view().find("f");
    const auto& outcome = image::at<image::Outcome>(image::base_of(entity), entity.outcomes);
    EXPECT_EQ(image::at<image::Split>(image::base_of(entity), outcome.split).seed, eval::seed_of("f"));
}

const std::vector<std::string> percents{"0",         "0.000001",  "0.00001",   "0.1", "1",
                                        "12.5",      "33.333333", "33.333334", "50",  "50.000001",
                                        "66.666667", "99",        "99.999999", "100"};

[[nodiscard]] std::uint64_t percent_boundary(std::string_view percent) {
    return static_cast<std::uint64_t>((Wide{micros(percent)} << 32) / 100'000'000u);
}

/// The same percent as traffic, holdout and sample, with the salts `t`, `h` and `s`.
[[nodiscard]] std::string percent_document(const std::string& percent) {
    return document(
        R"("holdouts": {"h": {"salt": "h", "percent": )" + percent +
        R"(}}, "flags": {"sample": {"type": "boolean", "variants": {"on": true, "off": false},
        "off": "off", "default": "off", "rules": [{"if": {"sample": {"salt": "s", "percent": )" +
        percent + R"(}}, "serve": "on"}]}},
        "experiments": {"traffic": {"type": "boolean", "status": "running", "variants": {"on": true}, "split": [{"variant": "on", "weight": 1}], "salt": "t", "traffic": )" +
        percent +
        R"(}, "holdout": {"type": "boolean", "status": "running", "variants": {"on": true}, "split": [{"variant": "on", "weight": 1}], "holdout": "h"}})");
}

struct Inside {
    bool sample = false;
    bool traffic = false;
    bool holdout = false;
};

[[nodiscard]] Inside inside(const CompiledRuleset& ruleset, const User& user) {
    return {ruleset.ask("sample", user).reason == Reason::targeting_match,
            ruleset.ask("traffic", user).reason == Reason::split,
            ruleset.ask("holdout", user).reason == Reason::holdout};
}

/// "in when point < ⌊p · 2³² / 100⌋ exactly; so 0 is nobody and 100 is everybody".
TEST(Percent, BoundariesAreExact) {
    EXPECT_EQ(percent_boundary("100"), std::uint64_t{1} << 32);
    EXPECT_EQ(percent_boundary("0.000001"), 42u);
    for (const std::string& percent : percents) {
        const CompiledRuleset ruleset(percent_document(percent));
        const std::uint64_t below = percent_boundary(percent);
        const image::Entity& traffic = *ruleset.view().find("traffic");
        const image::Entity& holdout = *ruleset.view().find("holdout");
        EXPECT_EQ(
            image::at<image::ExperimentRecord>(image::base_of(traffic), traffic.experiment).traffic_below,
            below)
            << percent;
        EXPECT_EQ(
            image::at<image::ExperimentRecord>(image::base_of(holdout), holdout.experiment).holdout_below,
            below)
            << percent;
        for (int i = 0; i < 2'000; ++i) {
            const User user("u" + std::to_string(i));
            const Inside got = inside(ruleset, user);
            ASSERT_EQ(got.sample, eval::point(eval::seed_of("s"), user.key()) < below) << percent;
            ASSERT_EQ(got.traffic, eval::point(eval::seed_of("t:traffic"), user.key()) < below) << percent;
            ASSERT_EQ(got.holdout, eval::point(eval::seed_of("h"), user.key()) < below) << percent;
        }
    }
}

// ---- what buckets promise ----

/// "A larger p contains a smaller one: ramps never drop a unit."
TEST(Ramp, ALargerPercentContainsASmaller) {
    std::vector<CompiledRuleset> ramp;
    for (const std::string& percent : percents) ramp.emplace_back(percent_document(percent));
    std::size_t changes = 0;
    for (int i = 0; i < 3'000; ++i) {
        const User user("user-" + std::to_string(i));
        Inside before;
        for (const CompiledRuleset& ruleset : ramp) {
            const Inside now = inside(ruleset, user);
            ASSERT_TRUE((now.sample || !before.sample) && (now.traffic || !before.traffic) &&
                        (now.holdout || !before.holdout))
                << user.key();
            changes += now.sample != before.sample ? 1u : 0u;
            before = now;
        }
        ASSERT_TRUE(before.sample && before.traffic && before.holdout) << "100 is everybody";
    }
    EXPECT_EQ(changes, 3'000u) << "each enters once";
}

/// A split whose first variant grows at the expense of the last moves no unit out of the first.
TEST(Ramp, AGrowingShareKeepsItsUnits) {
    std::set<std::string> before;
    for (int percent = 0; percent <= 100; percent += 5) {
        const CompiledRuleset ruleset(
            split_flag({std::to_string(percent), "0", std::to_string(100 - percent)}));
        std::set<std::string> now;
        for (int i = 0; i < 2'000; ++i) {
            const std::string unit = "u" + std::to_string(i);
            if (ruleset.ask("f", User(unit)).variant == 0) now.insert(unit);
        }
        EXPECT_TRUE(std::includes(now.begin(), now.end(), before.begin(), before.end())) << percent;
        before = std::move(now);
    }
    EXPECT_EQ(before.size(), 2'000u);
}

[[nodiscard]] double chi_square(const std::vector<std::uint32_t>& counts, double expected) {
    double sum = 0;
    for (const std::uint32_t count : counts) {
        const double difference = static_cast<double>(count) - expected;
        sum += difference * difference / expected;
    }
    return sum;
}

/// Of k degrees of freedom chi-square has mean k and variance 2k.
[[nodiscard]] double deviations(double chi, double freedom) {
    return (chi - freedom) / std::sqrt(2 * freedom);
}

constexpr std::uint32_t many_units = 1'000'000;

TEST(Uniformity, AMillionUnitsFallEvenlyIntoAThousandCells) {
    const std::pair<std::string_view, std::string (*)(std::uint32_t)> families[] = {
        {"numbers", [](std::uint32_t i) { return std::to_string(i); }},
        {"user ids", [](std::uint32_t i) { return "user-" + std::to_string(i) + "@example.com"; }},
        {"long ids",
         [](std::uint32_t i) { return "0193f1c2-7a3b-7c44-9f0e-" + std::to_string(100'000'000 + i); }},
        {"raw bytes",
         [](std::uint32_t i) { return std::string(reinterpret_cast<const char*>(&i), sizeof i); }}};
    for (const std::string_view salt : {"checkout-cta", "a"}) {
        for (const auto& [name, unit] : families) {
            std::vector<std::uint32_t> cells(1'000, 0);
            const std::uint64_t seed = eval::seed_of(salt);
            for (std::uint32_t i = 0; i < many_units; ++i)
                ++cells[static_cast<std::size_t>(std::uint64_t{eval::point(seed, unit(i))} * 1'000 >> 32)];
            EXPECT_LT(std::abs(deviations(chi_square(cells, 1'000.0), 999)), 5.0) << salt << ", " << name;
        }
    }
}

/// Two salts: 30 by 30 cells of a contingency table, each as full as independence has it.
TEST(Independence, TwoSaltsChooseIndependently) {
    const std::pair<std::string_view, std::string_view> salts[] = {{"checkout-cta", "checkout-cta:traffic"},
                                                                   {"layer:checkout", "checkout"},
                                                                   {"a", "b"},
                                                                   {"exp-1", "exp-2"},
                                                                   {"holdout:q4", "layer:q4"}};
    for (const auto& [first, second] : salts) {
        std::vector<std::uint32_t> cells(900, 0);
        const std::uint64_t seed = eval::seed_of(first);
        const std::uint64_t other = eval::seed_of(second);
        for (std::uint32_t i = 0; i < many_units; ++i) {
            const std::string unit = "user-" + std::to_string(i);
            const auto row = static_cast<std::size_t>(std::uint64_t{eval::point(seed, unit)} * 30 >> 32);
            ++cells[row * 30 + static_cast<std::size_t>(std::uint64_t{eval::point(other, unit)} * 30 >> 32)];
        }
        EXPECT_LT(std::abs(deviations(chi_square(cells, many_units / 900.0), 899)), 5.0)
            << first << " and " << second;
    }
}

/// Experiments that share a layer share no unit, and ranges that cover it leave none out.
TEST(Layer, RangesAreExclusiveAndTogetherComplete) {
    std::string experiments;
    const int bounds[] = {0, 1, 2'500, 5'000, 9'999, 10'000};
    for (int i = 0; i < 5; ++i) {
        experiments +=
            (i > 0 ? ", " : "") + std::string("\"e") + std::to_string(i) +
            R"(": {"type": "boolean", "status": "running", "variants": {"on": true}, "split": [{"variant": "on", "weight": 1}], "layer": {"key": "l", "from": )" +
            std::to_string(bounds[i]) + R"(, "to": )" + std::to_string(bounds[i + 1]) + "}}";
    }
    const CompiledRuleset ruleset(document(R"("layers": {"l": {}}, "experiments": {)" + experiments + "}"));
    std::vector<int> enrolled(5, 0);
    for (int i = 0; i < 40'000; ++i) {
        const User user("u" + std::to_string(i));
        int in = 0;
        for (int e = 0; e < 5; ++e) {
            if (!ruleset.ask("e" + std::to_string(e), user).exposure) continue;
            ++in;
            ++enrolled[static_cast<std::size_t>(e)];
        }
        ASSERT_EQ(in, 1) << user.key();
    }
    EXPECT_GT(enrolled[0], 0) << "one slot of ten thousand";
    EXPECT_GT(enrolled[4], 0);
    EXPECT_NEAR(enrolled[1], 10'000, 500);
}

}  // namespace
}  // namespace expplat::tests
