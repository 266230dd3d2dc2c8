// Every worked case of `tests/conformance/` through the C face: the program calls `expplat/c/expplat.h` alone, a case's
// user goes through `expplat_user_from_json`. Answers are compared member for member as JSON values.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "expplat/c/expplat.h"
#include "src/ruleset/json_scan.hpp"
#include "tests/eval/compiled.hpp"

namespace expplat::tests {
namespace {

[[nodiscard]] expplat_str str(std::string_view text) { return {text.data(), text.size()}; }

[[nodiscard]] std::string taken(expplat_text text) {
    std::string result(text.data == nullptr ? "" : text.data, text.size);
    expplat_text_free(text);
    return result;
}

/// The text of a line's member of that name; empty where it is there not once, or nested deeper than a line may be.
[[nodiscard]] std::string_view member_text(std::string_view line, std::string_view name) {
    const std::string readable = ruleset::with_surrogates_replaced(line);
    const Result<ruleset::Document> parsed = ruleset::parse_json(readable, limits::ruleset_bytes, 1'000'000);
    if (!parsed || parsed->root().kind() != ruleset::NodeKind::object) return {};
    const std::vector<std::string_view> texts = ruleset::member_texts(line);
    std::string_view found;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (parsed->root().members()[i].name != name) continue;
        if (!found.empty()) return {};
        found = texts[i];
    }
    return ruleset::first_too_deep(found, limits::json_depth - 1) < found.size() ? std::string_view{} : found;
}

class ConformanceInC : public ::testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        folder_ = std::string(EXPPLAT_CONFORMANCE) + "/" + GetParam();
        expplat_config* const config = expplat_config_create();
        ASSERT_EQ(expplat_config_source_text(config, str(file_content(folder_ + "/ruleset.json"))),
                  EXPPLAT_OK);
        client_ = expplat_open(config, nullptr);
        expplat_config_destroy(config);
        ASSERT_NE(client_, nullptr);
    }
    void TearDown() override { expplat_destroy(client_); }

    /// The whole answer as the face gives it: by key, and by the struct, whose members must be the same.
    [[nodiscard]] std::string answer_line(std::string_view line) const {
        const std::optional<std::string> key = ruleset::parse_case(line).key;
        if (!key) {  // no question at all: nothing of the face is concerned
            std::string text;
            ruleset::append_answer_json(text, key, ruleset::unreadable_user(), version());
            return text;
        }
        expplat_user* const user = expplat_user_from_json(str(member_text(line, "user")), nullptr);
        const std::string json = taken(expplat_evaluate_json(client_, str(*key), user));
        expect_same_struct(json, *key, user);
        expplat_user_destroy(user);
        return json;
    }

    void expect_same_struct(const std::string& json, const std::string& key, const expplat_user* user) const {
        expplat_answer answer;
        expplat_text text;
        expplat_variant_with_text(client_, str(key), user, &answer, &text);
        const Result<ruleset::Document> parsed = ruleset::parse_json(json);
        ASSERT_TRUE(parsed.ok()) << json;
        const auto member = [&](std::string_view name) { return *parsed->root().find(name); };
        const auto text_of = [&](std::string_view name) {
            return member(name).kind() == ruleset::NodeKind::string ? std::string(member(name).text()) : "";
        };
        EXPECT_EQ(answer.variant, text_of("variant"));
        EXPECT_EQ(expplat_reason_name(answer.reason), text_of("reason"));
        EXPECT_EQ(expplat_evaluation_name(answer.error), text_of("error"));
        EXPECT_EQ(std::string(answer.rule, answer.rule_size), text_of("rule").substr(0, answer.rule_size));
        EXPECT_EQ(answer.exposure, member("exposure").boolean());
        switch (answer.kind) {
            case EXPPLAT_KIND_NULL: EXPECT_EQ(member("value").kind(), ruleset::NodeKind::null); break;
            case EXPPLAT_KIND_BOOLEAN: EXPECT_EQ(answer.value.boolean, member("value").boolean()); break;
            case EXPPLAT_KIND_INTEGER: EXPECT_EQ(answer.value.integer, member("value").integer()); break;
            case EXPPLAT_KIND_STRING: EXPECT_EQ(std::string(text.data, text.size), text_of("value")); break;
            case EXPPLAT_KIND_OBJECT:
                EXPECT_TRUE(same_json(text.data, ruleset::to_json(member("value"))));
                break;
            default: EXPECT_EQ(answer.kind, EXPPLAT_KIND_NUMBER); break;
        }
        expplat_text_free(text);
    }

    [[nodiscard]] std::uint64_t version() const {
        expplat_stats stats;
        stats.struct_size = sizeof(stats);
        return expplat_get_stats(client_, &stats) == EXPPLAT_OK ? stats.ruleset_version : 0;
    }

    std::string folder_;
    expplat_client* client_ = nullptr;
};

TEST_P(ConformanceInC, EveryAnswer) {
    const std::vector<std::string> cases = file_lines(folder_ + "/cases.jsonl");
    const std::vector<std::string> answers = file_lines(folder_ + "/answers.jsonl");
    ASSERT_FALSE(cases.empty());
    ASSERT_EQ(cases.size(), answers.size());
    int shown = 0;
    for (std::size_t i = 0; i < cases.size() && shown < 10; ++i) {
        const std::string got = answer_line(cases[i]);
        if (same_json(got, answers[i]) &&
            same_json(taken(expplat_evaluate_case(client_, str(cases[i]))), answers[i]))
            continue;
        ++shown;
        ADD_FAILURE() << GetParam() << " case " << i + 1 << ": " << cases[i] << "\n  is  " << got
                      << "\n  not " << answers[i];
    }
}

INSTANTIATE_TEST_SUITE_P(Vectors, ConformanceInC,
                         ::testing::Values("vectors/edges", "vectors/random-1", "vectors/random-2",
                                           "vectors/random-3", "vectors/random-4", "vectors/random-5",
                                           "vectors/random-6", "brave-studies", "own"),
                         [](const auto& suite) {
                             std::string name;
                             for (const char c : std::string(suite.param)) {
                                 if (c != '/') name += c == '-' ? '_' : c;
                             }
                             return name;
                         });

}  // namespace
}  // namespace expplat::tests
