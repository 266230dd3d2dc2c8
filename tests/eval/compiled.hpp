// A compiled ruleset with its pattern engine, and its answers as text: for every test that evaluates.
//
// A text that does not compile, or bytes that do not verify, end the test by an exception, which GoogleTest
// reports. Also here: equality of JSON values and the lines of a file. Not thread-safe to make, safe to ask.
#pragma once

#include <cstddef>
#include <fstream>
#include <optional>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "expplat/eval/evaluate.hpp"
#include "expplat/image/image.hpp"
#include "src/ruleset/answer_json.hpp"
#include "src/ruleset/case_json.hpp"
#include "src/ruleset/json.hpp"
#include "src/ruleset/pattern_table.hpp"
#include "src/ruleset/user_json.hpp"
#include "src/ruleset/workspace.hpp"

namespace expplat::tests {

[[nodiscard]] inline User user_of(std::string_view json) {
    Result<User> user = ruleset::parse_user(json);
    if (!user) throw std::runtime_error("no user: " + user.error().message + " in " + std::string(json));
    return *std::move(user);
}

class CompiledRuleset {
public:
    explicit CompiledRuleset(std::string_view json, ruleset::Mode mode = ruleset::Mode::strict)
        : CompiledRuleset(compile(json, mode)) {}
    explicit CompiledRuleset(image::Image image) : image_(std::move(image)), patterns_(image_.view()) {}
    /// What a host gets from a file: a copy of the bytes, verified.
    [[nodiscard]] static CompiledRuleset verified(std::span<const std::byte> bytes) {
        Result<image::Image> image = image::Image::from_bytes(bytes);
        if (!image) throw std::runtime_error("no image: " + image.error().message);
        return CompiledRuleset(*std::move(image));
    }

    [[nodiscard]] image::View view() const noexcept { return image_.view(); }
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return image_.bytes(); }
    [[nodiscard]] eval::Patterns patterns() const noexcept { return patterns_.patterns(); }

    [[nodiscard]] eval::Answer ask(std::string_view key, const User& user) const noexcept {
        return eval::evaluate(view(), key, user, patterns());
    }
    /// The answer as the line that the command line prints.
    [[nodiscard]] std::string answer_line(std::string_view case_line) const {
        const ruleset::Case question = ruleset::parse_case(case_line);
        return line(question.key, question.key && question.user ? ask(*question.key, *question.user)
                                                                : ruleset::unreadable_user());
    }
    [[nodiscard]] std::string line(std::optional<std::string_view> key, const eval::Answer& answer) const {
        std::string text;
        ruleset::append_answer_json(text, key, answer, view().version());
        return text;
    }
    /// `on TARGETING_MATCH eu`: variant (`-` for none), reason, then where there is one the error, the rule, and
    /// `exposure`.
    [[nodiscard]] std::string summary(std::string_view key, const User& user) const {
        return summary(ask(key, user));
    }
    [[nodiscard]] std::string summary(std::string_view key, std::string_view user_json) const {
        return summary(key, user_of(user_json));
    }
    [[nodiscard]] static std::string summary(const eval::Answer& answer) {
        std::string text = answer.has_variant() ? std::string(answer.variant_key()) : "-";
        text.append(" ").append(name(answer.reason));
        if (answer.error != EvaluationError::none) text.append(" ").append(name(answer.error));
        if (!answer.rule.empty()) text.append(" ").append(answer.rule);
        if (answer.exposure) text += " exposure";
        return text;
    }

private:
    [[nodiscard]] static image::Image compile(std::string_view json, ruleset::Mode mode) {
        Result<ruleset::Compiled> compiled = ruleset::Workspace(mode).compile(json);
        if (!compiled) throw std::runtime_error("refused: " + compiled.error().message);
        return std::move(compiled->image);
    }

    image::Image image_;
    ruleset::PatternTable patterns_;
};

/// A whole document of the maps given: `"flags": {…}, "segments": {…}`.
[[nodiscard]] inline std::string document(std::string_view maps, std::uint64_t version = 1) {
    return R"({"format": "expplat.ruleset/1", "environment": "test", "version": )" + std::to_string(version) +
           (maps.empty() ? "" : ", ") + std::string(maps) + "}";
}

/// Equal as JSON values: members in any order, an integer never equal to a double.
[[nodiscard]] inline bool same_value(const ruleset::Node& a, const ruleset::Node& b) {
    using ruleset::NodeKind;
    if (a.kind() != b.kind()) return false;
    switch (a.kind()) {
        case NodeKind::null: return true;
        case NodeKind::boolean: return a.boolean() == b.boolean();
        case NodeKind::integer: return a.integer() == b.integer();
        case NodeKind::real: return a.real() == b.real();
        case NodeKind::string: return a.text() == b.text();
        case NodeKind::array: {
            if (a.items().size() != b.items().size()) return false;
            for (std::size_t i = 0; i < a.items().size(); ++i) {
                if (!same_value(a.items()[i], b.items()[i])) return false;
            }
            return true;
        }
        case NodeKind::object: break;
    }
    if (a.members().size() != b.members().size()) return false;
    for (const ruleset::Member& member : a.members()) {
        const ruleset::Node* const other = b.find(member.name);
        if (member.repeated || other == nullptr || !same_value(member.value, *other)) return false;
    }
    return true;
}
[[nodiscard]] inline bool same_json(std::string_view a, std::string_view b) {
    const Result<ruleset::Document> left = ruleset::parse_json(a);
    const Result<ruleset::Document> right = ruleset::parse_json(b);
    return left && right && same_value(left->root(), right->root());
}

[[nodiscard]] inline std::string file_content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + path);
    std::ostringstream content;
    content << file.rdbuf();
    return std::move(content).str();
}
/// The lines that are not blank.
[[nodiscard]] inline std::vector<std::string> file_lines(const std::string& path) {
    std::istringstream content(file_content(path));
    std::vector<std::string> lines;
    for (std::string line; std::getline(content, line);) {
        if (!ruleset::is_blank(line)) lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace expplat::tests
