// RESP, whole and cut anywhere, and what no Redis would send.
#include "server/publish/resp_parser.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace expplat::tests {
namespace {

using server::publish::resp_command;
using server::publish::RespLimits;
using server::publish::RespParser;
using server::publish::RespValue;

/// A value as a text that tests can compare.
std::string shown(const RespValue& value) {
    switch (value.kind) {
        case RespValue::Kind::status: return '+' + value.text;
        case RespValue::Kind::error: return '-' + value.text;
        case RespValue::Kind::integer: return ':' + std::to_string(value.integer);
        case RespValue::Kind::string: return '"' + value.text + '"';
        case RespValue::Kind::null: return "null";
        case RespValue::Kind::list: break;
    }
    std::string text = "[";
    for (const RespValue& item : value.items) text += shown(item) + ' ';
    return text + ']';
}

struct Parsed {
    std::vector<std::string> values;
    RespParser::State state;
};

Parsed parse(const std::vector<std::string_view>& pieces, RespLimits limits = {}) {
    RespParser parser(limits);
    Parsed parsed{};
    for (std::string_view piece : pieces) {
        while (auto value = parser.next(piece)) parsed.values.push_back(shown(*value));
    }
    parsed.state = parser.state();
    return parsed;
}

TEST(RespParser, ReadsEachKindOfValue) {
    const auto parsed =
        parse({"+OK\r\n-ERR no such thing\r\n:-12\r\n:+7\r\n$5\r\nhe\r\nl\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n"
               "*3\r\n$1\r\na\r\n*2\r\n:1\r\n$-1\r\n+b\r\n+\r\n"});
    EXPECT_EQ(parsed.state, RespParser::State::open);
    EXPECT_EQ(parsed.values,
              (std::vector<std::string>{"+OK", "-ERR no such thing", ":-12", ":7", "\"he\r\nl\"", "\"\"",
                                        "null", "null", "[]", "[\"a\" [:1 null ] +b ]", "+"}));
}

TEST(RespParser, IsTheSameWhereverItIsCut) {
    const std::string text =
        "+OK\r\n*4\r\n$8\r\npmessage\r\n$9\r\nexpplat:*\r\n$20\r\nexpplat:0:ruleset:a/\r\n$2\r\n\r\n\r\n"
        ":123\r\n*2\r\n*1\r\n*1\r\n-E\r\n*0\r\n$-1\r\n";
    const std::vector<std::string> whole = parse({text}).values;
    ASSERT_EQ(whole.size(), 5u);
    const std::string_view all = text;
    for (std::size_t a = 0; a <= all.size(); ++a) {
        for (std::size_t b = a; b <= all.size(); ++b) {
            const auto cut = parse({all.substr(0, a), all.substr(a, b - a), all.substr(b)});
            ASSERT_EQ(cut.values, whole) << a << ' ' << b;
        }
    }
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i < all.size(); ++i) bytes.push_back(all.substr(i, 1));
    EXPECT_EQ(parse(bytes).values, whole);
}

TEST(RespParser, RefusesWhatIsNoResp) {
    for (const std::string_view text : {"HTTP/1.1 400 Bad Request\r\n",
                                        "\r\n",
                                        "\n",
                                        "\x01\r\n",
                                        "+OK\n",
                                        "+O\rK\r\n",
                                        "+\r\r\n",
                                        ":\r\n",
                                        ":1x\r\n",
                                        ":+-1\r\n",
                                        ":99999999999999999999\r\n",
                                        "$\r\n",
                                        "$-2\r\n",
                                        "$x\r\n",
                                        "$1\r\nab\r\n",
                                        "$1\r\na\n\n",
                                        "$0\r\n\n",
                                        "$1\r\na\r\r",
                                        "*-2\r\n",
                                        "*\r\n",
                                        "*1.0\r\n",
                                        "*1\r\n?1\r\n",
                                        "!5\r\nhello\r\n",
                                        "%1\r\n"}) {
        EXPECT_EQ(parse({text}).state, RespParser::State::malformed) << text;
        EXPECT_TRUE(parse({text}).values.empty()) << text;
    }
    // What was whole before it counts; nothing after it does.
    const auto parsed = parse({"+OK\r\nnonsense", "+OK\r\n"});
    EXPECT_EQ(parsed.values, std::vector<std::string>{"+OK"});
    EXPECT_EQ(parsed.state, RespParser::State::malformed);
}

TEST(RespParser, IsBounded) {
    const RespLimits limits{
        .line_bytes = 8, .string_bytes = 10, .value_bytes = 15, .value_items = 4, .depth = 2};
    const auto state = [&](std::string_view text) { return parse({text}, limits).state; };
    using State = RespParser::State;
    EXPECT_EQ(state("+1234567\r\n"), State::open);
    EXPECT_EQ(state("+12345678\r\n"), State::too_large);
    EXPECT_EQ(state("+1234567\r"), State::open);
    EXPECT_EQ(state("+123456789"), State::too_large) << "before its end has come";
    EXPECT_EQ(state("$10\r\n0123456789\r\n"), State::open);
    EXPECT_EQ(state("$11\r\n"), State::too_large) << "before a byte of it has come";
    EXPECT_EQ(state("*2\r\n$10\r\n0123456789\r\n$6\r\n"), State::too_large);
    EXPECT_EQ(state("*2\r\n$10\r\n0123456789\r\n$5\r\n01234\r\n"), State::open);
    EXPECT_EQ(state("*4\r\n"), State::open);
    EXPECT_EQ(state("*5\r\n"), State::too_large);
    EXPECT_EQ(state("*2\r\n*3\r\n"), State::too_large) << "items of all lists together";
    EXPECT_EQ(state("*1\r\n*1\r\n:1\r\n"), State::open);
    EXPECT_EQ(state("*1\r\n*1\r\n*1\r\n"), State::too_large);
    EXPECT_EQ(state("*1\r\n$7000000000000000000\r\n"), State::too_large);
    EXPECT_EQ(parse({"$9223372036854775807\r\n"}).state, State::too_large);
    EXPECT_EQ(parse({"*9223372036854775807\r\n"}).state, State::too_large);
    // Each value has the whole bounds.
    const auto many = parse(
        {"$10\r\n0123456789\r\n$10\r\n0123456789\r\n*3\r\n:1\r\n:2\r\n:3\r\n*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n"},
        limits);
    EXPECT_EQ(many.values.size(), 4u);
}

TEST(RespParser, WritesCommands) {
    EXPECT_EQ(resp_command({"PING"}), "*1\r\n$4\r\nPING\r\n");
    EXPECT_EQ(resp_command({"AUTH", "a b", ""}), "*3\r\n$4\r\nAUTH\r\n$3\r\na b\r\n$0\r\n\r\n");
}

}  // namespace
}  // namespace expplat::tests
