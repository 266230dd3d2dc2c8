// An image's tables: every key is found, nothing else is, and order is the document's.
//
// What each struct looks like is asserted in `layout.hpp` itself; `verify_test.cpp` proves the bounds.
#include "expplat/image/view.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/eval/compiled.hpp"

namespace expplat::tests {
namespace {

[[nodiscard]] std::string flag_named(const std::string& key) {
    return "\"" + key + R"(": {"type": "boolean", "variants": {"on": true}, "off": "on", "default": "on"})";
}

[[nodiscard]] std::string experiment_named(const std::string& key) {
    return "\"" + key +
           R"(": {"type": "boolean", "status": "draft", "variants": {"on": true}, "split": [{"variant": "on", "weight": 1}]})";
}

TEST(Layout, AnEmptyRulesetHasNoKey) {
    const CompiledRuleset empty(document("", 9));
    EXPECT_EQ(empty.view().entities().size(), 0u);
    EXPECT_EQ(empty.view().find(""), nullptr);
    EXPECT_EQ(empty.view().find("a"), nullptr);
    EXPECT_EQ(empty.view().version(), 9u);
    EXPECT_EQ(empty.view().environment(), "test");
    EXPECT_EQ(empty.view().size(), empty.bytes().size());
}

TEST(Layout, EveryOneOfManyKeysIsFoundAndNoOther) {
    std::vector<std::string> keys;
    std::string maps = "\"flags\": {";
    for (int i = 0; i < 10'000; ++i) {
        keys.push_back("flag-" + std::to_string(i * 7919));
        maps += (i > 0 ? "," : "") + flag_named(keys.back());
    }
    const CompiledRuleset many(document(maps + "}"));
    const image::View view = many.view();
    ASSERT_EQ(view.entities().size(), keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const image::Entity* const found = view.find(keys[i]);
        ASSERT_NE(found, nullptr) << keys[i];
        ASSERT_EQ(image::key_of(*found), keys[i]);
        ASSERT_EQ(found->ordinal, i);
        ASSERT_EQ(view.offset_of(*found), view.entities()[i]);
        ASSERT_EQ(view.find(keys[i], hash64(keys[i])), found);
        ASSERT_EQ(view.find(keys[i] + "x"), nullptr);
        ASSERT_EQ(view.find(keys[i].substr(1)), nullptr);
        ASSERT_EQ(view.find("absent-" + std::to_string(i)), nullptr);
    }
}

TEST(Layout, KeysOfEveryLengthAreFound) {
    std::vector<std::string> keys;
    std::string maps = "\"flags\": {";
    for (std::size_t size = 1; size <= limits::key_bytes; ++size) {
        for (const char last : {'a', 'b'}) {
            keys.push_back(std::string(size - 1, 'k') + last);
            maps += (keys.size() > 1 ? "," : "") + flag_named(keys.back());
        }
    }
    const CompiledRuleset lengths(document(maps + "}"));
    for (const std::string& key : keys) {
        ASSERT_NE(lengths.view().find(key), nullptr) << key;
        EXPECT_EQ(image::key_of(*lengths.view().find(key)), key);
        EXPECT_EQ(lengths.view().find(key + std::string(1, '\0')), nullptr);
    }
    EXPECT_EQ(lengths.view().find(std::string(limits::key_bytes + 1, 'k')), nullptr);
    EXPECT_EQ(lengths.view().find(std::string(1 << 20, 'k')), nullptr);
}

TEST(Layout, FlagsComeBeforeExperimentsEachInDocumentOrder) {
    const CompiledRuleset mixed(document("\"experiments\": {" + experiment_named("e2") + "," +
                                         experiment_named("e1") + "}, \"flags\": {" + flag_named("z") + "," +
                                         flag_named("a") + "}"));
    std::string order;
    for (const image::Offset offset : mixed.view().entities()) {
        order += std::string(image::key_of(mixed.view().entity(offset))) + " ";
    }
    EXPECT_EQ(order, "z a e2 e1 ");
    EXPECT_EQ(mixed.view().header().flag_count, 2u);
}

/// Decision 1: "references always to lower offsets".
TEST(Layout, WhatIsNamedStandsLower) {
    const CompiledRuleset named(document(R"("flags": {
        "first": {"type": "boolean", "variants": {"on": true}, "off": "on", "default": "on", "prerequisites": [{"flag": "second", "variants": ["on"]}]},
        "second": {"type": "boolean", "variants": {"on": true}, "off": "on", "default": "on", "rules": [{"if": {"segment": "s"}, "serve": "on"}]}},
        "segments": {"s": {"if": {"segment": "t"}}, "t": {}})"));
    const image::View view = named.view();
    EXPECT_LT(view.offset_of(*view.find("second")), view.offset_of(*view.find("first")));
    EXPECT_LT(view.find("first")->ordinal, view.find("second")->ordinal) << "document order is another thing";
    const auto segments =
        image::array_at<image::Offset>(view.data(), view.header().segments, view.header().segment_count);
    ASSERT_EQ(segments.size(), 2u);
    EXPECT_EQ(image::key_of(view.segment(segments[0])), "t");
    EXPECT_EQ(image::key_of(view.segment(segments[1])), "s");
}

TEST(Layout, EveryTextMayBeReadSixteenBytesAtATime) {
    const CompiledRuleset small(document("\"flags\": {" + flag_named("a") + "}"));
    const auto bytes = small.bytes();
    for (std::size_t i = bytes.size() - image::tail_bytes; i < bytes.size(); ++i)
        EXPECT_EQ(bytes[i], std::byte{0});
    EXPECT_EQ(bytes.size() % 8, 0u);
}

TEST(Layout, EqualPatternsShareANumber) {
    const auto rule = [](const char* pattern, const char* ignore_case) {
        return std::string(R"({"if": {"attribute": "x", "matches": ")") + pattern + R"(", "ignore_case": )" +
               ignore_case + R"(}, "serve": "on"})";
    };
    const auto flag = [&](const std::string& key, const std::string& rules) {
        return "\"" + key +
               R"(": {"type": "boolean", "variants": {"on": true}, "off": "on", "default": "on", "rules": [)" +
               rules + "]}";
    };
    const CompiledRuleset patterns(
        document("\"flags\": {" +
                 flag("a", rule("^a", "false") + "," + rule("^a", "true") + "," + rule("^a", "false")) + "," +
                 flag("b", rule("^a", "true") + "," + rule("b$", "false")) + "}"));
    std::multiset<std::string> texts;
    for (const image::PatternRecord& record : patterns.view().patterns()) {
        texts.insert(std::string(patterns.view().text(record.text)) +
                     (record.ignore_case != 0 ? " folded" : ""));
    }
    EXPECT_EQ(texts, (std::multiset<std::string>{"^a", "^a folded", "b$"}));
}

}  // namespace
}  // namespace expplat::tests
