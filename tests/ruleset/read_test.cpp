// Reading a document: RULESET.md, section 1, and what the compiler gets.
#include "src/ruleset/read.hpp"

#include <string>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expplat/base/hash.hpp"
#include "tests/ruleset/reading.hpp"

namespace expplat::ruleset {
namespace {

using test::condition_ruleset;
using test::experiment;
using test::flag;
using test::flag_ruleset;
using test::is_adopted;
using test::is_supported;
using test::outline_of;
using test::parsed;
using test::pointers_of;
using test::problems_of;
using test::ruleset;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ReadConformance, EveryInvalidRulesetIsRefusedWithItsPointer) {
    std::size_t number = 0;
    for (const std::string& line :
         test::file_lines(std::string(EXPPLAT_CONFORMANCE) + "/vectors/invalid.jsonl")) {
        ++number;
        const Result<Document> worked = parse_json(line, limits::ruleset_bytes, 1000);
        ASSERT_TRUE(worked.ok()) << number;
        const Node* const text = worked->root().find("text");
        const Node& pointer = *worked->root().find("pointer");
        const auto problems = problems_of(text != nullptr ? std::string(text->text())
                                                          : to_json(*worked->root().find("ruleset")));
        if (pointer.kind() == NodeKind::null) {
            EXPECT_THAT(problems, IsEmpty()) << number;
        } else {
            ASSERT_FALSE(problems.empty()) << number;
            EXPECT_EQ(problems.front().pointer, pointer.text()) << number;
            EXPECT_LE(problems.front().message.size(), 600u) << number;
        }
    }
    EXPECT_EQ(number, 96u);
}

TEST(ReadConformance, EveryValidRulesetIsAcceptedInBothModes) {
    for (const std::string_view name :
         {"vectors/edges", "vectors/random-1", "vectors/random-2", "vectors/random-3", "vectors/random-4",
          "vectors/random-5", "vectors/random-6", "brave-studies"}) {
        const std::string text =
            test::file_text(std::string(EXPPLAT_CONFORMANCE) + "/" + std::string(name) + "/ruleset.json");
        EXPECT_THAT(pointers_of(text, Mode::strict), IsEmpty()) << name;
        EXPECT_THAT(pointers_of(text, Mode::tolerant), IsEmpty()) << name;
        const Document document = parsed(text);
        for (const Entity& entity : read(document, Mode::tolerant).entities) {
            EXPECT_TRUE(entity.outline.supported) << entity.outline.key;
            EXPECT_FALSE(std::holds_alternative<std::monostate>(entity.body)) << entity.outline.key;
        }
    }
}

TEST(Read, DocumentThatIsNoObjectHasTheEmptyPointerAndSaysWhere) {
    for (const std::string_view text : {"[]", "3", "null", "\"x\""}) {
        const auto problems = problems_of("\n  " + std::string(text));
        ASSERT_EQ(problems.size(), 1u);
        EXPECT_EQ(problems[0].pointer, "");
        EXPECT_THAT(problems[0].message, HasSubstr("line 2, column 3: expected an object"));
    }
}

TEST(Read, HeadingIsRequired) {
    EXPECT_THAT(pointers_of("{}"), ElementsAre("/format", "/environment", "/version"));
    EXPECT_THAT(pointers_of("{}", Mode::tolerant), ElementsAre("/format", "/environment", "/version"));
    const Heading heading = read_heading(parsed(ruleset("")).root(), Mode::strict);
    EXPECT_EQ(heading.environment, "test");
    EXPECT_EQ(heading.version, 1u);
    EXPECT_THAT(heading.problems, IsEmpty());
}

TEST(Read, AnotherFormatIsTheOnlyThingSaid) {
    const std::string_view text =
        R"({"x": 1, "x": 1e400, "format": "expplat.ruleset/2", "flags": {"a b": 3}})";
    EXPECT_THAT(pointers_of(text), ElementsAre("/format"));
    EXPECT_THAT(pointers_of(text, Mode::tolerant), ElementsAre("/format"));
    EXPECT_THAT(pointers_of(R"({"format": 1})"), ElementsAre("/format"));
    EXPECT_THAT(pointers_of(R"({"format": null, "format": "expplat.ruleset/1"})"), ElementsAre("/format"));
}

TEST(Read, VersionIsAnIntegerUpTo53Bits) {
    const auto with_version = [](std::string_view version) {
        return pointers_of(R"({"format": "expplat.ruleset/1", "environment": "", "version": )" +
                           std::string(version) + "}");
    };
    for (const std::string_view good : {"0", "-0", "42", "9007199254740991"})
        EXPECT_THAT(with_version(good), IsEmpty()) << good;
    for (const std::string_view bad :
         {"-1", "1.0", "1e3", "9007199254740992", "9223372036854775808", "\"1\"", "null", "[]"}) {
        EXPECT_THAT(with_version(bad), ElementsAre("/version")) << bad;
    }
}

TEST(Read, UnknownMembersOfTheDocument) {
    const std::string text = ruleset(R"("flag": {"f": {"x": null}}, "flags": {"f": )" + flag() + "}");
    EXPECT_THAT(pointers_of(text), ElementsAre("/flag"));
    EXPECT_TRUE(is_adopted(text));
    EXPECT_TRUE(is_supported(text, "f"));
}

TEST(Read, MapsAreObjects) {
    for (const std::string_view map : {"segments", "layers", "holdouts", "flags", "experiments"}) {
        for (const std::string_view value : {"[]", "null", "3", "\"x\""}) {
            const std::string text = ruleset("\"" + std::string(map) + "\": " + std::string(value));
            EXPECT_THAT(pointers_of(text), ElementsAre("/" + std::string(map)));
            EXPECT_FALSE(is_adopted(text));
        }
        EXPECT_THAT(pointers_of(ruleset("\"" + std::string(map) + "\": {}")), IsEmpty());
    }
}

TEST(Read, KeysGrammar) {
    const auto with_key = [](std::string_view key) {
        std::string text;
        append_json_string(text, key);
        return ruleset("\"flags\": {" + text + ": " + flag() + "}");
    };
    for (const std::string_view good : {"a", "A-Z_0.9:/~"}) {
        EXPECT_EQ(pointers_of(with_key(good)).empty(), good == "a") << good;
    }
    EXPECT_THAT(pointers_of(with_key("aZ09._-/:")), IsEmpty());
    EXPECT_THAT(pointers_of(with_key(std::string(128, 'k'))), IsEmpty());
    EXPECT_THAT(pointers_of(with_key(std::string(129, 'k'))), ElementsAre("/flags/" + std::string(129, 'k')));
    EXPECT_THAT(pointers_of(with_key("")), ElementsAre("/flags/"));
    EXPECT_THAT(pointers_of(with_key("a b")), ElementsAre("/flags/a b"));
    EXPECT_THAT(pointers_of(with_key("a/b~c")), ElementsAre("/flags/a~1b~0c"));
    EXPECT_THAT(pointers_of(with_key("é")), ElementsAre("/flags/é"));
    EXPECT_THAT(pointers_of(with_key(std::string_view("a\0", 2))), ElementsAre(std::string("/flags/a\0", 9)));
    EXPECT_FALSE(is_adopted(with_key("a b")));
}

TEST(Read, KeyOfWhatIsUnsupportedIsChecked) {
    const std::string text = ruleset(R"("flags": {"a b": {"future": 1}})");
    EXPECT_THAT(pointers_of(text, Mode::tolerant), ElementsAre("/flags/a b"));
}

TEST(Read, KeysOfVariantsHaveTheSameGrammar) {
    EXPECT_THAT(
        pointers_of(ruleset(
            R"("flags": {"f": {"type": "boolean", "variants": {"": true, "b c": true}, "off": "b c", "default": ""}})")),
        ElementsAre("/flags/f/variants/", "/flags/f/variants/b c"));
}

TEST(Read, DocumentationIsAllowedInItsPlaces) {
    const std::string docs = R"("description": "d", "tags": ["t"], "meta": {"x": [null, {"y": 1}]})";
    EXPECT_THAT(
        pointers_of(ruleset(docs + R"(, "segments": {"s": {)" + docs + R"(}}, "layers": {"l": {)" + docs +
                            R"(}}, "holdouts": {"h": {"percent": 1, )" + docs + R"(}}, "flags": {"f": )" +
                            flag(docs + R"(, "rules": [{"serve": "on", )" + docs + "}]") +
                            R"(}, "experiments": {"e": )" + experiment(docs) + "}")),
        IsEmpty());
    for (const std::string_view bad :
         {R"("description": null)", R"("description": 3)", R"("tags": "t")", R"("tags": null)"}) {
        EXPECT_EQ(pointers_of(flag_ruleset(bad)).size(), 1u) << bad;
        EXPECT_FALSE(is_adopted(flag_ruleset(bad))) << bad;
    }
    EXPECT_THAT(pointers_of(flag_ruleset(R"("tags": ["t", 1, null])")),
                ElementsAre("/flags/f/tags/1", "/flags/f/tags/2"));
    EXPECT_THAT(pointers_of(ruleset(R"("tags": [1])")), ElementsAre("/tags/0"));
    // Nowhere else.
    EXPECT_THAT(pointers_of(condition_ruleset(R"({"segment": "s", "description": "d"})")),
                ElementsAre("/flags/f/rules/0/if/description"));
    EXPECT_THAT(pointers_of(flag_ruleset(
                    R"("rules": [{"serve": {"split": [{"variant": "on", "weight": 1}], "meta": 1}}])")),
                ElementsAre("/flags/f/rules/0/serve/meta"));
    EXPECT_THAT(
        pointers_of(ruleset(R"("layers": {"l": {}}, "experiments": {"e": )" +
                            experiment(R"("layer": {"key": "l", "from": 0, "to": 1, "tags": []})") + "}")),
        ElementsAre("/experiments/e/layer/tags"));
}

TEST(Read, RepeatedMembersAreErrorsAnywhere) {
    EXPECT_THAT(pointers_of(ruleset(R"("version": 2)")), ElementsAre("/version"));
    EXPECT_THAT(pointers_of(ruleset(R"("flags": {}, "flags": {"a b": 1})")), ElementsAre("/flags"));
    EXPECT_THAT(pointers_of(ruleset(R"("meta": [{"a": 1, "a": {"b": 1, "b": 2}}])")),
                ElementsAre("/meta/0/a"));
    EXPECT_THAT(pointers_of(ruleset(R"("flags": {"f": )" + flag() + R"(, "g": )" + flag() + R"(, "f": 3})")),
                ElementsAre("/flags/f"));
    EXPECT_THAT(pointers_of(flag_ruleset(R"("meta": {"x": {"y": 1, "y": 1}})")),
                ElementsAre("/flags/f/meta/x/y"));
    EXPECT_THAT(pointers_of(condition_ruleset(R"({"attribute": "a", "is": 1, "is": 2})")),
                ElementsAre("/flags/f/rules/0/if/is"));
    EXPECT_THAT(
        pointers_of(ruleset(
            R"("flags": {"f": {"type": "object", "variants": {"a": {"x": 1, "x": 1}}, "off": "a", "default": "a"}})")),
        ElementsAre("/flags/f/variants/a/x"));
    EXPECT_THAT(
        pointers_of(R"({"format": "expplat.ruleset/1", "format": "other", "environment": "", "version": 1})"),
        ElementsAre("/format"));
    EXPECT_FALSE(is_adopted(ruleset(R"("meta": {"a": 1, "a": 1})")));
    EXPECT_FALSE(is_adopted(ruleset(R"("future": {"a": 1, "a": 1})")));
}

TEST(Read, OverflowingNumbersAreErrorsAnywhere) {
    EXPECT_THAT(pointers_of(ruleset(R"("meta": [1, 1e400])")), ElementsAre("/meta/1"));
    EXPECT_THAT(pointers_of(ruleset(R"("future": 1e400)"), Mode::tolerant), ElementsAre("/future"));
    EXPECT_THAT(pointers_of(condition_ruleset(R"({"attribute": "a", "is": -1e400})")),
                ElementsAre("/flags/f/rules/0/if/is"));
    EXPECT_THAT(pointers_of(ruleset(R"("holdouts": {"h": {"percent": 1e400}})")),
                ElementsAre("/holdouts/h/percent"));
    EXPECT_THAT(
        pointers_of(ruleset(
            R"("flags": {"f": {"type": "object", "variants": {"a": {"x": 1e999}}, "off": "a", "default": "a"}})")),
        ElementsAre("/flags/f/variants/a/x"));
    EXPECT_THAT(pointers_of(condition_ruleset(R"({"attribute": "a", "is": 1e-400})")), IsEmpty());
}

TEST(Read, TextFaultsRefuseEvenWhatIsUnsupported) {
    EXPECT_THAT(pointers_of(flag_ruleset(R"("future": {"a": 1, "a": 2})"), Mode::tolerant),
                ElementsAre("/flags/f/future/a"));
    EXPECT_THAT(pointers_of(flag_ruleset(R"("future": 1e400)"), Mode::tolerant),
                ElementsAre("/flags/f/future"));
    EXPECT_THAT(pointers_of(flag_ruleset(R"("future": 1, "enabled": 3)"), Mode::tolerant), IsEmpty());
}

TEST(Read, NullIsAValueInFewPlaces) {
    EXPECT_THAT(pointers_of(ruleset(R"("experiments": {"e": )" + experiment(R"("winner": null)") + "}")),
                IsEmpty());
    for (const std::string_view member : {"enabled", "exposures", "rules", "targets", "prerequisites"}) {
        EXPECT_THAT(pointers_of(flag_ruleset("\"" + std::string(member) + "\": null")),
                    ElementsAre("/flags/f/" + std::string(member)));
    }
    for (const std::string_view member :
         {"unit", "salt", "if", "traffic", "layer", "holdout", "prerequisites", "targets"}) {
        EXPECT_THAT(pointers_of(ruleset(R"("experiments": {"e": )" +
                                        experiment("\"" + std::string(member) + "\": null") + "}")),
                    ElementsAre("/experiments/e/" + std::string(member)));
    }
    EXPECT_THAT(
        pointers_of(ruleset(R"("segments": {"s": null, "t": {"unit": null, "included": null, "if": null}})")),
        ElementsAre("/segments/s", "/segments/t/unit", "/segments/t/included", "/segments/t/if"));
}

// Errors.

TEST(Read, ProblemsComeInDocumentOrder) {
    const std::string text =
        R"({"experiments": {"e": {}}, "format": "expplat.ruleset/1", "x": 1, "version": -1, "environment": "",
            "flags": {"b": {"rules": [{"serve": "on", "y": 1}, 3], "variants": {"on": 1}, "type": "boolean",
                            "default": "nope", "off": "on"}, "a": 1}, "segments": {"s": {"if": {"segment": "t"}}}})";
    EXPECT_THAT(
        pointers_of(text),
        ElementsAre("/experiments/e/type", "/experiments/e/status", "/experiments/e/variants",
                    "/experiments/e/split", "/x", "/version", "/flags/b/rules/0/y", "/flags/b/rules/1",
                    "/flags/b/variants/on", "/flags/b/default", "/flags/a", "/segments/s/if/segment"));
}

TEST(Read, ProblemsAreBoundedAndTheFirstOnesAreKept) {
    std::string keys = "1";
    for (int i = 1; i < 50'000; ++i) keys += ",1";
    // `targets` is read before `rules`, which stands first.
    const auto problems = problems_of(flag_ruleset(R"("rules": [3], "targets": {"on": [)" + keys + "]}"));
    ASSERT_EQ(problems.size(), limits::reported_problems);
    EXPECT_EQ(problems[0].pointer, "/flags/f/rules/0");
    EXPECT_EQ(problems[1].pointer, "/flags/f/targets/on/0");
    EXPECT_EQ(problems[999].pointer, "/flags/f/targets/on/998");

    std::string flags = R"("k0": 1)";
    for (int i = 1; i < 5'000; ++i) flags += ",\"k" + std::to_string(i) + "\": 1";
    const auto many = pointers_of(ruleset("\"x\": 1, \"flags\": {" + flags + "}"));
    ASSERT_EQ(many.size(), limits::reported_problems);
    EXPECT_EQ(many[0], "/x");
    EXPECT_EQ(many[999], "/flags/k998");
}

TEST(Read, MessagesAreBounded) {
    const std::string huge(100'000, 'x');
    for (const std::string& text :
         {flag_ruleset(R"("enabled": ")" + huge + "\""), condition_ruleset(R"({"segment": ")" + huge + "\"}"),
          flag_ruleset(R"("prerequisites": [{"flag": ")" + huge + R"(", "variants": []}])"),
          condition_ruleset(R"({"attribute": "a", "matches": ")" + huge + "\"}"),
          flag_ruleset(R"("off": "on", "x": 1)"),
          ruleset(R"("flags": {"f": {"type": "boolean", "variants": {"on": true}, "off": ")" + huge +
                  R"(", "default": "on"}})")}) {
        for (const Problem& problem : problems_of(text))
            EXPECT_LE(problem.message.size(), 200u) << problem.pointer;
    }
    const auto cut = problems_of(flag_ruleset(R"("enabled": ")" + std::string(59, 'x') + "éé\""));
    EXPECT_THAT(cut.at(0).message, HasSubstr("found \"" + std::string(59, 'x') + "…\""));
}

// What the compiler gets.

TEST(ReadModel, Flag) {
    const std::string text = ruleset(R"("flags": {"f": {"type": "double", "enabled": false, "exposures": true,
        "variants": {"x": 1, "y": 2.50}, "off": "y", "prerequisites": [{"flag": "g", "variants": ["on", "off"]}],
        "targets": {"y": ["u1", "u2"]}, "rules": [{"id": "r", "if": {"attribute": "a", "in": [1, "b"], "ignore_case": true}, "serve": "x"},
        {"serve": {"split": [{"variant": "y", "weight": 0.5}, {"variant": "x", "weight": 1e2}], "unit": "u", "salt": "s"}}],
        "default": {"split": [{"variant": "x", "weight": 1}]}}, "g": )" +
                                     flag() + "}");
    const Document document = parsed(text);
    const Reading reading = read(document, Mode::strict);
    const Flag& read_flag = std::get<Flag>(reading.entities[0].body);
    EXPECT_EQ(read_flag.type, ValueKind::number);
    EXPECT_FALSE(read_flag.enabled);
    EXPECT_TRUE(read_flag.exposures);
    ASSERT_EQ(read_flag.variants.size(), 2u);
    EXPECT_EQ(read_flag.variants[0].kind, ValueKind::number);
    EXPECT_EQ(read_flag.variants[0].number, 1.0);
    EXPECT_EQ(read_flag.variants[0].json, "1");
    EXPECT_EQ(read_flag.variants[1].json, "2.50");
    EXPECT_EQ(read_flag.off, 1u);
    EXPECT_EQ(read_flag.prerequisites[0].key, "g");
    EXPECT_THAT(read_flag.prerequisites[0].variants, ElementsAre("on", "off"));
    EXPECT_EQ(read_flag.targets[0].variant, 1u);
    EXPECT_THAT(read_flag.targets[0].user_keys, ElementsAre("u1", "u2"));
    ASSERT_EQ(read_flag.rules.size(), 2u);
    const Condition& condition = *read_flag.rules[0].condition;
    EXPECT_EQ(condition.form, Condition::Form::comparison);
    EXPECT_EQ(condition.op, Operator::in);
    EXPECT_TRUE(condition.ignore_case);
    EXPECT_EQ(condition.name, "a");
    ASSERT_EQ(condition.operands.size(), 2u);
    EXPECT_EQ(condition.operands[0].number.integer, 1);
    EXPECT_EQ(condition.operands[1].string, "b");
    EXPECT_EQ(read_flag.rules[0].serve.variant, 0u);
    EXPECT_FALSE(read_flag.rules[0].serve.is_split());
    const Serve& split = read_flag.rules[1].serve;
    EXPECT_FALSE(read_flag.rules[1].condition.has_value());
    EXPECT_EQ(split.shares[0].variant, 1u);
    EXPECT_EQ(split.shares[0].weight_micros, 500'000u);
    EXPECT_EQ(split.shares[1].weight_micros, 100'000'000u);
    EXPECT_EQ(split.unit, "u");
    EXPECT_EQ(split.salt, "s");
    EXPECT_EQ(read_flag.default_serve.unit, "key");
    EXPECT_EQ(read_flag.default_serve.salt, "f");
}

TEST(ReadModel, ExperimentLayerHoldoutSegment) {
    const std::string text = ruleset(
        R"("experiments": {"e": )" +
        experiment(
            R"("layer": {"key": "l", "from": 10, "to": 20}, "holdout": "h", "winner": "b", "traffic": 12.5)",
            "completed") +
        R"(}, "layers": {"l": {}}, "holdouts": {"h": {"percent": 0.5, "salt": "hs"}},
           "segments": {"s": {"included": ["a"], "if": {"sample": {"salt": "x", "percent": 1}}}})");
    const Document document = parsed(text);
    const Reading reading = read(document, Mode::strict);
    ASSERT_THAT(reading.problems, IsEmpty());
    const Experiment& read_experiment = std::get<Experiment>(reading.entities[0].body);
    EXPECT_EQ(read_experiment.status, Status::completed);
    EXPECT_EQ(read_experiment.traffic_micros, 12'500'000u);
    EXPECT_EQ(read_experiment.layer->key, "l");
    EXPECT_EQ(read_experiment.layer->from, 10u);
    EXPECT_EQ(read_experiment.layer->to, 20u);
    EXPECT_EQ(*read_experiment.holdout, "h");
    EXPECT_EQ(*read_experiment.winner, 1u);
    EXPECT_EQ(read_experiment.split.unit, "key");
    EXPECT_EQ(read_experiment.split.salt, "e");
    EXPECT_EQ(std::get<Layer>(reading.entities[1].body).salt, "layer:l");
    EXPECT_EQ(std::get<Holdout>(reading.entities[2].body).salt, "hs");
    EXPECT_EQ(std::get<Holdout>(reading.entities[2].body).percent_micros, 500'000u);
    const Segment& segment = std::get<Segment>(reading.entities[3].body);
    EXPECT_EQ(segment.unit, "key");
    EXPECT_EQ(segment.condition->form, Condition::Form::sample);
    EXPECT_EQ(segment.condition->unit, "key");
    EXPECT_EQ(segment.condition->name, "x");
    EXPECT_EQ(reading.map_places[static_cast<std::size_t>(EntityKind::experiment)], 4u);
    EXPECT_EQ(reading.map_places[static_cast<std::size_t>(EntityKind::segment)], 7u);
    EXPECT_EQ(reading.map_places[static_cast<std::size_t>(EntityKind::flag)], 0u);
}

TEST(ReadOutline, StepsListsAndReferences) {
    const std::string text = ruleset(
        R"("segments": {"s": {"included": ["a", "b"], "excluded": ["c"]}},
        "flags": {"g": )" +
        flag() + R"(, "f": )" +
        flag(
            R"("rules": [{"serve": "on", "if": {"all": [{"not": {"segment": "s"}}, {"attribute": "a", "in": [1, 2, 3]},
            {"sample": {"salt": "x", "percent": 1}}, {"any": []}]}}],
           "prerequisites": [{"flag": "g", "variants": ["on"]}], "targets": {"on": ["u"]})") +
        "}");
    const Outline outline = outline_of(text, "f");
    EXPECT_EQ(outline.kind, EntityKind::flag);
    EXPECT_EQ(outline.key_hash, hash64("f"));
    EXPECT_EQ(outline.own_steps, 7u);  // the flag, all, not, segment, in, sample, any
    EXPECT_EQ(outline.list_entries, 5u);
    EXPECT_THAT(outline.variants, ElementsAre("on", "off"));
    ASSERT_EQ(outline.references.size(), 2u);
    EXPECT_EQ(outline.references[0].pointer, "/rules/0/if/all/0/not/segment");
    EXPECT_EQ(outline.references[0].key, "s");
    EXPECT_EQ(outline.references[0].key_hash, hash64("s"));
    EXPECT_EQ(outline.references[1].pointer, "/prerequisites/0/flag");
    EXPECT_EQ(outline.references[1].target, Reference::Target::flag_or_experiment);
    ASSERT_EQ(outline.references[1].variants.size(), 1u);
    EXPECT_EQ(outline.references[1].variants[0].pointer, "/prerequisites/0/variants/0");
    EXPECT_LT(outline.references[0].place, outline.references[1].place);
    EXPECT_EQ(outline_of(text, "s").own_steps, 0u);
    EXPECT_EQ(outline_of(text, "s").list_entries, 3u);
    EXPECT_EQ(outline_of(text, "g").own_steps, 1u);
}

TEST(ReadOutline, DoesNotDependOnWhereTheEntityStands) {
    const std::string alone = flag(R"("rules": [{"serve": "on", "if": {"segment": "s"}}])");
    const Document document = parsed(alone);
    const Entity entity = read_entity(EntityKind::flag, "f", document.root(), Mode::strict);
    const Outline within =
        outline_of(flag_ruleset(R"("rules": [{"serve": "on", "if": {"segment": "s"}}])"), "f");
    EXPECT_EQ(entity.outline.content_hash, within.content_hash);
    ASSERT_EQ(entity.outline.references.size(), 1u);
    EXPECT_EQ(entity.outline.references[0].place, within.references[0].place);
    EXPECT_EQ(entity.outline.references[0].pointer, within.references[0].pointer);
    EXPECT_TRUE(std::holds_alternative<Flag>(entity.body));
}

TEST(ReadEntity, SaysItsProblemsWithTheWholePointer) {
    const Document document = parsed(R"({"x": 1, "meta": {"a": 1, "a": 2}})");
    const Entity entity = read_entity(EntityKind::segment, "a/b c", document.root(), Mode::strict);
    ASSERT_EQ(entity.problems.size(), 3u);
    EXPECT_EQ(entity.problems[0].pointer, "/segments/a~1b c");
    EXPECT_EQ(entity.problems[1].pointer, "/segments/a~1b c/x");
    EXPECT_EQ(entity.problems[2].pointer, "/segments/a~1b c/meta/a");
    EXPECT_FALSE(entity.outline.sound);
    EXPECT_TRUE(std::holds_alternative<std::monostate>(entity.body));
}

}  // namespace
}  // namespace expplat::ruleset
