// Images made by hand, each of which would hurt an evaluator that trusted it: `image::verify` refuses them all, and
// says in which part the lie is.
//
// Every image is a compiled one with a few fields changed in place and its checksum made right.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "expplat/image/verify.hpp"
#include "tests/eval/compiled.hpp"
#include "tests/image/sample.hpp"

namespace expplat::tests {
namespace {

using image::Header;
using image::Jump;
using image::Opcode;
using image::Ref;

/// A compiled ruleset whose parts are found by key and changed in place.
class Hostile {
public:
    explicit Hostile(std::string_view maps) : Hostile(CompiledRuleset(document(maps))) {}
    explicit Hostile(const CompiledRuleset& compiled)
        : bytes_(copy_of(compiled)), view_(image::View::trust(bytes_.data())) {}

    [[nodiscard]] Header& header() { return edit<Header>(bytes_, 0); }
    [[nodiscard]] image::Offset offset(std::string_view key) const {
        return view_.offset_of(*view_.find(key));
    }
    [[nodiscard]] image::Entity& entity(std::string_view key) {
        return edit<image::Entity>(bytes_, offset(key));
    }
    [[nodiscard]] image::Offset segment_offset(std::uint32_t number) {
        return edit<image::Offset>(bytes_, header().segments + number * sizeof(image::Offset));
    }
    [[nodiscard]] image::Segment& segment(std::uint32_t number) {
        return edit<image::Segment>(bytes_, segment_offset(number));
    }
    /// A struct of the chunk that starts at `chunk`.
    template <class T>
    [[nodiscard]] T& in(image::Offset chunk, Ref ref, std::uint32_t number = 0) {
        return edit<T>(bytes_, chunk + ref + number * sizeof(T));
    }
    [[nodiscard]] image::Instruction& instruction(std::string_view key, std::uint32_t number) {
        return in<image::Instruction>(offset(key), entity(key).code, number);
    }
    [[nodiscard]] image::Instruction& segment_instruction(std::uint32_t segment_number,
                                                          std::uint32_t number) {
        return in<image::Instruction>(segment_offset(segment_number), segment(segment_number).code, number);
    }
    /// Jumps to an instruction and to an outcome of a flag or experiment, by number.
    [[nodiscard]] Jump to(std::string_view key, std::uint32_t number) {
        return entity(key).code + number * static_cast<Jump>(sizeof(image::Instruction));
    }
    [[nodiscard]] Jump end(std::string_view key, std::uint32_t number) {
        return image::terminal | (entity(key).outcomes + number * static_cast<Jump>(sizeof(image::Outcome)));
    }
    [[nodiscard]] Jump to_in_segment(std::uint32_t segment_number, std::uint32_t number) {
        return segment(segment_number).code + number * static_cast<Jump>(sizeof(image::Instruction));
    }
    [[nodiscard]] image::PrerequisiteRecord& prerequisite(std::string_view key, std::uint32_t number = 0) {
        return in<image::PrerequisiteRecord>(offset(key), entity(key).prerequisites, number);
    }
    [[nodiscard]] image::Outcome& outcome(std::string_view key, std::uint32_t number) {
        return in<image::Outcome>(offset(key), entity(key).outcomes, number);
    }

    [[nodiscard]] std::string refusal() {
        fix_checksum(bytes_);
        return tests::refusal(bytes_);
    }
    [[nodiscard]] image::Buffer& bytes() { return bytes_; }
    [[nodiscard]] const image::View& view() const { return view_; }

private:
    image::Buffer bytes_;
    image::View view_;
};

constexpr std::string_view entity_refused = "invalid_image: a flag or experiment of the image does not hold";
constexpr std::string_view segment_refused = "invalid_image: a segment of the image does not hold";
constexpr std::string_view tables_refused = "invalid_image: the image's tables do not hold";
constexpr std::string_view index_refused = "invalid_image: the image's key index does not hold";

constexpr std::string_view chain =
    R"("segments": {"s0": {"if": {"attribute": "x", "is": 1}}, "s1": {"if": {"any": [{"attribute": "x", "is": 2}, {"segment": "s0"}]}}},
    "flags": {"a": {"type": "boolean", "variants": {"on": true, "off": false}, "off": "off", "default": "on"},
              "b": {"type": "boolean", "variants": {"on": true, "off": false}, "off": "off", "default": "on", "prerequisites": [{"flag": "a", "variants": ["on"]}],
                    "rules": [{"if": {"segment": "s1"}, "serve": "on"}, {"if": {"attribute": "x", "matches": "a"}, "serve": {"split": [{"variant": "on", "weight": 1}, {"variant": "off", "weight": 1}]}}]},
              "c": {"type": "boolean", "variants": {"on": true, "off": false}, "off": "off", "default": "on"}},
    "experiments": {"e": {"type": "string", "status": "running", "variants": {"v": "V"}, "split": [{"variant": "v", "weight": 1}], "if": {"segment": "s0"}}})";

TEST(HostileImage, PrerequisitesLeadOnlyToLowerEntities) {
    const auto with = [](const std::function<image::Offset(Hostile&)>& target) {
        Hostile image(chain);
        image.prerequisite("b").entity = target(image);
        return image.refusal();
    };
    EXPECT_EQ(with([](Hostile& image) { return image.offset("a"); }), "accepted");
    EXPECT_EQ(with([](Hostile& image) { return image.offset("b"); }), entity_refused) << "itself";
    EXPECT_EQ(with([](Hostile& image) { return image.offset("c"); }), entity_refused) << "a later one";
    EXPECT_EQ(with([](Hostile& image) { return image.segment_offset(0); }), entity_refused) << "a segment";
    EXPECT_EQ(with([](Hostile& image) { return image.offset("a") + 8; }), entity_refused)
        << "the middle of one";
    EXPECT_EQ(with([](Hostile&) { return image::Offset{0}; }), entity_refused) << "the header";
    EXPECT_EQ(with([](Hostile&) { return image::none; }), entity_refused);
    Hostile unsupported(chain);
    unsupported.entity("a").flags |= image::entity_flags::unsupported | image::entity_flags::special;
    EXPECT_EQ(unsupported.refusal(), entity_refused)
        << "what names an unsupported one must be unsupported itself";
    Hostile heaviest(chain);
    heaviest.entity("b").heaviest = 1;
    EXPECT_EQ(heaviest.refusal(), entity_refused);
}

TEST(HostileImage, SegmentsCallOnlyLowerSegments) {
    const auto with = [](const std::function<image::Offset(Hostile&)>& target) {
        Hostile image(chain);
        image.segment_instruction(1, 1).operand = target(image);
        return image.refusal();
    };
    EXPECT_EQ(with([](Hostile& image) { return image.segment_offset(0); }), "accepted");
    EXPECT_EQ(with([](Hostile& image) { return image.segment_offset(1); }), segment_refused) << "itself";
    EXPECT_EQ(with([](Hostile& image) { return image.offset("a"); }), segment_refused) << "a flag";
    EXPECT_EQ(with([](Hostile& image) { return image.segment_offset(0) + 8; }), segment_refused);
    EXPECT_EQ(with([](Hostile&) { return image::none; }), segment_refused);
    Hostile later(chain);
    later.instruction("e", 0).operand = later.offset("a");
    EXPECT_EQ(later.refusal(), entity_refused) << "an experiment's condition calls a flag";
}

TEST(HostileImage, JumpsLeadForwardOnly) {
    Hostile places(chain);
    for (const Jump jump :
         {Jump{0}, places.to_in_segment(1, 0), places.to_in_segment(1, 1), places.to_in_segment(1, 2),
          places.to_in_segment(1, 0) + 8, places.to_in_segment(1, 7), image::none & ~image::terminal}) {
        Hostile image(chain);
        image.segment_instruction(1, 1).on_false = jump;
        EXPECT_EQ(image.refusal(), segment_refused) << jump;
    }
    for (const Jump jump : {image::terminal, image::terminal | 3, image::accept - 1}) {
        Hostile segment(chain);
        segment.segment_instruction(1, 0).on_true = jump;
        EXPECT_EQ(segment.refusal(), segment_refused) << "no outcome of a segment: " << jump;
        Hostile entry(chain);
        entry.entity("e").entry = jump;
        EXPECT_EQ(entry.refusal(), entity_refused) << jump;
    }
    for (const Jump jump : {Jump{0}, places.to("b", 0), places.to("b", 9), image::accept, image::reject,
                            image::terminal, places.end("b", 3), places.end("b", 0) + 4}) {
        Hostile flag(chain);
        flag.instruction("b", 1).on_false = jump;
        EXPECT_EQ(flag.refusal(), entity_refused) << jump;
        Hostile entry(chain);
        if (jump != places.to("b", 0)) {
            entry.entity("b").entry = jump;
            EXPECT_EQ(entry.refusal(), entity_refused) << jump;
        }
    }
    Hostile entry(chain);
    entry.segment(1).entry = entry.to_in_segment(1, 2);
    EXPECT_EQ(entry.refusal(), segment_refused);
}

/// A split whose unit is absent goes on to a later rule: it must not go round in circles.
TEST(HostileImage, APassedOverSplitLeadsToALaterRule) {
    Hostile places(chain);
    for (const Jump jump : {places.to("b", 0), places.to("b", 1), places.end("b", 0), places.end("b", 1),
                            places.end("b", 3), places.to("b", 2), image::none}) {
        Hostile image(chain);
        image.outcome("b", 1).otherwise = jump;
        EXPECT_EQ(image.refusal(), entity_refused) << jump;
    }
    Hostile rules(chain);
    rules.instruction("b", 0).rule = 1;
    rules.instruction("b", 1).rule = 0;
    EXPECT_EQ(rules.refusal(), entity_refused) << "rules in descending order";
    Hostile earlier(chain);
    earlier.instruction("b", 1).on_true = earlier.end("b", 0);
    EXPECT_EQ(earlier.refusal(), entity_refused) << "an instruction of the second rule serves the first";
}

TEST(HostileImage, CountsReachNoFurtherThanTheImage) {
    using Change = std::function<void(Hostile&, std::uint32_t)>;
    const CompiledRuleset& compiled = sample();
    const auto operand_of = [](Hostile& image, Opcode opcode) -> Ref {
        const image::Entity& entity = image.entity("boolean");
        for (std::uint32_t i = 0; i < entity.code_count; ++i) {
            if (image.instruction("boolean", i).opcode == opcode)
                return image.instruction("boolean", i).operand;
        }
        return 0;
    };
    const std::vector<std::pair<std::string, Change>> changes = {
        {"entities", [](Hostile& image, std::uint32_t count) { image.header().entity_count = count; }},
        {"flags", [](Hostile& image, std::uint32_t count) { image.header().flag_count = count; }},
        {"segments", [](Hostile& image, std::uint32_t count) { image.header().segment_count = count; }},
        {"patterns", [](Hostile& image, std::uint32_t count) { image.header().pattern_count = count; }},
        {"index", [](Hostile& image, std::uint32_t count) { image.header().index_mask = count; }},
        {"unsupported",
         [](Hostile& image, std::uint32_t count) { image.header().unsupported_count = count; }},
        {"chunk", [](Hostile& image, std::uint32_t count) { image.entity("boolean").size = count; }},
        {"segment", [](Hostile& image, std::uint32_t count) { image.segment(0).size = count; }},
        {"variants",
         [](Hostile& image, std::uint32_t count) { image.entity("boolean").variant_count = count; }},
        {"code", [](Hostile& image, std::uint32_t count) { image.entity("boolean").code_count = count; }},
        {"outcomes",
         [](Hostile& image, std::uint32_t count) { image.entity("boolean").outcome_count = count; }},
        {"prerequisites",
         [](Hostile& image, std::uint32_t count) { image.entity("string").prerequisite_count = count; }},
        {"wanted",
         [](Hostile& image, std::uint32_t count) { image.prerequisite("string").variant_count = count; }},
        {"segment code", [](Hostile& image, std::uint32_t count) { image.segment(0).code_count = count; }},
        {"targets",
         [](Hostile& image, std::uint32_t count) {
             image.in<image::StringSet>(image.offset("boolean"), image.entity("boolean").targets).count =
                 count;
         }},
        {"slots",
         [](Hostile& image, std::uint32_t count) {
             image.in<image::StringSet>(image.offset("boolean"), image.entity("boolean").targets).slot_mask =
                 count;
         }},
        {"split",
         [](Hostile& image, std::uint32_t count) {
             image.in<image::Split>(image.offset("string"), image.outcome("string", 0).split).count = count;
         }},
        {"texts",
         [&](Hostile& image, std::uint32_t count) {
             image.in<image::TextList>(image.offset("boolean"), operand_of(image, Opcode::contains)).count =
                 count;
         }},
        {"blocks",
         [&](Hostile& image, std::uint32_t count) {
             image.in<image::CidrList>(image.offset("boolean"), operand_of(image, Opcode::in_cidr)).count =
                 count;
         }},
        {"numbers",
         [&](Hostile& image, std::uint32_t count) {
             image.in<image::InOperand>(image.offset("boolean"), operand_of(image, Opcode::in)).number_count =
                 count;
         }},
        {"key",
         [](Hostile& image, std::uint32_t count) {
             image.in<image::Text>(image.offset("boolean"), image.entity("boolean").key).size = count;
         }},
        {"environment",
         [](Hostile& image, std::uint32_t count) {
             edit<image::Text>(image.bytes(), image.header().environment).size = count;
         }},
    };
    for (const auto& [what, change] : changes) {
        // So large that a product with a struct's size wraps around, and so large that it does not.
        for (const std::uint32_t count : {0xFFFFFFFFu, 0xFFFFFFF8u, 0x80000000u, 0x7FFFFFFFu, 0x40000000u,
                                          0x20000000u, 0x10000001u, 0x08000000u, 0x10000u}) {
            Hostile image(compiled);
            change(image, count);
            EXPECT_NE(image.refusal(), "accepted") << what << " = " << count;
        }
    }
}

TEST(HostileImage, SlotTablesHaveAFreeSlotAndLeadToEntries) {
    const auto with = [](const std::function<void(image::StringSet&, std::uint32_t*)>& change) {
        Hostile image(sample());
        auto& set = image.in<image::StringSet>(image.offset("boolean"), image.entity("boolean").targets);
        change(set, &image.in<std::uint32_t>(image.offset("boolean"), set.slots));
        return image.refusal();
    };
    EXPECT_EQ(with([](image::StringSet&, std::uint32_t*) {}), "accepted");
    EXPECT_EQ(with([](image::StringSet& set, std::uint32_t* slots) {
                  for (std::uint32_t i = 0; i <= set.slot_mask; ++i) slots[i] = 1;
              }),
              entity_refused)
        << "a search would go round for ever";
    EXPECT_EQ(with([](image::StringSet& set, std::uint32_t* slots) { slots[0] = set.count + 1; }),
              entity_refused);
    EXPECT_EQ(with([](image::StringSet& set, std::uint32_t*) { set.slot_mask -= 1; }), entity_refused)
        << "no power of two";
    EXPECT_EQ(with([](image::StringSet& set, std::uint32_t*) { set.slots = 0; }), entity_refused)
        << "a large set has slots";
    EXPECT_EQ(with([](image::StringSet& set, std::uint32_t*) { set.order = image::SetOrder{2}; }),
              entity_refused);

    Hostile full(sample());
    auto* const index = &edit<image::IndexSlot>(full.bytes(), full.header().index);
    const image::Offset entity = full.offset("boolean");  // looked up before the index is spoilt
    for (std::uint32_t i = 0; i <= full.header().index_mask; ++i) index[i] = {0, entity};
    EXPECT_EQ(full.refusal(), index_refused);
    Hostile astray(sample());
    edit<image::IndexSlot>(astray.bytes(), astray.header().index) = {0, astray.segment_offset(0)};
    EXPECT_EQ(astray.refusal(), index_refused);
    Hostile middle(sample());
    const image::Offset inside = middle.offset("boolean") + 8;
    edit<image::IndexSlot>(middle.bytes(), middle.header().index) = {0, inside};
    EXPECT_EQ(middle.refusal(), index_refused);
}

TEST(HostileImage, SplitsCoverEveryPointWithVariantsOfTheEntity) {
    const auto with = [](const std::function<void(image::Split&, image::SplitRange*)>& change) {
        Hostile image(sample());
        const Ref ref = image.outcome("string", 0).split;
        change(image.in<image::Split>(image.offset("string"), ref),
               &image.in<image::SplitRange>(image.offset("string"),
                                            ref + static_cast<Ref>(sizeof(image::Split))));
        return image.refusal();
    };
    EXPECT_EQ(with([](image::Split&, image::SplitRange*) {}), "accepted");
    EXPECT_EQ(with([](image::Split& split, image::SplitRange*) { split.count = 0; }), entity_refused);
    EXPECT_EQ(with([](image::Split& split, image::SplitRange*) { split.count -= 1; }), entity_refused)
        << "too few";
    EXPECT_EQ(with([](image::Split&, image::SplitRange* ranges) { ranges[3].below -= 1; }), entity_refused);
    EXPECT_EQ(with([](image::Split&, image::SplitRange* ranges) { ranges[3].below += 1; }), entity_refused);
    EXPECT_EQ(with([](image::Split&, image::SplitRange* ranges) { ranges[0].below = ranges[1].below + 1; }),
              entity_refused)
        << "descending";
    EXPECT_EQ(with([](image::Split&, image::SplitRange* ranges) { ranges[1].variant = 3; }), entity_refused);
    EXPECT_EQ(with([](image::Split& split, image::SplitRange*) { split.function.hash = 2; }), entity_refused);
    EXPECT_EQ(with([](image::Split& split, image::SplitRange*) { split.function.reduction = 0; }),
              entity_refused);
    EXPECT_EQ(with([](image::Split& split, image::SplitRange*) { split.unit.name = 2; }), entity_refused)
        << "not aligned";
}

TEST(HostileImage, EnumerationsAreKnown) {
    using Change = std::function<void(Hostile&)>;
    const std::vector<std::pair<std::string, Change>> changes = {
        {"opcode",
         [](Hostile& image) { image.instruction("boolean", 0).opcode = Opcode{image::opcode_count}; }},
        {"kind", [](Hostile& image) { image.entity("draft").kind = image::EntityKind{3}; }},
        {"kind 0", [](Hostile& image) { image.entity("boolean").kind = image::EntityKind{0}; }},
        {"a flag among the experiments",
         [](Hostile& image) { image.entity("draft").kind = image::EntityKind::flag; }},
        {"state", [](Hostile& image) { image.entity("draft").state = image::State{4}; }},
        {"a flag's state", [](Hostile& image) { image.entity("boolean").state = image::State::draft; }},
        {"value kind", [](Hostile& image) { image.entity("string").value_kind = 7; }},
        {"a list",
         [](Hostile& image) {
             image.entity("string").value_kind = static_cast<std::uint8_t>(ValueKind::list);
         }},
        {"null", [](Hostile& image) { image.entity("string").value_kind = 0; }},
        {"a boolean with a text",
         [](Hostile& image) {
             image.entity("string").value_kind = static_cast<std::uint8_t>(ValueKind::boolean);
         }},
        {"a string without one",
         [](Hostile& image) {
             image.entity("boolean").value_kind = static_cast<std::uint8_t>(ValueKind::string);
         }},
        {"a boolean that is 2",
         [](Hostile& image) {
             image.in<image::VariantRecord>(image.offset("boolean"), image.entity("boolean").variants).bits =
                 2;
         }},
        {"off", [](Hostile& image) { image.entity("boolean").off = 2; }},
        {"no off", [](Hostile& image) { image.entity("boolean").off = image::none; }},
        {"winner", [](Hostile& image) { image.entity("won").off = 2; }},
        {"outcome", [](Hostile& image) { image.outcome("boolean", 1).variant = 2; }},
        {"ordinal", [](Hostile& image) { image.entity("boolean").ordinal = 1; }},
        {"ordinal", [](Hostile& image) { image.entity("boolean").ordinal = 1'000'000; }},
        {"pattern's case",
         [](Hostile& image) {
             edit<image::PatternRecord>(image.bytes(), image.header().patterns).ignore_case = 2;
         }},
    };
    for (const auto& [what, change] : changes) {
        Hostile image(sample());
        change(image);
        EXPECT_NE(image.refusal(), "accepted") << what;
    }
}

/// Without an engine whatever reaches a pattern is not evaluated: the mark must be true, or null would be called.
TEST(HostileImage, TheMarkOfPatternsIsTrue) {
    for (const std::string_view key : {"boolean", "string", "integer", "by-device"}) {
        Hostile image(sample());
        EXPECT_NE(image.entity(key).flags & image::entity_flags::needs_patterns, 0) << key;
        image.entity(key).flags &= static_cast<std::uint8_t>(~image::entity_flags::needs_patterns);
        EXPECT_EQ(image.refusal(), entity_refused) << key;
    }
    Hostile needless(sample());
    needless.entity("won").flags |= image::entity_flags::needs_patterns;
    EXPECT_EQ(needless.refusal(), entity_refused);
    Hostile number(chain);
    number.instruction("b", 1).operand = 1;
    ASSERT_EQ(number.instruction("b", 1).opcode, Opcode::matches);
    EXPECT_EQ(number.refusal(), entity_refused) << "there is one pattern";
}

/// What is not marked as special is evaluated as a running flag without prerequisites.
TEST(HostileImage, WhatIsSpecialIsMarkedSo) {
    const auto clear = [](Hostile& image, std::string_view key) {
        ASSERT_NE(image.entity(key).flags & image::entity_flags::special, 0) << key;
        image.entity(key).flags &= static_cast<std::uint8_t>(~image::entity_flags::special);
    };
    Hostile experiment(sample());
    clear(experiment, "won");
    EXPECT_EQ(experiment.refusal(), entity_refused);
    Hostile with_prerequisites(chain);
    clear(with_prerequisites, "b");
    EXPECT_EQ(with_prerequisites.refusal(), entity_refused);
    Hostile paused(chain);
    ASSERT_EQ(paused.entity("a").flags & image::entity_flags::special, 0);
    paused.entity("a").state = image::State::paused;
    EXPECT_EQ(paused.refusal(), entity_refused);
    Hostile unsupported(chain);
    unsupported.entity("c").flags = image::entity_flags::unsupported;
    EXPECT_EQ(unsupported.refusal(), entity_refused);
    Hostile needless(chain);
    needless.entity("a").flags |= image::entity_flags::special;
    EXPECT_EQ(needless.refusal(), "accepted");
}

TEST(HostileImage, EntitiesAndTablesStandWhereTheyShould) {
    Hostile swapped(chain);
    auto* const entities = &edit<image::Offset>(swapped.bytes(), swapped.header().entities);
    std::swap(entities[0], entities[1]);
    EXPECT_EQ(swapped.refusal(), entity_refused);
    Hostile twice(chain);
    edit<image::Offset>(twice.bytes(), twice.header().entities) = twice.offset("b");
    EXPECT_EQ(twice.refusal(), entity_refused);
    Hostile segments(chain);
    auto* const offsets = &edit<image::Offset>(segments.bytes(), segments.header().segments);
    std::swap(offsets[0], offsets[1]);
    EXPECT_EQ(segments.refusal(), segment_refused);
    Hostile in_header(chain);
    edit<image::Offset>(in_header.bytes(), in_header.header().segments) = 8;
    EXPECT_EQ(in_header.refusal(), segment_refused);
    Hostile misaligned(chain);
    misaligned.header().entities += 2;
    EXPECT_EQ(misaligned.refusal(), tables_refused);
    Hostile tail(chain);
    tail.header().environment = static_cast<std::uint32_t>(tail.bytes().size()) - 16;
    EXPECT_EQ(tail.refusal(), tables_refused) << "the zero bytes at the end belong to no text";
    Hostile last(chain);
    auto& text = edit<image::Text>(last.bytes(), last.header().environment);
    text.size = static_cast<std::uint32_t>(last.bytes().size()) - 16 - last.header().environment - 4;
    EXPECT_EQ(last.refusal(), "accepted") << "but may reach up to them";
    text.size += 1;
    EXPECT_EQ(last.refusal(), tables_refused);
}

/// Fibonacci's segments, made to call the lower one twice: 2^n steps.
TEST(HostileImage, WorkIsBounded) {
    std::string maps =
        R"("segments": {"s0": {"if": {"attribute": "x", "is": 1}}, "s1": {"if": {"attribute": "x", "is": 2}})";
    constexpr int levels = 18;
    for (int i = 2; i < levels; ++i) {
        maps += ", \"s" + std::to_string(i) + R"(": {"if": {"any": [{"segment": "s)" + std::to_string(i - 2) +
                R"("}, {"segment": "s)" + std::to_string(i - 1) + "\"}]}}";
    }
    maps +=
        R"(}, "flags": {"f": {"type": "boolean", "variants": {"on": true}, "off": "on", "default": "on"}})";
    Hostile image(maps);
    ASSERT_EQ(image.refusal(), "accepted");
    for (std::uint32_t i = 2; i < levels; ++i) {
        image.segment_instruction(i, 0).operand = image.segment_offset(i - 1);
        image.segment_instruction(i, 1).operand = image.segment_offset(i - 1);
        if (i == 14) { EXPECT_EQ(image.refusal(), "accepted") << "2^14 steps are few"; }
    }
    EXPECT_EQ(image.refusal(), segment_refused) << "2^17 steps are too many";
}

/// A chain of calls none of which is the last thing its segment does: each would take stack.
TEST(HostileImage, OpenCallsAreBounded) {
    constexpr std::uint32_t levels = 60;
    std::string maps = R"("segments": {"s0": {"if": {"attribute": "x", "is": 1}})";
    for (std::uint32_t i = 1; i < levels; ++i) {
        maps += ", \"s" + std::to_string(i) +
                R"(": {"if": {"all": [{"attribute": "x", "is": 1}, {"segment": "s)" + std::to_string(i - 1) +
                "\"}]}}";
    }
    Hostile image(maps + "}");
    ASSERT_EQ(image.refusal(), "accepted");
    for (std::uint32_t i = 1; i < levels; ++i) {
        auto& first = image.segment_instruction(i, 0);
        auto& second = image.segment_instruction(i, 1);
        if (first.opcode != Opcode::segment) {
            std::swap(first, second);
            first.on_true = image.to_in_segment(i, 1);
            first.on_false = image::reject;
            second.on_true = image::accept;
        }
        const std::string_view expected =
            i <= limits::call_depth ? std::string_view("accepted") : segment_refused;
        EXPECT_EQ(image.refusal(), expected) << i << " open calls";
    }
}

}  // namespace
}  // namespace expplat::tests
