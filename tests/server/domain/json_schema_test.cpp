// JSON Schema: each keyword for a value that fits and one that does not; what is no schema of ours; and that flags keep to it.
#include "server/domain/json_schema.hpp"

#include "server/domain/bounds.hpp"
#include "tests/server/domain/plane_fixture.hpp"

namespace expplat::tests {
namespace {

std::vector<Violation> faults(const std::string& schema, const std::string& value) {
    const auto parsed = ruleset::parse_json(schema);
    const auto body = ruleset::parse_json(R"({"type":"object","variants":{"a":)" + value + "}}");
    EXPECT_TRUE(parsed && body) << schema << value;
    EXPECT_TRUE(faults_of_schema(parsed->root(), "").empty()) << schema;
    return faults_of_variants(parsed->root(), body->root());
}

TEST(JsonSchema, EachKeywordTellsWhatFitsFromWhatDoesNot) {
    struct Case {
        const char* schema;
        const char* good;
        const char* bad;
        const char* pointer = "/variants/a";
    };
    const std::vector<Case> cases{
        {R"({"type":"object"})", "{}", "[]"},
        {R"({"type":["null","array"]})", "null", "{}"},
        {R"({"type":"integer"})", "1.0", "1.5"},
        {R"({"type":"number"})", "1", "\"1\""},
        {R"({"enum":[1,"x",{"k":[true]}]})", R"({"k":[true]})", R"({"k":[false]})"},
        {R"({"const":{"a":1,"b":2}})", R"({"b":2.0,"a":1})", R"({"a":1})"},
        {R"({"properties":{"n":{"type":"string"}}})", R"({"n":"x","m":1})", R"({"n":1})", "/variants/a/n"},
        {R"({"required":["n"]})", R"({"n":null})", R"({"m":1})"},
        {R"({"properties":{"n":true},"additionalProperties":false})", R"({"n":1})", R"({"a/b":1})",
         "/variants/a/a~1b"},
        {R"({"additionalProperties":{"minimum":3}})", R"({"x":3})", R"({"x":2})", "/variants/a/x"},
        {R"({"minProperties":1,"maxProperties":2})", R"({"a":1})", "{}"},
        {R"({"minProperties":1,"maxProperties":2})", R"({"a":1})", R"({"a":1,"b":1,"c":1})"},
        {R"({"items":{"type":"boolean"}})", "[true]", "[true,1]", "/variants/a/1"},
        {R"({"minItems":1})", "[1]", "[]"},
        {R"({"maxItems":1})", "[1]", "[1,2]"},
        {R"({"minimum":1.5})", "1.5", "1"},
        {R"({"maximum":9007199254740993})", "9007199254740993", "9007199254740994"},
        {R"({"exclusiveMinimum":1})", "1.1", "1"},
        {R"({"exclusiveMaximum":1})", "0", "1"},
        {R"({"minLength":2})", "\"\xC3\xBC\xC3\xBC\"", "\"\xC3\xBC\""},
        {R"({"maxLength":1})", "\"\xC3\xBC\"", "\"ab\""},
        {R"({"pattern":"^a+$"})", "\"aa\"", "\"ab\""},
        {R"({"allOf":[{"minimum":1},{"maximum":2}]})", "1", "3"},
        {R"({"anyOf":[{"type":"null"},{"minimum":2}]})", "2", "1"},
        {R"({"oneOf":[{"minimum":1},{"minimum":2}]})", "1", "3"},
        {R"({"not":{"type":"string"}})", "1", "\"x\""},
        {R"({"minimum":3,"title":"t","format":"x","default":1})", "\"not a number\"", "1"},
    };
    for (const Case& one : cases) {
        EXPECT_TRUE(faults(one.schema, one.good).empty()) << one.schema << " " << one.good;
        const auto wrong = faults(one.schema, one.bad);
        ASSERT_EQ(wrong.size(), 1u) << one.schema << " " << one.bad;
        EXPECT_EQ(wrong[0].pointer, one.pointer) << one.schema;
    }
}

TEST(JsonSchema, WhatIsNoSchemaOfOursIsRefusedWhereItIs) {
    const std::vector<std::pair<const char*, const char*>> cases{
        {R"({"$ref":"#/x"})", "/s/$ref"},
        {R"({"properties":{"a":{"uniqueItems":true}}})", "/s/properties/a/uniqueItems"},
        {R"({"type":"text"})", "/s/type"},
        {R"({"type":[]})", "/s/type"},
        {R"({"required":[1]})", "/s/required"},
        {R"({"minLength":-1})", "/s/minLength"},
        {R"({"minimum":"1"})", "/s/minimum"},
        {R"({"pattern":"("})", "/s/pattern"},
        {R"({"items":[{}]})", "/s/items"},
        {R"({"anyOf":[]})", "/s/anyOf"},
        {R"({"allOf":[{"enum":1}]})", "/s/allOf/0/enum"},
        {R"({"type":"null","type":"null"})", "/s/type"},
    };
    for (const auto& [schema, pointer] : cases) {
        const auto document = ruleset::parse_json(schema);
        const auto wrong = faults_of_schema(document->root(), "/s");
        ASSERT_EQ(wrong.size(), 1u) << schema;
        EXPECT_EQ(wrong[0].pointer, pointer);
    }
}

TEST(JsonSchema, OfAnotherTypeThanObjectNothingIsChecked) {
    const auto schema = ruleset::parse_json(R"({"type":"object"})");
    const auto body = ruleset::parse_json(R"({"type":"string","variants":{"a":"x"}})");
    EXPECT_TRUE(faults_of_variants(schema->root(), body->root()).empty());
}

TEST(JsonSchema, WorkWithoutEndIsGivenUp) {
    std::string schema = R"({"items":{"anyOf":[)";
    for (int i = 0; i < 2'000; ++i) schema += R"({"type":"null"},)";
    schema += R"({"type":"null"}]}})";
    std::string value = "[";
    for (int i = 0; i < 20'000; ++i) value += "1,";
    try {
        (void)faults(schema, value + "1]");
        ADD_FAILURE() << "it went on";
    } catch (const Refusal& refusal) { EXPECT_EQ(refusal.problem().type, ProblemType::too_large); }
}

using SchemaOfAFlag = PlaneTest;

constexpr const char* an_object =
    R"({"type":"object","variants":{"a":{"size":1},"b":{"size":2}},"off":"a","default":"b"})";

TEST_F(SchemaOfAFlag, ValuesAreWhatItSays) {
    const std::string schema = R"({"type":"object","properties":{"size":{"maximum":2}},"required":["size"]})";
    must(
        entities_.create(ann_, flag("f"), {.name = "f", .json_schema = schema}, {{"production", an_object}}));
    std::string body = an_object;
    body.replace(body.find("\"size\":2"), 8, "\"size\":3");
    const auto refused = entities_.configure(ann_, flag("f"), "production", body);
    ASSERT_EQ(refusal_of(refused), ProblemType::invalid);
    EXPECT_EQ(refused.problem().violations.at(0).pointer, "/variants/b/size");
    EXPECT_EQ(refused.problem().violations.at(0).ruleset_pointer, "/flags/f/variants/b/size");
    const auto tighter =
        entities_.update(ann_, flag("f"), {.json_schema = R"({"properties":{"size":{"maximum":1}}})"});
    ASSERT_EQ(refusal_of(tighter), ProblemType::invalid);
    EXPECT_EQ(tighter.problem().violations.at(0).pointer, "/json_schema");
    must(entities_.update(ann_, flag("f"), {.json_schema = ""}));
    must(entities_.configure(ann_, flag("f"), "production", body));
    EXPECT_EQ(refusal_of(entities_.update(ann_, flag("f"), {.json_schema = schema})), ProblemType::invalid);
    EXPECT_EQ(refusal_of(entities_.update(ann_, flag("f"), {.json_schema = R"({"$ref":"#"})"})),
              ProblemType::invalid);
}

}  // namespace
}  // namespace expplat::tests
