// The listener over real sockets: what is answered, how connections go on and end, and what each limit does.
#include "server/http/listener.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/http/answer.hpp"
#include "tests/server/http/raw_client.hpp"

namespace expplat::server::http {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds short_time{60};

/// zlib's two ways, with a gzip wrapper.
std::string deflated(const std::string& text) {
    std::string out(compressBound(static_cast<uLong>(text.size())) + 64, '\0');
    z_stream stream{};
    deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}
std::string inflated(const std::string& bytes) {
    std::string out(1 << 20, '\0');
    z_stream stream{};
    inflateInit2(&stream, 15 + 16);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    inflateEnd(&stream);
    return out;
}

std::string get(const std::string& target, const std::string& fields = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}
std::string post(const std::string& body, const std::string& fields = "") {
    return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + fields +
           "\r\n" + body;
}
SharedText shared(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

/// What listener threads tell a test: waits are bounded, and nothing sleeps.
class Board {
public:
    void change(const std::function<void()>& apply) {
        {
            const std::lock_guard lock(mutex_);
            apply();
        }
        changed_.notify_all();
    }
    [[nodiscard]] bool wait(const std::function<bool()>& holds) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, patience, holds);
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
};

class ListenerTest : public testing::Test {
protected:
    void start(Handler handler) {
        settings_.threads = settings_.threads > 0 ? settings_.threads : 2;
        auto started = Listener::start(settings_, std::move(handler));
        ASSERT_TRUE(started.ok()) << started.error().message;
        listener_ = std::move(*started);
    }
    /// Answers with the method, the target and the body.
    void start_echo() {
        start([](const std::shared_ptr<Request>& request, Responder responder) {
            responder.send(Response::text(200, "text/plain",
                                          request->method + " " + request->target + " " + request->body));
        });
    }
    /// Every request opens a stream.
    void start_streams() {
        start([this](const std::shared_ptr<Request>&, Responder responder) {
            Response head;
            head.headers.add("Content-Type", "text/event-stream");
            Stream stream = responder.open(std::move(head), [this] { board_.change([this] { ++closed_; }); });
            board_.change([&] { streams_.push_back(std::move(stream)); });
        });
    }
    RawClient client(int receive_buffer = 0) { return RawClient(listener_->port(), receive_buffer); }
    /// A client whose stream is open, with its handle.
    std::pair<RawClient, Stream> open_stream(int receive_buffer = 0) {
        RawClient opened = client(receive_buffer);
        const std::size_t before = streams_.size();
        EXPECT_EQ(opened.ask(get("/"), false).status, 200);
        EXPECT_TRUE(board_.wait([&] { return streams_.size() > before; }));
        return {std::move(opened), streams_.back()};
    }

    ListenerSettings settings_;
    Board board_;
    std::vector<Stream> streams_;  // with the board, as the next
    int closed_ = 0;
    std::unique_ptr<Listener> listener_;  // last: its threads use the others
};

// --- answers ----------------------------------------------------------------------------------------

TEST_F(ListenerTest, AnswersAndKeepsTheConnection) {
    start_echo();
    RawClient one = client();
    for (int i = 0; i < 3; ++i) {
        const RawClient::Answer answer = one.ask(get("/a?b=c"));
        EXPECT_EQ(answer.status, 200);
        EXPECT_TRUE(answer.head.starts_with("HTTP/1.1 200 OK\r\n"));
        EXPECT_EQ(answer.body, "GET /a?b=c ");
        EXPECT_EQ(answer.field("Content-Type"), "text/plain");
        EXPECT_THAT(answer.field("Date"), testing::MatchesRegex("..., .. ... .... ..:..:.. GMT"));
        EXPECT_FALSE(answer.has("Connection"));
    }
    EXPECT_EQ(one.ask(post("body")).body, "POST / body");
    EXPECT_EQ(listener_->connections(), 1u);
}

TEST_F(ListenerTest, ShowsTheRequestDecoded) {
    std::shared_ptr<Request> seen;
    start([&](std::shared_ptr<Request> request, Responder responder) {
        board_.change([&] { seen = std::move(request); });
        responder.send(Response::json(200, "{}"));
    });
    client().ask(get("/a%20b/c/?d=%65&d=f", "X-One: 1 \r\nx-one:2\r\n"));
    ASSERT_TRUE(board_.wait([&] { return seen != nullptr; }));
    EXPECT_THAT(seen->segments, testing::ElementsAre("a b", "c"));
    EXPECT_EQ(seen->query_value("d"), "e");
    EXPECT_EQ(seen->query_value("x"), std::nullopt);
    EXPECT_EQ(seen->headers.find("x-ONE"), "1");
    EXPECT_EQ(seen->headers.all("X-One"), "1, 2");
    EXPECT_EQ(seen->remote, "127.0.0.1");
    EXPECT_FALSE(seen->secure);
}

TEST_F(ListenerTest, TakesARequestIdOrMakesOne) {
    start_echo();
    EXPECT_EQ(client().ask(get("/", "X-Request-Id: a.B_9-z\r\n")).field("X-Request-Id"), "a.B_9-z");
    const std::string made = client().ask(get("/")).field("X-Request-Id");
    EXPECT_THAT(made, testing::MatchesRegex("[0-9a-f]+"));
    EXPECT_EQ(made.size(), 32u);
    EXPECT_EQ(client().ask(get("/", "X-Request-Id: a b\r\n")).field("X-Request-Id").size(), 32u);
    EXPECT_EQ(
        client().ask(get("/", "X-Request-Id: " + std::string(65, 'a') + "\r\n")).field("X-Request-Id").size(),
        32u);
}

TEST_F(ListenerTest, ClosesWhereItIsAskedTo) {
    start_echo();
    for (const std::string& request :
         {get("/", "Connection: close\r\n"), get("/", "Connection: foo, Close\r\n"),
          std::string("GET / HTTP/1.0\r\n\r\n")}) {
        RawClient one = client();
        EXPECT_EQ(one.ask(request).field("Connection"), "close");
        EXPECT_EQ(one.read_to_end(), "");
        EXPECT_TRUE(one.is_ended());
    }
    RawClient old = client();
    EXPECT_EQ(old.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").field("Connection"), "keep-alive");
    EXPECT_EQ(old.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").status, 200);
}

TEST_F(ListenerTest, SendsNoBodyWhereNoneMayBe) {
    start([](const std::shared_ptr<Request>& request, Responder responder) {
        Response response = Response::text(200, "text/plain", "twelve bytes");
        if (request->target == "/204") response.status = 204;
        if (request->target == "/304") response.status = 304;
        responder.send(std::move(response));
    });
    RawClient one = client();
    const RawClient::Answer head = one.ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", false);
    EXPECT_EQ(head.field("Content-Length"), "12");
    for (const char* const target : {"/204", "/304"}) {
        const RawClient::Answer answer = one.ask(get(target));
        EXPECT_EQ(std::to_string(answer.status), target + 1);
        EXPECT_FALSE(answer.has("Content-Length"));
    }
    EXPECT_EQ(one.ask(get("/")).body, "twelve bytes");
}

TEST_F(ListenerTest, KeepsAValueFromBecomingAField) {
    start([](const std::shared_ptr<Request>&, Responder responder) {
        Response response = Response::text(200, "text/plain", "a");
        response.headers.add("Location", "/a\r\nSet-Cookie: b");
        response.headers.add("Content-Length", "7");
        responder.send(std::move(response));
    });
    const RawClient::Answer answer = client().ask(get("/"));
    EXPECT_EQ(answer.field("Location"), "/a  Set-Cookie: b");
    EXPECT_FALSE(answer.has("Set-Cookie"));
    EXPECT_EQ(answer.field("Content-Length"), "1");
}

TEST_F(ListenerTest, CompressesForWhoTakesIt) {
    const std::string text(5000, 'x');
    start([&](const std::shared_ptr<Request>& request, Responder responder) {
        Response response = Response::text(200, "application/json; charset=utf-8", text);
        if (request->target == "/small") response.body = shared(text.substr(0, 1023));
        if (request->target == "/large") response.body = shared(std::string(compressed_up_to_bytes + 1, 'x'));
        if (request->target == "/image") response.headers.set("Content-Type", "image/png");
        if (request->target == "/coded") response.headers.set("Content-Encoding", "br");
        if (request->target == "/before") response.body_gzip = shared(deflated("made before"));
        if (request->target == "/vary") response.headers.set("Vary", "Origin, accept-encoding");
        responder.send(std::move(response));
    });
    RawClient one = client();
    for (const char* const accepted :
         {"gzip", "br, gzip;q=0.1", "*", "GZIP;q=1", "x-gzip", "gzip; q=0.001"}) {
        const RawClient::Answer answer =
            one.ask(get("/", std::string("Accept-Encoding: ") + accepted + "\r\n"));
        EXPECT_EQ(answer.field("Content-Encoding"), "gzip") << accepted;
        EXPECT_EQ(answer.field("Vary"), "Accept-Encoding");
        EXPECT_EQ(inflated(answer.body), text);
    }
    for (const char* const accepted : {"", "br", "gzip;q=0", "gzip;q=0.000, *", "*;q=0", "identity"}) {
        const RawClient::Answer answer =
            one.ask(get("/", std::string("Accept-Encoding: ") + accepted + "\r\n"));
        EXPECT_FALSE(answer.has("Content-Encoding")) << accepted;
        EXPECT_EQ(answer.field("Vary"), "Accept-Encoding");
        EXPECT_EQ(answer.body, text);
    }
    for (const char* const target : {"/small", "/image"}) {
        const RawClient::Answer answer = one.ask(get(target, "Accept-Encoding: gzip\r\n"));
        EXPECT_FALSE(answer.has("Content-Encoding")) << target;
        EXPECT_FALSE(answer.has("Vary")) << target;
    }
    const RawClient::Answer large = one.ask(get("/large", "Accept-Encoding: gzip\r\n"));
    EXPECT_FALSE(large.has("Content-Encoding")) << "it would keep the thread for too long";
    EXPECT_EQ(large.body.size(), compressed_up_to_bytes + 1);
    EXPECT_EQ(one.ask(get("/coded", "Accept-Encoding: gzip\r\n")).body, text);
    EXPECT_EQ(inflated(one.ask(get("/before", "Accept-Encoding: gzip\r\n")).body), "made before");
    EXPECT_EQ(one.ask(get("/before")).body, text);
    EXPECT_EQ(one.ask(get("/vary", "Accept-Encoding: gzip\r\n")).field("Vary"), "Origin, accept-encoding");
}

TEST(Answer, IsCompressedBeforehandForWhoTakesIt) {
    const auto beforehand = [](std::size_t bytes, const char* accepted, const char* type) {
        Request request;
        request.headers.add("Accept-Encoding", accepted);
        Response response = Response::text(200, type, std::string(bytes, 'x'));
        compress_beforehand(response, request);
        return response.body_gzip;
    };
    const SharedText made = beforehand(compressed_up_to_bytes, "br, gzip", "application/json");
    ASSERT_NE(made, nullptr);
    EXPECT_EQ(inflated(*made), std::string(compressed_up_to_bytes, 'x'));
    EXPECT_EQ(beforehand(compressed_up_to_bytes + 1, "gzip", "application/json"), nullptr);
    EXPECT_EQ(beforehand(compressed_from_bytes - 1, "gzip", "application/json"), nullptr);
    EXPECT_EQ(beforehand(5000, "br", "application/json"), nullptr);
    EXPECT_EQ(beforehand(5000, "gzip", "image/png"), nullptr);
}

TEST_F(ListenerTest, InflatesBodies) {
    settings_.limits.body_bytes = 100'000;
    start_echo();
    const std::string text(50'000, 'y');
    EXPECT_EQ(client().ask(post(deflated(text), "Content-Encoding: gzip\r\n")).body, "POST / " + text);
    EXPECT_EQ(client().ask(post("plain", "Content-Encoding: identity\r\n")).body, "POST / plain");
    EXPECT_EQ(client().ask(post(deflated(std::string(100'001, 'y')), "Content-Encoding: gzip\r\n")).status,
              413);
    EXPECT_EQ(client().ask(post("no gzip", "Content-Encoding: gzip\r\n")).status, 400);
    EXPECT_EQ(client().ask(post(deflated(text).substr(0, 40), "Content-Encoding: gzip\r\n")).status, 400);
    const RawClient::Answer other = client().ask(post("abc", "Content-Encoding: zstd\r\n"));
    EXPECT_EQ(other.status, 415);
    EXPECT_EQ(other.field("Accept-Encoding"), "gzip");
    EXPECT_EQ(client().ask(post("abc", "Content-Encoding: gzip, gzip\r\n")).status, 415);
}

TEST_F(ListenerTest, TellsToGoOnWithABody) {
    start_echo();
    RawClient one = client();
    one.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    EXPECT_EQ(one.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_EQ(one.ask("abc").body, "POST / abc");
    // A body that is here already needs no leave.
    EXPECT_EQ(one.ask(post("abc", "Expect: 100-continue\r\n")).body, "POST / abc");
}

TEST_F(ListenerTest, SendsLargeBodies) {
    const std::string large(8 << 20, 'z');
    start([body = shared(large)](const std::shared_ptr<Request>&, Responder responder) {
        Response response;
        response.body = body;
        responder.send(std::move(response));
    });
    RawClient one = client();
    one.send(get("/1") + get("/2"));
    EXPECT_EQ(one.read_answer().body, large);
    EXPECT_EQ(one.read_answer().body, large);
}

// --- handlers ---------------------------------------------------------------------------------------

TEST_F(ListenerTest, AnswersForHandlersThatDoNot) {
    start([](const std::shared_ptr<Request>& request, const Responder& /*goes*/) {
        if (request->target == "/throw") throw std::runtime_error("oh");
    });
    RawClient one = client();
    for (const char* const target : {"/throw", "/forget", "/throw"}) {
        const RawClient::Answer answer = one.ask(get(target));
        EXPECT_EQ(answer.status, 500);
        EXPECT_EQ(answer.field("Content-Type"), "application/problem+json");
        EXPECT_THAT(answer.body, testing::HasSubstr(R"("title":"Internal Server Error","status":500)"));
    }
}

TEST_F(ListenerTest, TakesAnswersFromOtherThreadsInOrder) {
    std::deque<Responder> waiting;
    start([&](const std::shared_ptr<Request>& request, Responder responder) {
        if (request->target == "/now") return responder.send(Response::text(200, "text/plain", "now"));
        board_.change([&] { waiting.push_back(std::move(responder)); });
    });
    RawClient one = client();
    one.send(get("/later") + get("/now") + get("/later") + get("/now"));
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(board_.wait([&] { return waiting.size() == 1; }));  // one is handled at a time
        std::thread([&] {
            waiting.front().send(Response::text(200, "text/plain", "later"));
            waiting.pop_front();
        }).join();
        EXPECT_EQ(one.read_answer().body, "later");
        EXPECT_EQ(one.read_answer().body, "now");
    }
}

TEST_F(ListenerTest, LetsARespondersConnectionAndListenerGo) {
    std::deque<Responder> waiting;
    start([&](const std::shared_ptr<Request>&, Responder responder) {
        board_.change([&] { waiting.push_back(std::move(responder)); });
    });
    RawClient one = client();
    one.send(get("/"));
    RawClient two = client();
    two.send(get("/"));
    ASSERT_TRUE(board_.wait([&] { return waiting.size() == 2; }));
    listener_.reset();
    EXPECT_EQ(one.read_to_end(), "");
    waiting.front().send(Response::text(200, "text/plain", "late"));
    bool was_told = false;
    const Stream stream = waiting.back().open({}, [&] { was_told = true; });
    EXPECT_TRUE(stream.is_closed());
    EXPECT_FALSE(stream.send(shared("a")));
    EXPECT_TRUE(was_told);
}

TEST_F(ListenerTest, TellsWhatWasAnswered) {
    std::vector<std::string> seen;
    settings_.finished = [&](const Finished& what) {
        board_.change([&] {
            seen.push_back((what.request != nullptr ? what.request->target : "-") + " " +
                           std::string(what.remote) + " " + std::to_string(what.status) + " " +
                           std::to_string(what.body_bytes > 0) + (what.stream ? " stream" : ""));
        });
    };
    start([&](const std::shared_ptr<Request>& request, Responder responder) {
        if (request->target == "/stream") return static_cast<void>(responder.open({}));
        responder.send(Response::json(201, "{}"));
    });
    client().ask(get("/a"));
    client().ask("nonsense\r\n\r\n");
    client().ask(get("/stream"), false);
    ASSERT_TRUE(board_.wait([&] { return seen.size() == 3; }));
    // Each after its answer has gone, so that one connection may overtake another.
    EXPECT_THAT(seen, testing::UnorderedElementsAre("/a 127.0.0.1 201 1", "- 127.0.0.1 400 1",
                                                    "/stream 127.0.0.1 200 0 stream"));
}

// --- limits -----------------------------------------------------------------------------------------

TEST_F(ListenerTest, RefusesConnectionsBeyondTheLimit) {
    settings_.limits.connections = 2;
    start_echo();
    RawClient one = client();
    RawClient two = client();
    EXPECT_EQ(one.ask(get("/")).status, 200);
    EXPECT_EQ(two.ask(get("/")).status, 200);
    RawClient three = client();
    const RawClient::Answer answer = three.ask(get("/"));
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.field("Connection"), "close");
    EXPECT_EQ(three.read_to_end(), "");
    EXPECT_FALSE(three.was_reset());
    EXPECT_EQ(listener_->connections(), 2u);
    EXPECT_EQ(two.ask(get("/")).status, 200);
}

TEST_F(ListenerTest, EndsHeadsThatTakeTooLong) {
    settings_.limits.head_time = short_time;
    start_echo();
    RawClient one = client();
    one.send("GET / HTTP/1.1\r\nHost:");
    EXPECT_EQ(one.read_answer().status, 408);
    EXPECT_EQ(one.read_to_end(), "");
    EXPECT_TRUE(one.is_ended());
}

TEST_F(ListenerTest, EndsBodiesThatStop) {
    settings_.limits.body_idle = short_time;
    start_echo();
    for (const char* const framing :
         {"Content-Length: 9\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n9\r\nabc"}) {
        RawClient one = client();
        one.send(std::string("POST / HTTP/1.1\r\nHost: a\r\n") + framing);
        EXPECT_EQ(one.read_answer().status, 408);
        EXPECT_EQ(one.read_to_end(), "");
        EXPECT_TRUE(one.is_ended());
    }
}

TEST_F(ListenerTest, EndsConnectionsWithoutRequests) {
    settings_.limits.keep_alive = short_time;
    start_echo();
    RawClient silent = client();
    RawClient asked = client();
    EXPECT_EQ(asked.ask(get("/")).status, 200);
    EXPECT_EQ(asked.read_to_end(), "");
    EXPECT_TRUE(asked.is_ended());
    EXPECT_EQ(silent.read_to_end(), "");
    EXPECT_TRUE(silent.is_ended());
}

TEST_F(ListenerTest, EndsConnectionsThatTakeNoAnswer) {
    settings_.limits.write_time = short_time;
    bool is_reported = false;
    settings_.finished = [&](const Finished& what) {
        if (what.body_bytes > 1000) board_.change([&] { is_reported = true; });
    };
    start([body = shared(std::string(32 << 20, 'z'))](const std::shared_ptr<Request>&, Responder responder) {
        Response response;
        response.body = body;
        responder.send(std::move(response));
    });
    RawClient one = client(4096);
    one.send(get("/"));
    EXPECT_TRUE(board_.wait([&] { return is_reported; }));  // without a byte read
    EXPECT_LT(one.read_to_end().size(), std::size_t{32} << 20);
}

TEST_F(ListenerTest, LetsARefusalBeReadWhileABodyIsSent) {
    settings_.limits.body_bytes = 1000;
    start_echo();
    RawClient one = client();
    one.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + std::string(300'000, 'x'));
    EXPECT_EQ(one.read_answer().status, 413);
    EXPECT_EQ(one.read_to_end(), "");
    EXPECT_FALSE(one.was_reset());
}

// --- streams ----------------------------------------------------------------------------------------

TEST_F(ListenerTest, StreamsPiecesAsTheyCome) {
    start_streams();
    RawClient one = client();
    const RawClient::Answer head = one.ask(get("/"), false);
    EXPECT_EQ(head.field("Content-Type"), "text/event-stream");
    EXPECT_EQ(head.field("Transfer-Encoding"), "chunked");
    EXPECT_FALSE(head.has("Content-Length"));
    ASSERT_TRUE(board_.wait([&] { return streams_.size() == 1; }));
    EXPECT_EQ(listener_->streams(), 1u);
    Stream stream = streams_.front();
    EXPECT_TRUE(stream.send(shared("data: 1\n\n")));
    EXPECT_EQ(one.read_chunk(), "data: 1\n\n");
    const std::string large(3 << 20, 'l');
    EXPECT_TRUE(stream.send(shared(large)));
    EXPECT_TRUE(stream.send(shared("")));
    EXPECT_TRUE(stream.send(shared("after")));
    EXPECT_EQ(one.read_chunk(), large);
    EXPECT_EQ(one.read_chunk(), "after");
    stream.close();
    EXPECT_TRUE(stream.is_closed());
    EXPECT_FALSE(stream.send(shared("never")));
    EXPECT_EQ(one.read_to_end(), "0\r\n\r\n");
    EXPECT_TRUE(board_.wait([&] { return closed_ == 1; }));
    EXPECT_EQ(listener_->streams(), 0u);
}

TEST_F(ListenerTest, StreamsToHttp10UntilTheEnd) {
    start_streams();
    RawClient one = client();
    const RawClient::Answer head = one.ask("GET / HTTP/1.0\r\n\r\n", false);
    EXPECT_EQ(head.field("Connection"), "close");
    EXPECT_FALSE(head.has("Transfer-Encoding"));
    ASSERT_TRUE(board_.wait([&] { return streams_.size() == 1; }));
    streams_.front().send(shared("abc"));
    streams_.front().send(shared("def"));
    streams_.front().close();
    EXPECT_EQ(one.read_to_end(), "abcdef");
}

TEST_F(ListenerTest, NoticesAtOnceThatAStreamsPeerHasGone) {
    start_streams();
    auto [one, stream] = open_stream();
    one.close();
    EXPECT_TRUE(board_.wait([&] { return closed_ == 1; }));  // without anything sent
    EXPECT_TRUE(stream.is_closed());
    EXPECT_FALSE(stream.send(shared("a")));
    auto [two, other] = open_stream();
    two.end_sending();
    EXPECT_TRUE(board_.wait([&] { return closed_ == 2; }));
}

TEST_F(ListenerTest, ThrowsAwayWhatAStreamsPeerSays) {
    start_streams();
    auto [one, stream] = open_stream();
    one.send(get("/again") + std::string(200'000, 'x'));
    stream.send(shared("still here"));
    EXPECT_EQ(one.read_chunk(), "still here");
}

TEST_F(ListenerTest, ClosesAStreamWhoseReaderIsTooSlow) {
    settings_.limits.stream_backlog_bytes = 100'000;
    start_streams();
    auto [one, stream] = open_stream(4096);
    const SharedText piece = shared(std::string(50'000, 'p'));
    int taken = 0;
    while (stream.send(piece)) ASSERT_LT(++taken, 10'000);
    EXPECT_TRUE(stream.is_closed());
    EXPECT_FALSE(stream.send(piece));
    EXPECT_TRUE(board_.wait([&] { return closed_ == 1; }));
    EXPECT_GE(taken, 2);
}

TEST_F(ListenerTest, ClosesAStreamWhosePieceDoesNotLeave) {
    settings_.limits.write_time = short_time;
    start_streams();
    auto [one, stream] = open_stream(4096);
    auto [two, other] = open_stream();
    EXPECT_TRUE(stream.send(shared(std::string(32 << 20, 'p'))));
    EXPECT_TRUE(board_.wait([&] { return closed_ == 1; }));
    EXPECT_TRUE(stream.is_closed());
    EXPECT_FALSE(other.is_closed());  // it waits for nothing
}

TEST_F(ListenerTest, SendsToAStreamFromManyThreads) {
    settings_.limits.stream_backlog_bytes = 64 << 20;
    start_streams();
    auto [one, stream] = open_stream();
    constexpr int threads = 4, pieces = 500;
    std::vector<std::thread> senders;
    for (int t = 0; t < threads; ++t) {
        senders.emplace_back([stream = stream, t] {
            for (int i = 0; i < pieces; ++i) stream.send(shared(std::to_string(t) + ":" + std::to_string(i)));
        });
    }
    std::vector<int> next(threads, 0);
    for (int i = 0; i < threads * pieces; ++i) {
        const std::string piece = one.read_chunk();
        ASSERT_EQ(piece.substr(1, 1), ":");
        const auto thread = static_cast<std::size_t>(piece[0] - '0');
        ASSERT_EQ(piece.substr(2), std::to_string(next[thread]++));
    }
    for (std::thread& sender : senders) sender.join();
}

TEST_F(ListenerTest, OpensAStreamFromAnotherThread) {
    std::deque<Responder> waiting;
    start([&](const std::shared_ptr<Request>&, Responder responder) {
        board_.change([&] { waiting.push_back(std::move(responder)); });
    });
    RawClient one = client();
    one.send(get("/"));
    ASSERT_TRUE(board_.wait([&] { return waiting.size() == 1; }));
    const Stream stream = waiting.front().open({});
    EXPECT_TRUE(stream.send(shared("first")));
    one.read_until("\r\n\r\n");
    EXPECT_EQ(one.read_chunk(), "first");
}

TEST_F(ListenerTest, EndsAStreamThatHeadAskedFor) {
    start_streams();
    RawClient one = client();
    EXPECT_EQ(one.ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", false).status, 200);
    EXPECT_EQ(one.read_to_end(), "");
    EXPECT_TRUE(board_.wait([&] { return closed_ == 1; }));
}

// --- the end ----------------------------------------------------------------------------------------

TEST_F(ListenerTest, SpreadsTheEndOfStreamsOverTheDrain) {
    settings_.threads = 1;
    start_streams();
    std::vector<RawClient> clients;
    constexpr std::size_t count = 10;
    for (std::size_t i = 0; i < count; ++i) clients.push_back(open_stream().first);
    RawClient idle = client();
    const Clock::time_point begin = Clock::now();
    std::vector<Clock::duration> ended;
    std::thread reader([&] {
        for (RawClient& one : clients) {
            EXPECT_EQ(one.read_to_end(), "0\r\n\r\n");
            ended.push_back(Clock::now() - begin);
        }
    });
    listener_->stop(milliseconds(500));
    reader.join();
    EXPECT_LT(Clock::now() - begin, milliseconds(1500) + patience);
    EXPECT_EQ(closed_, static_cast<int>(count));
    EXPECT_EQ(idle.read_to_end(), "");
    ASSERT_EQ(ended.size(), count);
    for (std::size_t i = 0; i < count; ++i) {  // none before its time
        EXPECT_GE(ended[i], milliseconds(50) * static_cast<int>(i + 1) - milliseconds(20)) << i;
    }
    EXPECT_FALSE(RawClient(listener_->port()).is_connected());
}

TEST_F(ListenerTest, AnswersWhatWasAskedBeforeTheEnd) {
    std::deque<Responder> waiting;
    start([&](const std::shared_ptr<Request>&, Responder responder) {
        board_.change([&] { waiting.push_back(std::move(responder)); });
    });
    RawClient one = client();
    RawClient idle = client();
    one.send(get("/"));
    ASSERT_TRUE(board_.wait([&] { return waiting.size() == 1; }));
    std::thread stopping([&] { listener_->stop(patience); });
    EXPECT_EQ(idle.read_to_end(), "");
    waiting.front().send(Response::text(200, "text/plain", "done"));
    const RawClient::Answer answer = one.read_answer();
    EXPECT_EQ(answer.body, "done");
    EXPECT_EQ(answer.field("Connection"), "close");
    EXPECT_EQ(one.read_to_end(), "");
    stopping.join();
    EXPECT_EQ(listener_->connections(), 0u);
}

TEST_F(ListenerTest, ClosesEverythingAtOnceWhenItGoes) {
    start_streams();
    auto [one, stream] = open_stream();
    RawClient half = client();
    half.send("GET / HT");
    listener_.reset();
    EXPECT_EQ(closed_, 1);
    EXPECT_TRUE(stream.is_closed());
    one.read_to_end();
    EXPECT_TRUE(one.is_ended());
}

TEST_F(ListenerTest, SaysWhatItCannotUse) {
    start_echo();
    settings_.port = listener_->port();
    EXPECT_EQ(Listener::start(settings_, {}).error().code, ErrorCode::network);
    settings_.port = 0;
    settings_.address = "nowhere";
    EXPECT_EQ(Listener::start(settings_, {}).error().code, ErrorCode::invalid_argument);
    settings_.address = "127.0.0.1";
    settings_.certificate_file = "/nonexistent.pem";
    EXPECT_EQ(Listener::start(settings_, {}).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace expplat::server::http
