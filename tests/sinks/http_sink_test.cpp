// docs/PROTOCOL.md, "POST /api/v1/events", with the test as the server: no socket.
#include "src/sinks/http_sink.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "expplat/base/limits.hpp"
#include "tests/sinks/event_fixture.hpp"

namespace expplat::tests {
namespace {

using exposure::Report;
using nlohmann::json;
using sinks::HttpSink;

std::string gunzip(std::string in) {
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    std::string out(std::size_t{8} << 20, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    inflateEnd(&stream);
    return out;
}

/// The test is the server: it looks at what was posted and answers.
class Intake final : public net::Transport {
public:
    struct Post {
        net::Request request;
        net::Handlers handlers;
        std::string text;
        json body;
    };

    net::ExchangeId start(net::Request request, net::Handlers handlers) override {
        Post post{std::move(request), std::move(handlers), {}, {}};
        post.text = gunzip(post.request.body);
        post.body = json::parse(post.text);
        posts_.emplace(++last_, std::move(post));
        return last_;
    }
    void cancel(net::ExchangeId exchange) override {
        ++cancelled;
        posts_.erase(exchange);
    }

    [[nodiscard]] std::size_t waiting() const { return posts_.size(); }
    [[nodiscard]] const Post& first() const { return posts_.begin()->second; }
    void answer(int status, const std::string& body, std::vector<net::Header> headers = {}) {
        const Post post = take();
        post.handlers.head({status, std::move(headers)});
        post.handlers.body(body);
        post.handlers.end({});
    }
    void fail(ErrorCode code, const std::string& message) { take().handlers.end(Error{code, message}); }
    /// `outcome` by unit id; nothing: no outcome at all.
    void answer_each(const std::function<std::string(const std::string&)>& outcome) {
        json outcomes = json::array();
        for (const json& event : first().body["events"]) {
            const std::string status = outcome(event["unit_id"]);
            if (status.empty()) continue;
            json entry = {{"id", event["id"]}, {"status", status}};
            if (status == "rejected") entry["reason"] = "value: must be a number";
            outcomes.insert(outcomes.begin(), entry);  // "in any order"
        }
        answer(200, json{{"outcomes", outcomes}}.dump());
    }
    void accept_all() {
        answer_each([](const std::string&) { return "accepted"; });
    }

    int cancelled = 0;

private:
    Post take() {
        Post post = std::move(posts_.begin()->second);
        posts_.erase(posts_.begin());
        return post;
    }
    std::map<net::ExchangeId, Post> posts_;
    net::ExchangeId last_ = 0;
};

class HttpSinks : public ::testing::Test {
protected:
    void SetUp() override {
        auto opened =
            HttpSink::open(intake_, {"https://flags.example.com/", "sdk-key-1", "my-engine/1.0"}, clock_);
        ASSERT_TRUE(opened);
        sink_ = std::move(*opened);
    }
    void send(std::uint32_t count) { send(numbered_events(count)); }
    void send(std::vector<OwnEvent> events) {
        owned_ = std::move(events);
        batch_ = views(owned_);
        sink_->send(batch_, [this](Report report) {
            ++answers_;
            report_ = std::move(report);
        });
    }

    Intake intake_;
    std::shared_ptr<HandClock> clock_ = std::make_shared<HandClock>();
    std::unique_ptr<exposure::EventSink> sink_;
    std::vector<OwnEvent> owned_;
    std::vector<exposure::Event> batch_;
    Report report_;
    int answers_ = 0;
};

TEST_F(HttpSinks, PostAsTheProtocolSays) {
    send(3);
    ASSERT_EQ(intake_.waiting(), 1u);
    const net::Request& request = intake_.first().request;
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.url, "https://flags.example.com/api/v1/events");
    std::map<std::string, std::string> headers;
    for (const net::Header& header : request.headers) headers[header.name] = header.value;
    EXPECT_EQ(headers["Authorization"], "Bearer sdk-key-1");
    EXPECT_EQ(headers["Content-Type"], "application/json");
    EXPECT_EQ(headers["Content-Encoding"], "gzip");
    EXPECT_EQ(headers["User-Agent"], "my-engine/1.0");
    EXPECT_EQ(intake_.first().body["sent_at"], clock_->unix_ms());
    ASSERT_EQ(intake_.first().body["events"].size(), 3u);
    EXPECT_EQ(intake_.first().body["events"][1]["unit_id"], "user-1");
    EXPECT_EQ(answers_, 0) << "not before the server has answered";
    intake_.accept_all();
    EXPECT_EQ(answers_, 1);
    EXPECT_TRUE(report_.retry.empty() && report_.rejected.empty() && report_.message.empty());
}

TEST_F(HttpSinks, SettleEachEventByItsOutcome) {
    send(5);
    intake_.answer_each([](const std::string& unit) -> std::string {
        if (unit == "user-1") return "rejected";
        if (unit == "user-2") return "retry";
        if (unit == "user-3") return "";
        return unit == "user-4" ? "a word of a later protocol" : "accepted";
    });
    EXPECT_EQ(report_.retry, (std::vector<std::size_t>{2, 3, 4}));
    ASSERT_EQ(report_.rejected.size(), 1u);
    EXPECT_EQ(report_.rejected[0].index, 1u);
    EXPECT_EQ(report_.rejected[0].reason, "value: must be a number");
}

TEST_F(HttpSinks, OutcomesOfNobodyAndTwiceAreNothing) {
    send(2);
    const std::string id = intake_.first().body["events"][0]["id"];
    intake_.answer(200, json{{"outcomes",
                              {{{"id", id}, {"status", "accepted"}},
                               {{"id", id}, {"status", "rejected"}},
                               {{"id", "ffffffff-0000-0000-0000-000000000000"}, {"status", "accepted"}},
                               {{"id", 7}, {"status", "accepted"}},
                               {{"status", "accepted"}},
                               nullptr,
                               {{"id", id}}}}}
                            .dump());
    EXPECT_EQ(report_.retry, (std::vector<std::size_t>{1}));
    EXPECT_TRUE(report_.rejected.empty());
}

TEST_F(HttpSinks, AnAnswerThatCannotBeReadIsNone) {
    for (const char* body :
         {"", "{", "[]", "{}", "null", R"({"outcomes":{}})", R"({"outcomes":7})", "<html>"}) {
        send(2);
        intake_.answer(200, body);
        EXPECT_EQ(report_.retry.size(), 2u) << body;
        EXPECT_NE(report_.message.find("cannot be read"), std::string::npos) << body;
    }
}

TEST_F(HttpSinks, WhatMayPassIsOfferedAgain) {
    for (const int status : {408, 425, 429, 500, 502, 503, 504}) {
        send(2);
        intake_.answer(status, R"({"title":"Busy","detail":"later"})", {{"Retry-After", "7"}});
        EXPECT_EQ(report_.retry.size(), 2u) << status;
        EXPECT_EQ(report_.retry_after_ms, 7'000) << status;
        EXPECT_NE(report_.message.find(std::to_string(status) + " Busy: later"), std::string::npos)
            << report_.message;
    }
    send(2);
    intake_.fail(ErrorCode::timeout, "no answer in 20 s");
    EXPECT_EQ(report_.retry.size(), 2u);
    EXPECT_NE(report_.message.find("no answer in 20 s"), std::string::npos);
}

TEST_F(HttpSinks, ARefusedKeyKeepsTheEventsAndIsAskedSeldom) {
    for (const int status : {401, 403, 404, 302}) {
        send(2);
        intake_.answer(status, R"({"title":"Unknown key"})");
        EXPECT_EQ(report_.retry.size(), 2u) << status;
        EXPECT_TRUE(report_.rejected.empty());
        EXPECT_EQ(report_.retry_after_ms, limits::unauthorized_retry_ms) << status;
        EXPECT_NE(report_.message.find(std::to_string(status)), std::string::npos);
        EXPECT_EQ(report_.message.find("sdk-key-1"), std::string::npos) << "a secret";
    }
}

TEST_F(HttpSinks, WhatCannotSucceedIsRejectedWithTheServersWords) {
    send(2);
    intake_.answer(400, R"({"title":"Bad request","detail":"sent_at is no number"})");
    EXPECT_TRUE(report_.retry.empty());
    ASSERT_EQ(report_.rejected.size(), 2u);
    EXPECT_EQ(report_.rejected[1].reason, "400 Bad request: sent_at is no number");
    EXPECT_FALSE(report_.message.empty());
}

/// "413: the client halves the batch; a single event that is still too large is a dead letter".
TEST_F(HttpSinks, HalveWhatIsTooLarge) {
    send(10);
    std::set<std::string> delivered;
    std::size_t posts = 0;
    while (intake_.waiting() > 0) {
        ASSERT_LT(++posts, 40u);
        const json events = intake_.first().body["events"];
        bool has_six = false;
        for (const json& event : events) has_six |= event["unit_id"] == "user-6";
        if (has_six) {
            intake_.answer(413, "");
            continue;
        }
        for (const json& event : events) EXPECT_TRUE(delivered.insert(event["unit_id"]).second);
        intake_.accept_all();
    }
    EXPECT_EQ(answers_, 1);
    EXPECT_EQ(delivered.size(), 9u);
    ASSERT_EQ(report_.rejected.size(), 1u);
    EXPECT_EQ(report_.rejected[0].index, 6u);
    EXPECT_TRUE(report_.retry.empty());
}

TEST_F(HttpSinks, SplitWhatIsOverAMebibyteOrFiveHundred) {
    std::vector<OwnEvent> events = numbered_events(1'203);
    for (OwnEvent& event : events) event.attributes = "{\"x\":\"" + std::string(2'500, 'y') + "\"}";
    send(std::move(events));
    std::size_t next = 0;
    std::size_t posts = 0;
    while (intake_.waiting() > 0) {
        ASSERT_EQ(intake_.waiting(), 1u) << "one after the other";
        EXPECT_LE(intake_.first().text.size(), sinks::post_bytes);
        EXPECT_LE(intake_.first().body["events"].size(), sinks::post_events);
        for (const json& event : intake_.first().body["events"])
            EXPECT_EQ(event["unit_id"], "user-" + std::to_string(next++));
        ++posts;
        intake_.accept_all();
    }
    EXPECT_EQ(next, 1'203u);
    EXPECT_EQ(posts, 4u);
    EXPECT_EQ(answers_, 1);
    send(501);
    EXPECT_EQ(intake_.first().body["events"].size(), 500u);
}

TEST_F(HttpSinks, AnEventThatNoPostHoldsIsRejectedUnseen) {
    std::vector<OwnEvent> events = numbered_events(3);
    events[1].attributes = "{\"x\":\"" + std::string(sinks::post_bytes, 'y') + "\"}";
    send(std::move(events));
    while (intake_.waiting() > 0) intake_.accept_all();
    EXPECT_EQ(answers_, 1);
    ASSERT_EQ(report_.rejected.size(), 1u);
    EXPECT_EQ(report_.rejected[0].index, 1u);
    EXPECT_TRUE(report_.retry.empty());
}

TEST_F(HttpSinks, AFailureInTheMiddleKeepsWhatWasSettledAndOffersTheRest) {
    send(1'100);
    intake_.answer_each([](const std::string& unit) { return unit == "user-3" ? "rejected" : "accepted"; });
    intake_.answer(503, "");
    EXPECT_EQ(intake_.waiting(), 0u) << "a server that is busy is not asked further";
    EXPECT_EQ(report_.retry.size(), 600u);
    EXPECT_EQ(report_.retry.front(), 500u);
    EXPECT_EQ(report_.retry.back(), 1'099u);
    ASSERT_EQ(report_.rejected.size(), 1u);
    EXPECT_EQ(report_.rejected[0].index, 3u);
}

TEST_F(HttpSinks, SeveralBatchesAtOnce) {
    const auto one = numbered_events(2);
    const auto two = numbered_events(3);
    const auto first = views(one);
    const auto second = views(two);
    std::vector<int> done;
    sink_->send(first, [&](Report) { done.push_back(1); });
    sink_->send(second, [&](Report) { done.push_back(2); });
    EXPECT_EQ(intake_.waiting(), 2u);
    intake_.accept_all();
    intake_.accept_all();
    EXPECT_EQ(done, (std::vector<int>{1, 2}));
}

TEST_F(HttpSinks, OnceDestroyedNothingIsCalled) {
    send(2);
    sink_.reset();
    EXPECT_EQ(intake_.cancelled, 1);
    EXPECT_EQ(answers_, 0);
}

TEST(HttpSink, WrongSettingsAreErrors) {
    Intake intake;
    const auto clock = std::make_shared<HandClock>();
    for (const auto& [url, key] : {std::pair{"flags.example.com", "k"},
                                   {"", "k"},
                                   {"ftp://x", "k"},
                                   {"https://x", ""},
                                   {"https://x", "a\r\nX: y"}}) {
        const auto sink = HttpSink::open(intake, {url, key}, clock);
        ASSERT_FALSE(sink) << url;
        EXPECT_EQ(sink.error().code, ErrorCode::invalid_argument);
    }
}

}  // namespace
}  // namespace expplat::tests
