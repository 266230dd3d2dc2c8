// The compiled image against the naive evaluator, which shares no code with it (tests/support/naive_evaluator.hpp).
//
// Generated rulesets and users; every key is asked of both, and answers are compared member for member. More rulesets
// than usual: EXPPLAT_DIFFERENTIAL_RULESETS=100000, and another beginning: EXPPLAT_DIFFERENTIAL_SEED=7. A failure prints
// the seed of its ruleset, which alone brings it back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "expplat/eval/explain.hpp"
#include "tests/eval/compiled.hpp"
#include "tests/support/naive_evaluator.hpp"
#include "tests/support/ruleset_generator.hpp"

namespace expplat::tests {
namespace {

[[nodiscard]] std::uint64_t number_from(const char* variable, std::uint64_t fallback) {
    const char* const text = std::getenv(variable);
    return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

constexpr std::size_t users_of_a_ruleset = 25;

/// What the run met, so that it proves something.
struct Met {
    std::size_t answers = 0;
    std::size_t unreadable_users = 0;
    std::set<std::string> summaries;  // reason, error, exposure
};

[[nodiscard]] std::string answer_of(const CompiledRuleset& ruleset, const std::string& key,
                                    const Result<User>& user) {
    return ruleset.line(key, user ? ruleset.ask(key, *user) : ruleset::unreadable_user());
}

void compare_one(std::uint64_t seed, Met& met) {
    RulesetGenerator generator(seed);
    const std::string text = generator.ruleset();
    const Result<ruleset::Document> parsed = ruleset::parse_json(text);
    ASSERT_TRUE(parsed.ok()) << "seed " << seed << ": " << parsed.error().message << "\n" << text;
    Result<ruleset::Compiled> strict = ruleset::Workspace(ruleset::Mode::strict).compile(text);
    ASSERT_TRUE(strict.ok()) << "seed " << seed << ": " << strict.error().message << "\n" << text;
    const NaiveEvaluator naive(parsed->root());
    const CompiledRuleset ruleset = CompiledRuleset::verified(strict->image.bytes());
    const CompiledRuleset tolerant(text, ruleset::Mode::tolerant);
    ASSERT_EQ(
        std::string_view(reinterpret_cast<const char*>(ruleset.bytes().data()), ruleset.bytes().size()),
        std::string_view(reinterpret_cast<const char*>(tolerant.bytes().data()), tolerant.bytes().size()))
        << "seed " << seed << ": what strict mode accepts, tolerant mode compiles to the same image";

    std::vector<std::string> keys = generator.keys();
    ASSERT_EQ(ruleset.view().entities().size(), keys.size()) << "seed " << seed;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        ASSERT_EQ(image::key_of(ruleset.view().entity(ruleset.view().entities()[i])), keys[i])
            << "seed " << seed;
    }
    keys.emplace_back("no such key");
    for (std::size_t i = 0; i < users_of_a_ruleset; ++i) {
        const std::string user_text = generator.user();
        const Result<ruleset::Document> user_json = ruleset::parse_json(user_text);
        const Result<User> user = ruleset::parse_user(user_text);
        met.unreadable_users += user ? 0u : 1u;
        for (const std::string& key : keys) {
            const std::string expected = naive.answer(key, user_json ? &user_json->root() : nullptr);
            const std::string got = answer_of(ruleset, key, user);
            ++met.answers;
            ASSERT_TRUE(same_json(got, expected))
                << "seed " << seed << ", key " << key << "\nuser  " << user_text << "\nimage " << got
                << "\nnaive " << expected << "\nruleset " << text;
            const image::Entity* const entity = ruleset.view().find(key);
            if (!user || entity == nullptr) continue;
            const eval::Answer answer = ruleset.ask(key, *user);
            met.summaries.insert(std::string(name(answer.reason)) + " " + std::string(name(answer.error)) +
                                 (answer.exposure ? " exposure" : ""));
            const eval::Answer explained =
                eval::explain(ruleset.view(), *entity, *user, ruleset.patterns(), [](const eval::Step&) {});
            ASSERT_EQ(CompiledRuleset::summary(explained), CompiledRuleset::summary(answer))
                << "seed " << seed << ", key " << key;
        }
    }
}

TEST(Differential, GeneratedRulesetsGiveTheNaiveEvaluatorsAnswers) {
    const std::uint64_t first = number_from("EXPPLAT_DIFFERENTIAL_SEED", 1);
    const std::uint64_t count = number_from("EXPPLAT_DIFFERENTIAL_RULESETS", 400);
    Met met;
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        compare_one(seed, met);
        if (HasFailure()) return;
    }
    if (count < 300) return;
    EXPECT_GT(met.answers, count * users_of_a_ruleset);
    EXPECT_GT(met.unreadable_users, 0u);
    // Of every reason of section 7, but those that only a client gives.
    for (const char* summary :
         {"DISABLED ", "PREREQUISITE_FAILED ", "TARGETING_MATCH ", "SPLIT ", "SPLIT  exposure", "DEFAULT ",
          "HOLDOUT ", "NOT_TARGETED ", "NOT_ENROLLED ", "ERROR TARGETING_KEY_MISSING"}) {
        EXPECT_TRUE(met.summaries.contains(summary)) << summary;
    }
    RecordProperty("answers", std::to_string(met.answers));
}

}  // namespace
}  // namespace expplat::tests
