// One answer, cut at every byte; what is none, refused; heads, trailers and chunk heads bounded.
#include "src/net/answer_parser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace expplat::net {
namespace {

struct Outcome {
    Result<bool> fed = true;
    Result<void> finished;
    int heads = 0, status = 0;
    std::string body;
    std::optional<std::uint64_t> length;
    std::string header;  // the value of `X`
    bool is_done = false, can_reuse = false;
};

/// Feeds the pieces between the cuts, then the end where `closes`.
Outcome parse(std::string_view text, std::size_t piece, bool without_body = false, bool closes = false) {
    Outcome outcome;
    AnswerParser::Events events;
    events.head = [&](Head head, std::optional<std::uint64_t> length) {
        ++outcome.heads;
        outcome.status = head.status;
        outcome.length = length;
        outcome.header = std::string(head.find("x"));
        return true;
    };
    events.body = [&](std::string_view bytes) { return outcome.body += bytes, true; };
    AnswerParser parser(without_body, std::move(events));
    EXPECT_FALSE(parser.is_begun());
    while (!text.empty() && outcome.fed) {
        outcome.fed = parser.feed(text.substr(0, piece));
        text.remove_prefix(std::min(piece, text.size()));
    }
    if (outcome.fed && closes) outcome.finished = parser.finish();
    outcome.is_done = parser.is_done();
    outcome.can_reuse = parser.can_reuse();
    return outcome;
}

TEST(Answers, AreTheSameHoweverTheyAreCut) {
    struct Case {
        const char *text, *body;
        int status;
        bool without_body, closes, can_reuse;
    };
    for (const Case& c : {
             Case{"HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 5\r\n\r\nhello", "hello", 200, false, false,
                  true},
             Case{"HTTP/1.1 200 \r\nX: y\r\nTransfer-Encoding: "
                  "chunked\r\n\r\n2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\nX: z\r\n\r\n",
                  "hello", 200, false, false, true},
             Case{"HTTP/1.1 200 OK\r\nX: y\r\n\r\nhello", "hello", 200, false, true, false},
             Case{"HTTP/1.0 200 OK\r\nX:y \r\nContent-Length: 5\r\n\r\nhello", "hello", 200, false, false,
                  false},
             Case{"HTTP/1.1 200 OK\r\nX: y\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", "hello",
                  200, false, false, false},
             Case{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX: early\r\n\r\nHTTP/1.1 404 "
                  "No\r\nX: "
                  "y\r\nContent-Length: 0\r\n\r\n",
                  "", 404, false, false, true},
             Case{"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", "", 204, false, false, true},
             Case{"HTTP/1.1 304 Not Modified\r\nX: y\r\nContent-Length: 99\r\n\r\n", "", 304, false, false,
                  true},
             Case{"HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 99\r\n\r\n", "", 200, true, false, true},
         }) {
        for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{1000}}) {
            const Outcome outcome = parse(c.text, piece, c.without_body, c.closes);
            ASSERT_TRUE(outcome.fed) << c.text << outcome.fed.error().message;
            ASSERT_TRUE(outcome.finished) << c.text << outcome.finished.error().message;
            EXPECT_EQ(outcome.heads, 1) << c.text;
            EXPECT_EQ(outcome.status, c.status);
            EXPECT_EQ(outcome.body, c.body) << c.text;
            EXPECT_EQ(outcome.header, "y") << c.text;
            EXPECT_TRUE(outcome.is_done) << c.text;
            EXPECT_EQ(outcome.can_reuse, c.can_reuse) << c.text;
        }
    }
}

TEST(Answers, BytesBehindTheEndSpoilTheConnection) {
    const Outcome outcome = parse("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n", 1000);
    EXPECT_TRUE(outcome.is_done);
    EXPECT_EQ(outcome.body, "hi");
    EXPECT_FALSE(outcome.can_reuse);
}

TEST(Answers, CutShortAreErrors) {
    const std::string whole = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const Outcome outcome = parse(std::string_view(whole).substr(0, size), 1000, false, true);
        ASSERT_TRUE(outcome.fed);
        EXPECT_FALSE(outcome.finished) << size;
    }
    EXPECT_FALSE(parse("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", 1000, false, true).finished);
    EXPECT_FALSE(parse("HTTP/1.1 100 Continue\r\n\r\n", 1000, false, true).finished);
}

TEST(Answers, WhatIsNoHttpIsRefused) {
    for (const char* text :
         {"hello\r\n\r\n", "SSH-2.0-OpenSSH\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
          "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nA b: c\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
          "HTTP/1.1 101 Switching Protocols\r\n\r\n"}) {
        const Outcome outcome = parse(text, 1);
        ASSERT_FALSE(outcome.fed) << text;
        EXPECT_EQ(outcome.fed.error().code, ErrorCode::network);
    }
}

TEST(Answers, HeadsTrailersAndChunkHeadsAreBounded) {
    const auto fed_without_end = [](std::string_view start, std::string_view again) {
        std::size_t bytes = start.size();
        AnswerParser::Events events;
        events.head = [](const Head&, std::optional<std::uint64_t>) { return true; };
        events.body = [](std::string_view) { return true; };
        AnswerParser parser(false, std::move(events));
        Result<bool> fed = parser.feed(start);
        while (fed && bytes < 1'000'000) {
            fed = parser.feed(again);
            bytes += again.size();
        }
        EXPECT_FALSE(fed) << start;
        return bytes;
    };
    const std::string line = "X: " + std::string(500, 'y') + "\r\n";
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_LE(fed_without_end("HTTP/1.1 200 OK\r\n", line), answer_head_bytes + 1'000);
    EXPECT_LE(fed_without_end("HTTP/1.1 200 OK\r\nX: ", std::string(500, 'y')), answer_head_bytes + 1'000);
    EXPECT_LE(fed_without_end("", "HTTP/1.1 100 Continue\r\n\r\n"), answer_head_bytes + 1'000);
    EXPECT_LE(fed_without_end(chunked + "5;", std::string(500, 'y')), answer_head_bytes + 1'000);
    EXPECT_LE(fed_without_end(chunked + "0\r\n", line), answer_head_bytes + 1'000);
}

TEST(Answers, AnEventStopsTheParser) {
    AnswerParser::Events events;
    events.head = [](const Head&, std::optional<std::uint64_t>) { return true; };
    int pieces = 0;
    events.body = [&](std::string_view) { return ++pieces < 2; };
    AnswerParser parser(false, std::move(events));
    const auto fed = parser.feed(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n");
    ASSERT_TRUE(fed);
    EXPECT_FALSE(*fed);
    EXPECT_EQ(pieces, 2);
}

TEST(Answers, NoisyBytesNeverCrash) {
    const std::string whole =
        "HTTP/1.1 200 OK\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n5;q=1\r\nhello\r\n0\r\nT: u\r\n\r\n";
    std::mt19937 random(5);
    int refused = 0;
    for (int i = 0; i < 5'000; ++i) {
        std::string spoilt = whole;
        for (unsigned k = 0; k <= random() % 3; ++k)
            spoilt[random() % spoilt.size()] = static_cast<char>(random());
        const Outcome outcome = parse(spoilt, 1 + random() % 20, false, true);
        if (!outcome.fed || !outcome.finished) ++refused;
    }
    EXPECT_GT(refused, 1'000);
}

}  // namespace
}  // namespace expplat::net
