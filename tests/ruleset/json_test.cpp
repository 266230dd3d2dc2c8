#include "src/ruleset/json.hpp"

#include <clocale>
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "src/ruleset/json_scan.hpp"
#include "tests/ruleset/reading.hpp"

namespace expplat::ruleset {
namespace {

using test::parsed;

[[nodiscard]] std::string refusal(std::string_view text) {
    const Result<Document> document = parse_json(text);
    return document ? "accepted" : document.error().message;
}

[[nodiscard]] std::string rewritten(std::string_view text) { return to_json(parsed(text).root()); }

[[nodiscard]] std::string nested(std::size_t levels, std::string_view inside = "") {
    return std::string(levels, '[') + std::string(inside) + std::string(levels, ']');
}

TEST(Json, KeepsOrderPlacesAndLiterals) {
    const Document document = parsed(R"({"b": [1, {"x": null}], "a": "é", "": true})");
    const Node& root = document.root();
    ASSERT_EQ(root.kind(), NodeKind::object);
    ASSERT_EQ(root.members().size(), 3u);
    EXPECT_EQ(root.members()[0].name, "b");
    EXPECT_EQ(root.members()[2].name, "");
    EXPECT_EQ(root.place(), 0u);
    const Node& list = root.members()[0].value;
    EXPECT_EQ(list.place(), 1u);
    ASSERT_EQ(list.items().size(), 2u);
    EXPECT_EQ(list.items()[0].place(), 2u);
    EXPECT_EQ(list.items()[1].place(), 3u);
    EXPECT_EQ(list.items()[1].find("x")->place(), 4u);
    EXPECT_EQ(root.find("a")->place(), 5u);
    EXPECT_EQ(root.find("a")->text(), "é");
    EXPECT_TRUE(root.find("")->boolean());
    EXPECT_EQ(root.find("c"), nullptr);
    EXPECT_EQ(list.find("x"), nullptr);
    EXPECT_TRUE(root.items().empty());
    EXPECT_TRUE(list.members().empty());
}

TEST(Json, NumbersAreIntegersOrReals) {
    struct Row {
        std::string_view literal;
        NodeKind kind;
        std::int64_t integer;
        double real;
        std::string_view text;
    };
    const Row rows[] = {
        {"3", NodeKind::integer, 3, 3.0, "3"},
        {"0", NodeKind::integer, 0, 0.0, "0"},
        {"-0", NodeKind::integer, 0, 0.0, "0"},
        {"-7", NodeKind::integer, -7, -7.0, "-7"},
        {"3.0", NodeKind::real, 0, 3.0, "3.0"},
        {"-0.0", NodeKind::real, 0, -0.0, "-0.0"},
        {"1e3", NodeKind::real, 0, 1000.0, "1e3"},
        {"1E+3", NodeKind::real, 0, 1000.0, "1E+3"},
        {"9223372036854775807", NodeKind::integer, INT64_MAX, 9223372036854775807.0, "9223372036854775807"},
        {"9223372036854775808", NodeKind::real, 0, 9223372036854775808.0, "9223372036854775808"},
        {"18446744073709551615", NodeKind::real, 0, 18446744073709551615.0, "18446744073709551615"},
        {"18446744073709551616", NodeKind::real, 0, 18446744073709551616.0, "18446744073709551616"},
        {"-9223372036854775808", NodeKind::integer, INT64_MIN, -9223372036854775808.0,
         "-9223372036854775808"},
        {"-9223372036854775809", NodeKind::real, 0, -9223372036854775808.0, "-9223372036854775809"},
        {"0.1000000000000000055511151231257827", NodeKind::real, 0, 0.1,
         "0.1000000000000000055511151231257827"},
        {"1e-400", NodeKind::real, 0, 0.0, "1e-400"},
        {"0e999999999", NodeKind::real, 0, 0.0, "0e999999999"},
    };
    for (const Row& row : rows) {
        const Document document = parsed(row.literal);
        const Node& node = document.root();
        EXPECT_EQ(node.kind(), row.kind) << row.literal;
        EXPECT_EQ(node.integer(), row.integer) << row.literal;
        EXPECT_EQ(node.real(), row.real) << row.literal;
        EXPECT_EQ(std::signbit(node.real()), std::signbit(row.real)) << row.literal;
        EXPECT_EQ(node.text(), row.text) << row.literal;
        EXPECT_FALSE(node.overflows()) << row.literal;
        EXPECT_EQ(to_json(node), row.text);
    }
}

TEST(Json, NumberThatRoundsToInfinityIsKeptAndTheRestParsed) {
    const Document document = parsed(R"([1, 1e400, {"a": -1.8e308, "b": 2}, "1e400", 3e308, 1e308])");
    EXPECT_TRUE(document.has_overflowing_numbers());
    EXPECT_TRUE(document.root().has_faults());
    const auto items = document.root().items();
    EXPECT_TRUE(items[1].overflows());
    EXPECT_EQ(items[1].kind(), NodeKind::real);
    EXPECT_EQ(items[1].real(), HUGE_VAL);
    EXPECT_EQ(items[1].text(), "1e400");
    EXPECT_TRUE(items[2].has_faults());
    EXPECT_EQ(items[2].find("a")->real(), -HUGE_VAL);
    EXPECT_EQ(items[2].find("b")->integer(), 2);
    EXPECT_FALSE(items[3].has_faults());
    EXPECT_TRUE(items[4].overflows());
    EXPECT_FALSE(items[5].overflows());
    EXPECT_EQ(rewritten(R"([1e400,0,-1.8e308,1e400])"), R"([1e400,0,-1.8e308,1e400])");
}

TEST(Json, BoundaryOfInfinityIsExact) {
    const std::string least =
        "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649"
        "017977587207096330286416692887910946555547851940402630657488671505820681908902000708383"
        "676273854845817711531764475730270069855571366959622842914819860834936475292719074168444"
        "365510704342711559699508093042880177904174497792";  // 2^1024 - 2^970
    std::string below = least;
    below.back() = '1';
    EXPECT_TRUE(parsed(least).root().overflows());
    EXPECT_TRUE(parsed("-" + least).root().overflows());
    EXPECT_TRUE(parsed(least + ".0").root().overflows());
    EXPECT_TRUE(parsed(least.substr(0, 1) + "." + least.substr(1) + "e308").root().overflows());
    EXPECT_TRUE(parsed("0.000" + least + "e312").root().overflows());
    EXPECT_FALSE(parsed(below).root().overflows());
    EXPECT_FALSE(parsed(below + ".999999").root().overflows());
    EXPECT_FALSE(parsed("0." + below + "9e309").root().overflows());
    EXPECT_EQ(parsed(below).root().real(), 1.7976931348623157e308);
}

TEST(Json, ScanAgreesWithTheParserAboutInfinity) {
    for (const std::string_view literal :
         {"1e309", "1e308", "17e307", "18e307", "1.7976931348623157e308", "1.7976931348623159e308",
          "0.0001e313", "0.0001e312", "1e99999999999999999999", "1e-99999999999999999999",
          "0e99999999999999999999", "0.0e5000", "10000e304", "10000e305", "-1e309"}) {
        const std::string text(literal);
        const bool infinite = std::isinf(std::strtod(text.c_str(), nullptr));
        EXPECT_EQ(overflowing_numbers(text).size(), infinite ? 1u : 0u) << literal;
        EXPECT_EQ(parsed(literal).root().overflows(), infinite) << literal;
    }
}

TEST(Json, ManyOverflowingNumbersTakeTwoPasses) {
    std::string text = "[0";
    for (int i = 0; i < 200'000; ++i) text += ",1e400";
    const Document document = parsed(text + "]");
    ASSERT_EQ(document.root().items().size(), 200'001u);
    EXPECT_FALSE(document.root().items()[0].overflows());
    EXPECT_TRUE(document.root().items()[200'000].overflows());
    EXPECT_EQ(refusal("[1e400, 1e400x]").substr(0, 17), "line 1, column 14");
    EXPECT_EQ(refusal("[1e400, 01e400]"), "line 1, column 10: unexpected number literal; expected ']'");
}

TEST(Json, LiteralsDoNotDependOnTheLocale) {
    const std::string before = std::setlocale(LC_NUMERIC, nullptr);
    if (std::setlocale(LC_NUMERIC, "de_DE.UTF-8") == nullptr)
        GTEST_SKIP() << "no locale with a decimal comma";
    const std::string literal = rewritten("[1.5,2.5e3,1.5e400]");
    std::setlocale(LC_NUMERIC, before.c_str());
    EXPECT_EQ(literal, "[1.5,2.5e3,1.5e400]");
}

TEST(Json, RefusesWithLineAndColumn) {
    EXPECT_EQ(refusal(""), "line 1, column 1: unexpected end of input; expected '[', '{', or a literal");
    EXPECT_EQ(refusal("{\n  \"é\": nope}"), "line 2, column 9: invalid literal");
    EXPECT_EQ(refusal("[1] x").substr(0, 17), "line 1, column 5:");
    EXPECT_EQ(refusal(R"({"a": 1,})").substr(0, 17), "line 1, column 9:");
    for (const std::string_view text :
         {"[1", "{",   "[1,]", "{\"a\"}",  "{1: 2}", "01",  "1.",      ".5",          "+1",      "- 1",
          "1e", "'a'", "nan",  "Infinity", "[1 2]",  "\"a", "\"\\x\"", "\"\\u12g4\"", "// c\n1", "tru"}) {
        EXPECT_EQ(refusal(text).rfind("line ", 0), 0u) << text;
    }
}

TEST(Json, RefusesWhatIsNotUtf8) {
    for (const std::string_view text :
         {"\"\xff\"", "\"\xc3\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"",
          "\xff", "[\"ok\", \"\x80\"]"}) {
        EXPECT_EQ(refusal(text).rfind("line 1, column ", 0), 0u) << text;
    }
    EXPECT_EQ(rewritten("\"\xf0\x9f\x98\x80 \xef\xbf\xbf\""), "\"\xf0\x9f\x98\x80 \xef\xbf\xbf\"");
}

TEST(Json, RefusesLoneSurrogates) {
    for (const std::string_view text : {R"("\ud800")", R"("\udc00")", R"("\ud800x")", R"("\ud800\u0041")",
                                        R"("\ud800\ud800")", R"({"\udfff": 1})"}) {
        EXPECT_EQ(refusal(text).rfind("line 1, column ", 0), 0u) << text;
    }
    EXPECT_EQ(rewritten(R"("\ud83d\ude00")"), "\"\xf0\x9f\x98\x80\"");
}

TEST(Json, ByteOrderMarkIsRefused) {
    EXPECT_EQ(refusal("\xEF\xBB\xBF{}"),
              "line 1, column 1: a byte order mark; the text must begin with its value");
}

TEST(Json, NulByteIsNoEndOfInput) {
    using namespace std::string_literals;
    for (const std::string& text : {"{}\0"s, "\0{}"s, "{}\0garbage"s, "[1,\0 2]"s, "\"a\0b\""s}) {
        EXPECT_NE(refusal(text).find("NUL"), std::string::npos);
    }
    EXPECT_EQ(refusal("[1,\n\0]"s).substr(0, 17), "line 2, column 1:");
    const Document document = parsed(R"("a\u0000b")");
    EXPECT_EQ(document.root().text(), "a\0b"s);
    EXPECT_EQ(to_json(document.root()), R"("a\u0000b")");
}

TEST(Json, NestingIsBounded) {
    EXPECT_TRUE(parse_json(nested(64)).ok());
    EXPECT_EQ(refusal(nested(65)), "line 1, column 65: nested deeper than 64 levels");
    EXPECT_TRUE(parse_json(nested(2), 100, 2).ok());
    EXPECT_FALSE(parse_json(nested(3), 100, 2).ok());
    EXPECT_TRUE(parse_json(nested(63, "{}")).ok());
    EXPECT_FALSE(parse_json(nested(63, R"({"a": []})")).ok());
    EXPECT_EQ(refusal("[\"[[[{{\",\n" + nested(64) + "]"), "line 2, column 64: nested deeper than 64 levels");
    EXPECT_EQ(refusal(std::string(10'000'000, '[')), "line 1, column 65: nested deeper than 64 levels");
    EXPECT_EQ(refusal("[1e400," + nested(64) + "]"), "line 1, column 71: nested deeper than 64 levels");
    EXPECT_TRUE(parse_json(nested(1'000'000), std::size_t{1} << 26, 1'000'000).ok());
}

TEST(Json, SizeIsBounded) {
    EXPECT_TRUE(parse_json("[1, 2]", 6).ok());
    const Result<Document> document = parse_json("[1, 23]", 6);
    ASSERT_FALSE(document.ok());
    EXPECT_EQ(document.error().code, ErrorCode::too_large);
    EXPECT_EQ(document.error().message, "line 1, column 1: 7 bytes; at most 6 are read");
}

TEST(Json, RepeatedMembersAreMarked) {
    const Document document = parsed(R"({"a": 1, "b": {"x": 1, "\u0078": 2}, "a": 3, "a": 4})");
    EXPECT_TRUE(document.has_repeated_members());
    const auto members = document.root().members();
    EXPECT_FALSE(members[0].repeated);
    EXPECT_FALSE(members[1].repeated);
    EXPECT_TRUE(members[2].repeated);
    EXPECT_TRUE(members[3].repeated);
    EXPECT_TRUE(members[1].value.members()[1].repeated);
    EXPECT_EQ(document.root().find("a")->integer(), 1);
    EXPECT_TRUE(document.root().has_faults());
    EXPECT_TRUE(members[1].value.has_faults());
    EXPECT_FALSE(parsed(R"({"a": {"a": {"a": 1}}})").has_repeated_members());
}

TEST(Json, RepeatedMembersAreFoundAmongMany) {
    std::string text = "{";
    for (int i = 0; i < 1000; ++i) text += "\"m" + std::to_string(i) + "\":0,";
    const Document document = parsed(text + R"("m0": 1, "m999": 2, "n": 3})");
    const auto members = document.root().members();
    for (std::size_t i = 0; i < members.size(); ++i)
        EXPECT_EQ(members[i].repeated, i == 1000 || i == 1001) << i;
}

TEST(Json, MillionRepeatedMembersAreNotQuadratic) {
    std::string text = "{\"a\":0";
    for (int i = 1; i < 1'000'000; ++i) text += ",\"a\":0";
    const Document document = parsed(text + "}");
    ASSERT_EQ(document.root().members().size(), 1'000'000u);
    EXPECT_TRUE(document.root().members().back().repeated);
    EXPECT_FALSE(document.root().members().front().repeated);
}

TEST(Json, WritesWhatItRead) {
    const std::string text =
        R"({"a":[],"b":{},"c":[null,true,false,-1,1.50,"x\"\\\b\f\n\r\t\u0001\u001f/é"],"":{"":""}})";
    EXPECT_EQ(rewritten(text), text);
    EXPECT_EQ(rewritten(" [ 1 ,\t2\r\n] "), "[1,2]");
    EXPECT_EQ(rewritten(R"("\u00e9\/")"), "\"é/\"");
    std::string out = "=";
    append_json_string(out, "\x7f\"");
    EXPECT_EQ(out, "=\"\x7f\\\"\"");
}

TEST(Json, HashIsThatOfTheCanonicalText) {
    const auto hash = [](std::string_view text) { return parsed(text).root().hash(); };
    EXPECT_EQ(hash(R"({"a": [1, "x"]})"), hash(R"( {"a" :[1,"\u0078"]} )"));
    EXPECT_EQ(hash(R"({"b": {"a": [1, "x"]}})"), hash(R"({"b":{"a":[1,"x"]}})"));
    const Document document =
        parsed(R"([{"a": 1}, 2, {"a": 1}, "2", [[]], [[], []], {"a": 1.0}, [null], ["null"]])");
    const auto items = document.root().items();
    EXPECT_EQ(items[0].hash(), items[2].hash());
    for (std::size_t i = 0; i < items.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            EXPECT_EQ(items[i].hash() == items[j].hash(), i == 2 && j == 0) << i << " " << j;
        }
    }
    EXPECT_NE(hash(R"({"a": 1, "b": 2})"), hash(R"({"b": 2, "a": 1})"));
    EXPECT_NE(hash(R"(["ab", "c"])"), hash(R"(["a", "bc"])"));
    EXPECT_NE(hash(R"({"a": "b"})"), hash(R"(["a", "b"])"));
    EXPECT_EQ(hash("[-0]"), hash("[0]"));
    EXPECT_EQ(hash(R"("x")"), hash(R"("\u0078")"));
}

TEST(Json, DocumentKeepsItsMemory) {
    std::optional<Document> copy;
    {
        std::string text = R"({"a": ["long enough to be no small string of the standard library", 12.5]})";
        copy = parsed(text);
        text.assign(text.size(), '!');
    }
    EXPECT_EQ(copy->root().find("a")->items()[0].text(),
              "long enough to be no small string of the standard library");
    EXPECT_EQ(copy->start().column, 1u);
    EXPECT_EQ(parsed("\n\n  7").start().line, 3u);
    EXPECT_EQ(parsed("\n\n  7").start().column, 3u);
}

TEST(JsonScan, TellsMembersApart) {
    const auto texts = member_texts(R"( {"a" : 1 , "b,}:": [1, {"x": 2}], "c": "}\",", "d":{}} )");
    ASSERT_EQ(texts.size(), 4u);
    EXPECT_EQ(texts[0], " 1 ");
    EXPECT_EQ(texts[1], R"( [1, {"x": 2}])");
    EXPECT_EQ(texts[2], R"( "}\",")");
    EXPECT_EQ(texts[3], "{}");
    EXPECT_TRUE(member_texts("{}").empty());
}

TEST(JsonScan, ReplacesLoneSurrogatesOnly) {
    EXPECT_EQ(with_surrogates_replaced(R"(\ud800 \uDC00 \ud83d\ude00 \\ud800 \u0041)"),
              R"(\ufffd \ufffd \ud83d\ude00 \\ud800 \u0041)");
    EXPECT_EQ(with_surrogates_replaced(R"(\ud800\ud83d\ude00)"), R"(\ufffd\ud83d\ude00)");
    EXPECT_EQ(with_surrogates_replaced(R"(\ud80)"), R"(\ud80)");
}

}  // namespace
}  // namespace expplat::ruleset
