// The event-stream parser against 109 vectors of others (tests/data/sse), each fed in every way that its bytes can be
// cut in two; against a naive reading of the standard on random streams; and at its limits.
#include "src/net/sse_parser.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace expplat::net {
namespace {

using nlohmann::json;
using std::string_literals::operator""s;

struct Event {
    std::string type;
    std::string data;
    std::string id;
    friend bool operator==(const Event&, const Event&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Event& event) {
        return out << '{' << event.type << '|' << event.data << '|' << event.id << '}';
    }
};

/// All that a stream has told.
struct Heard {
    std::vector<Event> events;
    std::vector<std::string> comments;
    std::optional<std::int64_t> retry_ms;
    std::string last_event_id;
    SseStatus status = SseStatus::open;
    friend bool operator==(const Heard&, const Heard&) = default;
};

class Listener {
public:
    explicit Listener(SseLimits limits = {}) : parser(limits) {}

    Listener& feed(std::string_view bytes) {
        // A copy of exactly that size, so that a sanitizer sees a read past its end.
        const std::vector<char> copy(bytes.begin(), bytes.end());
        heard.status = parser.feed(
            std::string_view(copy.data(), copy.size()),
            [this](const SseEvent& event) {
                heard.events.push_back(
                    {std::string(event.type), std::string(event.data), std::string(event.id)});
                EXPECT_EQ(event.id, parser.last_event_id());
                EXPECT_EQ(event.retry_ms, parser.retry_ms());
            },
            [this](std::string_view comment) { heard.comments.emplace_back(comment); });
        heard.retry_ms = parser.retry_ms();
        heard.last_event_id = parser.last_event_id();
        EXPECT_EQ(parser.event_count(), heard.events.size());
        EXPECT_EQ(parser.comment_count(), heard.comments.size());
        return *this;
    }

    SseParser parser;
    Heard heard;
};

Heard hear(std::string_view bytes, SseLimits limits = {}) { return Listener(limits).feed(bytes).heard; }

/// The same bytes, one by one and cut in two at every place, must tell the same.
void expect_any_split(std::string_view bytes, const Heard& whole, SseLimits limits = {}) {
    Listener by_bytes(limits);
    for (std::size_t i = 0; i < bytes.size(); ++i) by_bytes.feed(bytes.substr(i, 1));
    EXPECT_EQ(by_bytes.heard, whole) << "byte by byte";
    for (std::size_t at = 0; at <= bytes.size(); ++at) {
        Listener split(limits);
        split.feed(bytes.substr(0, at)).feed({}).feed(bytes.substr(at));
        ASSERT_EQ(split.heard, whole) << "cut at " << at;
    }
}

std::string decode_base64(std::string_view text) {
    const std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        if (c == '=') break;
        bits = bits << 6 | static_cast<std::uint32_t>(digits.find(c));
        if ((count += 6) < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xFF);
    }
    return out;
}

TEST(SseParser, AgreesWithAllVectorsOfTheSuite) {
    std::ifstream file(std::string(EXPPLAT_TEST_DATA) + "/sse/parser-vectors.json");
    const json vectors = json::parse(file, nullptr, false);
    ASSERT_TRUE(vectors.is_array());
    EXPECT_EQ(vectors.size(), 109u);
    for (const json& vector : vectors) {
        SCOPED_TRACE(vector["name"]);
        Listener chunked;
        std::string bytes;
        for (const json& chunk : vector["chunksBase64"]) {
            const std::string piece = decode_base64(chunk.get<std::string>());
            chunked.feed(piece);
            bytes += piece;
        }
        const Heard whole = hear(bytes);
        EXPECT_EQ(chunked.heard, whole);

        std::vector<Event> events;
        for (const json& event : vector["events"])
            events.push_back({event["type"], event["data"], event["id"]});
        EXPECT_EQ(whole.events, events);
        EXPECT_EQ(whole.status, SseStatus::open);
        if (vector.contains("comments")) {
            EXPECT_EQ(whole.comments, vector["comments"].get<std::vector<std::string>>());
        }
        if (vector.contains("retryMs")) { EXPECT_EQ(whole.retry_ms, vector["retryMs"].get<std::int64_t>()); }
        if (vector.contains("lastEventId")) {
            EXPECT_EQ(whole.last_event_id, vector["lastEventId"].get<std::string>());
        }
        expect_any_split(bytes, whole);
    }
}

// --- a naive reading of the standard's section, on the whole text ------------------------------------

Heard hear_naively(std::string text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
    Heard heard;
    std::string type, data, id;
    while (true) {
        const std::size_t end = text.find_first_of("\r\n");
        if (end == std::string::npos) return heard;
        const std::string line = text.substr(0, end);
        text.erase(0, text.substr(end, 2) == "\r\n" ? end + 2 : end + 1);
        const std::size_t colon = line.find(':');
        const std::string field = line.substr(0, colon);
        std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
        if (line.empty()) {
            heard.last_event_id = id;
            if (!data.empty()) {
                data.pop_back();
                heard.events.push_back({type.empty() ? "message" : type, data, id});
            }
            type = data = "";
            continue;
        }
        if (colon == 0) {
            heard.comments.push_back(value);
            continue;
        }
        if (value.starts_with(' ')) value.erase(0, 1);
        if (field == "data") data += value + '\n';
        if (field == "event") type = value;
        if (field == "id" && value.find('\0') == std::string::npos) id = value;
        if (field == "retry" && !value.empty() &&
            value.find_first_not_of("0123456789") == std::string::npos) {
            heard.retry_ms = std::stoll(value);
        }
    }
}

TEST(SseParser, AgreesWithANaiveReadingOnRandomStreams) {
    const std::string words[] = {"data", "event", "id",    "retry",        ":",       ": ",
                                 "\n",   "\r",    "\r\n",  "\n\n",         "x",       "7",
                                 " ",    "\0"s,   "data:", "\xEF\xBB\xBF", "\xC3\xA4"};
    std::mt19937_64 random(20251123);
    std::size_t events = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes;
        for (auto count = random() % 40; count > 0; --count) bytes += words[random() % std::size(words)];
        const Heard expected = hear_naively(bytes);
        events += expected.events.size();
        ASSERT_EQ(hear(bytes), expected) << json(bytes).dump(-1, ' ', true, json::error_handler_t::replace);
        Listener pieces;
        for (std::size_t at = 0; at < bytes.size();) {
            const std::size_t size = 1 + random() % 9;
            pieces.feed(std::string_view(bytes).substr(at, size));
            at += size;
        }
        ASSERT_EQ(pieces.heard, expected);
    }
    EXPECT_GT(events, 4'000u);  // the streams are worth reading
}

// --- what the vectors do not say ---------------------------------------------------------------------

TEST(SseParser, AnEventIsThereAtTheCarriageReturnOfItsBlankLine) {
    Listener listener;
    EXPECT_EQ(listener.feed("data: a\r\n\r").heard.events.size(), 1u);
    EXPECT_EQ(listener.feed("\ndata: b\r\n\r\n").heard.events.size(), 2u);
    EXPECT_EQ(listener.heard.events[1].data, "b");
}

TEST(SseParser, StepsStopBehindEachEventAndComment) {
    SseParser parser;
    std::string_view bytes = ": ping\ndata: a\n\ndata: b\n\ndata: c";
    ASSERT_EQ(parser.next(bytes), SseItem::comment);
    EXPECT_EQ(parser.comment(), " ping");
    ASSERT_EQ(parser.next(bytes), SseItem::event);
    EXPECT_EQ(parser.event().data, "a");
    EXPECT_EQ(bytes, "data: b\n\ndata: c");
    ASSERT_EQ(parser.next(bytes), SseItem::event);
    EXPECT_EQ(parser.event().data, "b");
    EXPECT_EQ(parser.next(bytes), SseItem::none);
    EXPECT_EQ(bytes, "");
}

TEST(SseParser, ACommentInsideAnEventLeavesTheEventWhole) {
    const std::string bytes = "event: put\n: ping\ndata: a\n:\ndata: b\n\n";
    const Heard whole = hear(bytes);
    EXPECT_EQ(whole.events, (std::vector<Event>{{"put", "a\nb", ""}}));
    EXPECT_EQ(whole.comments, (std::vector<std::string>{" ping", ""}));
    expect_any_split(bytes, whole);
}

TEST(SseParser, AWaitIsDigitsAndBounded) {
    EXPECT_EQ(hear("retry: 250\n").retry_ms, 250);
    EXPECT_EQ(hear("retry: 0\n").retry_ms, 0);
    EXPECT_EQ(hear("retry\n").retry_ms, std::nullopt);
    EXPECT_EQ(hear("retry:\n").retry_ms, std::nullopt);
    for (const char* const value : {"-1", "+1", "1.5", "1e3", "0x10", " 1", "1 ", "one"}) {
        EXPECT_EQ(hear("retry: "s + value + '\n').retry_ms, std::nullopt) << value;
    }
    EXPECT_EQ(hear("retry: 3600001\n").retry_ms, 3'600'000);
    EXPECT_EQ(hear("retry: " + std::string(5'000, '9') + '\n').retry_ms, 3'600'000);
    EXPECT_EQ(hear("retry: " + std::string(5'000, '9') + "x\n").retry_ms, std::nullopt);
    EXPECT_EQ(hear("retry: 99999999999999999999\n", {.retry_ms = INT64_MAX}).retry_ms, INT64_MAX);
}

TEST(SseParser, AnIdThatNoRequestCouldSendBackIsIgnored) {
    const std::string longest(1024, 'i');
    EXPECT_EQ(hear("id: " + longest + "\n\n").last_event_id, longest);
    EXPECT_EQ(hear("id: a\nid: " + longest + "i\n\n").last_event_id, "a");
    EXPECT_EQ(hear("id: a\nid: b\0c\n\n"s).last_event_id, "a");
}

TEST(SseParser, AnIdCountsFromTheEndOfItsEvent) {
    Listener listener;
    EXPECT_EQ(listener.feed("id: 1\ndata: a\n\nid: 2\ndata: b\n").heard.last_event_id, "1");
    EXPECT_EQ(listener.feed("\n").heard.last_event_id, "2");
    EXPECT_EQ(listener.feed("id: 3\n\n").heard.last_event_id, "3")
        << "an event without data is not told but counts";
    EXPECT_EQ(listener.heard.events.size(), 2u);
}

TEST(SseParser, ANewConnectionForgetsTheHalfEventAndKeepsTheIdAndTheWait) {
    Listener listener;
    listener.feed("\xEF\xBB\xBFretry: 5\nid: 1\ndata: a\n\nid: 2\nevent: put\ndata: half\r");
    listener.parser.begin_stream();
    listener.feed(
        "\n\xEF\xBB\xBF"
        "data: b\n\n");
    ASSERT_EQ(listener.heard.events.size(), 1u)
        << "the LF is a line of the new stream, its mark is no first line";
    listener.parser.begin_stream();
    listener.feed(
        "\xEF\xBB\xBF"
        "data: c\n\n");
    EXPECT_EQ(listener.heard.events.back(), (Event{"message", "c", "1"}));
    EXPECT_EQ(listener.heard.retry_ms, 5);
}

TEST(SseParser, ALineOverItsLimitFailsTheStreamHoweverItArrives) {
    const SseLimits limits{.line_bytes = 12};
    const std::string fits = "data: 123456\n\n";
    expect_any_split(fits, hear(fits, limits), limits);
    EXPECT_EQ(hear(fits, limits).events.size(), 1u);
    for (const std::string line : {"data: 1234567\n", ": comment 123\n", "unknown field\n"}) {
        const std::string bytes = fits + line + fits;
        const Heard whole = hear(bytes, limits);
        EXPECT_EQ(whole.status, SseStatus::line_too_long) << line;
        EXPECT_EQ(whole.events.size(), 1u) << "what came before it is told, what comes behind is not";
        expect_any_split(bytes, whole, limits);
    }
}

TEST(SseParser, AnEventOverItsLimitFailsTheStreamHoweverItArrives) {
    const SseLimits limits{.event_bytes = 8};
    const std::string fits = "data: 12\ndata: 3456\n\n";  // each line counts with its LF
    EXPECT_EQ(hear(fits, limits).events, (std::vector<Event>{{"message", "12\n3456", ""}}));
    for (const std::string event : {"data: 12\ndata: 34567\n\n", "event: abc\ndata: 12345\n\n",
                                    "data: 12345\nevent: abc\n\n", "event: abcdefghi\n\n"}) {
        const std::string bytes = fits + event + fits;
        const Heard whole = hear(bytes, limits);
        EXPECT_EQ(whole.status, SseStatus::event_too_long) << event;
        EXPECT_EQ(whole.events.size(), 1u);
        expect_any_split(bytes, whole, limits);
    }
}

TEST(SseParser, AFailedStreamStaysFailedUntilTheNextConnection) {
    Listener listener({.line_bytes = 10});
    EXPECT_EQ(listener.feed("id: 1\n\n12345678901").heard.status, SseStatus::line_too_long);
    EXPECT_EQ(listener.feed("\n\ndata: a\n\n").heard.status, SseStatus::line_too_long);
    EXPECT_TRUE(listener.heard.events.empty());
    listener.parser.begin_stream();
    EXPECT_EQ(listener.feed("data: b\n\n").heard.status, SseStatus::open);
    EXPECT_EQ(listener.heard.events, (std::vector<Event>{{"message", "b", "1"}}));
    EXPECT_EQ(name(SseStatus::line_too_long), "line_too_long");
}

TEST(SseParser, AnEndlessLineOrEventFailsAfterABoundedNumberOfBytes) {
    const std::string line_piece(4'096, 'x');
    const std::string event_piece = "data: " + std::string(1'000, 'x') + '\n';
    for (const std::string& piece : {line_piece, event_piece}) {
        Listener listener({.line_bytes = 1 << 20, .event_bytes = 1 << 20});
        std::size_t fed = 0;
        while (listener.heard.status == SseStatus::open && fed < (4u << 20)) {
            listener.feed(piece);
            fed += piece.size();
        }
        EXPECT_NE(listener.heard.status, SseStatus::open);
        EXPECT_LE(fed, (1u << 20) + (1u << 16));
    }
}

TEST(SseParser, ALargeDocumentInOneLineArrivesWhole) {
    std::mt19937_64 random(7);
    std::string document(3 << 20, ' ');
    for (char& c : document) c = static_cast<char>('a' + random() % 26);
    const std::string bytes = "event: put\ndata: " + document + "\ndata:\ndata: end\n\ndata: next\n\n";
    for (const std::size_t size : {std::size_t{1} << 14, std::size_t{100'003}, bytes.size()}) {
        Listener listener;
        for (std::size_t at = 0; at < bytes.size(); at += size)
            listener.feed(std::string_view(bytes).substr(at, size));
        ASSERT_EQ(listener.heard.events.size(), 2u);
        EXPECT_TRUE(listener.heard.events[0].data == document + "\n\nend");
        EXPECT_EQ(listener.heard.events[0].type, "put");
        EXPECT_EQ(listener.heard.events[1], (Event{"message", "next", ""}));
    }
}

}  // namespace
}  // namespace expplat::net
