// Every worked case of `tests/conformance/`, through the C++ core: compiled from JSON, and again from the bytes of
// the image as a host gets them. Answers are compared member for member as JSON values, integers staying integers.
//
// The same folders run through the command line in `tests/cli/cli_test.cpp`, and through every binding.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/eval/compiled.hpp"

namespace expplat::tests {
namespace {

constexpr int shown_differences = 10;

class Conformance : public ::testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        const std::string folder = std::string(EXPPLAT_CONFORMANCE) + "/" + GetParam();
        ruleset_ = file_content(folder + "/ruleset.json");
        cases_ = file_lines(folder + "/cases.jsonl");
        answers_ = file_lines(folder + "/answers.jsonl");
        ASSERT_FALSE(cases_.empty());
        ASSERT_EQ(cases_.size(), answers_.size());
    }

    void expect_every_answer(const CompiledRuleset& ruleset) const {
        int shown = 0;
        for (std::size_t i = 0; i < cases_.size() && shown < shown_differences; ++i) {
            const std::string got = ruleset.answer_line(cases_[i]);
            if (same_json(got, answers_[i])) continue;
            ++shown;
            ADD_FAILURE() << GetParam() << " case " << i + 1 << ": " << cases_[i] << "\n  is  " << got
                          << "\n  not " << answers_[i];
        }
    }

    std::string ruleset_;
    std::vector<std::string> cases_;
    std::vector<std::string> answers_;
};

TEST_P(Conformance, EveryAnswerFromJson) { expect_every_answer(CompiledRuleset(ruleset_)); }

TEST_P(Conformance, EveryAnswerFromTheVerifiedImage) {
    const CompiledRuleset compiled(ruleset_);
    expect_every_answer(CompiledRuleset::verified(compiled.bytes()));
}

/// Section 7: "as JSON in this order". The answers' order is part of no comparison above.
TEST_P(Conformance, MembersComeInThePagesOrder) {
    const CompiledRuleset compiled(ruleset_);
    const std::string line = compiled.answer_line(cases_.front());
    const Result<ruleset::Document> answer = ruleset::parse_json(line);
    ASSERT_TRUE(answer.ok()) << line;
    std::string names;
    for (const ruleset::Member& member : answer->root().members()) names += std::string(member.name) + " ";
    EXPECT_EQ(names, "key variant value reason rule error exposure version ");
}

INSTANTIATE_TEST_SUITE_P(Vectors, Conformance,
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

/// A refusal prints the vector's pointer first; null is a ruleset that must be accepted.
TEST(Invalid, EveryRefusalPrintsItsPointerFirst) {
    const std::vector<std::string> lines =
        file_lines(std::string(EXPPLAT_CONFORMANCE) + "/vectors/invalid.jsonl");
    ASSERT_GE(lines.size(), 90u);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const Result<ruleset::Document> line =
            ruleset::parse_json(lines[i], limits::ruleset_bytes, 2 * limits::json_depth);
        ASSERT_TRUE(line.ok()) << "line " << i + 1 << ": " << line.error().message;
        const ruleset::Node* const text = line->root().find("text");
        const ruleset::Node* const tree = line->root().find("ruleset");
        ASSERT_TRUE(text != nullptr || tree != nullptr) << "line " << i + 1;
        const std::string ruleset_text = text != nullptr ? std::string(text->text()) : to_json(*tree);
        const ruleset::Node& pointer = *line->root().find("pointer");

        ruleset::Workspace workspace(ruleset::Mode::strict);
        const Result<ruleset::Compiled> compiled = workspace.compile(ruleset_text);
        if (pointer.kind() == ruleset::NodeKind::null) {
            EXPECT_TRUE(compiled.ok()) << "line " << i + 1 << ": " << compiled.error().message;
            continue;
        }
        ASSERT_FALSE(compiled.ok()) << "line " << i + 1 << " was accepted, not refused at " << pointer.text();
        EXPECT_EQ(compiled.error().code, ErrorCode::invalid_ruleset);
        const std::string first = compiled.error().message.substr(0, compiled.error().message.find('\n'));
        EXPECT_TRUE(first.starts_with(std::string(pointer.text()) + ": "))
            << "line " << i + 1 << ": expected " << pointer.text() << ", got " << first;
        EXPECT_EQ(workspace.version(), 0u) << "a refused document changes nothing";
    }
}

}  // namespace
}  // namespace expplat::tests
