// Small rulesets as text, and what the reader and the check say of them: for the tests beside this file.
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "src/ruleset/check.hpp"
#include "src/ruleset/json.hpp"
#include "src/ruleset/read.hpp"

namespace expplat::ruleset::test {

[[nodiscard]] inline std::string file_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file.is_open()) << path;
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

[[nodiscard]] inline std::vector<std::string> file_lines(const std::string& path) {
    std::istringstream text(file_text(path));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
}

[[nodiscard]] inline Document parsed(std::string_view text) {
    Result<Document> document = parse_json(text);
    EXPECT_TRUE(document.ok()) << document.error().message << " in " << text.substr(0, 300);
    return document ? *document : *parse_json("null");
}

[[nodiscard]] inline std::vector<const Outline*> outlines_of(const std::vector<Entity>& entities) {
    std::vector<const Outline*> outlines;
    for (const Entity& entity : entities) outlines.push_back(&entity.outline);
    return outlines;
}

/// All that is wrong with a text, as its refusal would print it: `POINTER: message`.
[[nodiscard]] inline std::vector<Problem> problems_of(std::string_view text, Mode mode = Mode::strict) {
    const Result<Document> document = parse_json(text);
    if (!document) return {{0, 0, 0, "", document.error().message}};
    const Reading reading = read(*document, mode);
    Checked checked = check_references(outlines_of(reading.entities), reading.map_places);
    std::vector<Problem> problems = reading.problems;
    problems.insert(problems.end(), checked.problems.begin(), checked.problems.end());
    sort_problems(problems);
    return problems;
}

[[nodiscard]] inline std::vector<std::string> pointers_of(std::string_view text, Mode mode = Mode::strict) {
    std::vector<std::string> pointers;
    for (const Problem& problem : problems_of(text, mode)) pointers.push_back(problem.pointer);
    return pointers;
}

/// A ruleset of the members given: `"flags": {…}`, …
[[nodiscard]] inline std::string ruleset(std::string_view members) {
    std::string text = R"({"format": "expplat.ruleset/1", "environment": "test", "version": 1)";
    if (!members.empty()) text.append(", ").append(members);
    return text + "}";
}

/// A flag of the two variants `on` and `off` with more members.
[[nodiscard]] inline std::string flag(std::string_view members = "") {
    std::string text =
        R"({"type": "boolean", "variants": {"on": true, "off": false}, "off": "off", "default": "off")";
    if (!members.empty()) text.append(", ").append(members);
    return text + "}";
}

/// A running experiment of the variants `a` and `b` with more members.
[[nodiscard]] inline std::string experiment(std::string_view members = "",
                                            std::string_view status = "running") {
    std::string text = R"({"type": "string", "status": ")" + std::string(status) +
                       R"(", "variants": {"a": "A", "b": "B"}, "split": [{"variant": "a", "weight": 1}])";
    if (!members.empty()) text.append(", ").append(members);
    return text + "}";
}

/// A ruleset of one flag `f` with more members, and a segment `s`.
[[nodiscard]] inline std::string flag_ruleset(std::string_view members) {
    return ruleset(R"("segments": {"s": {}}, "flags": {"f": )" + flag(members) + "}");
}

/// A ruleset whose flag `f` has one rule with that condition.
[[nodiscard]] inline std::string condition_ruleset(std::string_view condition) {
    return flag_ruleset(R"("rules": [{"serve": "on", "if": )" + std::string(condition) + "}]");
}

[[nodiscard]] inline bool is_adopted(std::string_view text) {
    return problems_of(text, Mode::tolerant).empty();
}

/// The outline of the entity of that key, read tolerantly.
[[nodiscard]] inline Outline outline_of(std::string_view text, std::string_view key) {
    const Document document = parsed(text);
    Reading reading = read(document, Mode::tolerant);
    for (Entity& entity : reading.entities) {
        if (entity.outline.key == key) return std::move(entity.outline);
    }
    ADD_FAILURE() << "no " << key;
    return {};
}

/// Of the entity of that key, read tolerantly: whether it and all it names are supported.
[[nodiscard]] inline bool is_supported(std::string_view text, std::string_view key) {
    const Document document = parsed(text);
    const Reading reading = read(document, Mode::tolerant);
    const Checked checked = check_references(outlines_of(reading.entities), reading.map_places);
    for (std::size_t i = 0; i < reading.entities.size(); ++i) {
        if (reading.entities[i].outline.key == key) return checked.supported[i] != 0;
    }
    ADD_FAILURE() << "no " << key;
    return false;
}

using Pointers = std::vector<std::string>;

}  // namespace expplat::ruleset::test
