// Exchanges with a server that plays a script: bytes however cut, connections reused and lost, cancelling, waking.
#include "src/net/http_transport.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "src/net/gzip.hpp"
#include "tests/net/loopback_server.hpp"

namespace expplat::net {
namespace {

using std::chrono::milliseconds;

/// Answers every request of every connection alike.
LoopbackServer::Script always(std::string text) {
    return [text = std::move(text)](Peer& peer, int) {
        while (!peer.read_request().empty() && peer.send(text)) {}
    };
}

TEST(HttpTransport, SendsTheRequestAndTellsTheAnswer) {
    std::promise<std::string> request_seen;
    LoopbackServer server([&](Peer& peer, int) {
        request_seen.set_value(peer.read_request());
        peer.send(answer("hello", "X-A: 1\r\nx-b:  2 \r\n", "201 Created"));
    });
    HttpTransportSettings settings;
    settings.user_agent = "expplat/test";
    Client client(settings);
    Request request;
    request.method = "POST";
    request.url = server.url("/path?q=1#fragment");
    request.headers = {{"Authorization", "Bearer k"}, {"X-Two", "a b"}};
    request.body = "the body";
    const auto seen = client.run(std::move(request));
    ASSERT_TRUE(seen->is_success()) << seen->message();
    EXPECT_EQ(seen->head.status, 201);
    EXPECT_EQ(seen->head.find("X-B"), "2");
    EXPECT_EQ(seen->body, "hello");
    EXPECT_EQ(
        request_seen.get_future().get(),
        "POST /path?q=1 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
            "\r\nAuthorization: Bearer k\r\nX-Two: a b\r\nUser-Agent: expplat/test\r\nAccept-Encoding: gzip, "
            "zstd\r\nContent-Length: 8\r\n\r\nthe body");
}

TEST(HttpTransport, AnswersMayBeCutAtEveryByte) {
    const std::string chunked =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
        "chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
    const std::string packed = answer(gzip("hello").value(), "Content-Encoding: gzip\r\n");
    for (const std::string& text : {answer("hello"), chunked, packed}) {
        LoopbackServer server([&](Peer& peer, int) {
            while (!peer.read_request().empty()) peer.send_by_pieces(text, 1);
        });
        Client client;
        for (int i = 0; i < 2; ++i) {
            const auto seen = client.run(server.url());
            ASSERT_TRUE(seen->is_success()) << seen->message();
            EXPECT_EQ(seen->heads, 1);
            EXPECT_EQ(seen->body, "hello");
        }
        EXPECT_EQ(server.connections(), 1);
    }
}

TEST(HttpTransport, AnswersWithoutABodyEndAtTheirHead) {
    for (const char* method : {"GET", "HEAD"}) {
        for (const char* status : {"204 No Content", "304 Not Modified", "200 OK"}) {
            const bool is_empty = std::string(method) == "HEAD" || std::string(status) != "200 OK";
            LoopbackServer server(
                always("HTTP/1.1 " + std::string(status) + "\r\nETag: \"x\"\r\n" +
                       (is_empty ? "Content-Length: 77\r\n\r\n" : "Content-Length: 0\r\n\r\n")));
            if (std::string(status) == "204 No Content" && !is_empty) continue;
            Client client;
            Request request;
            request.method = method;
            request.url = server.url();
            for (int i = 0; i < 2; ++i) {
                const auto seen = client.run(request);
                ASSERT_TRUE(seen->is_success()) << method << status << seen->message();
                EXPECT_EQ(seen->head.find("etag"), "\"x\"");
                EXPECT_EQ(seen->body, "");
            }
            EXPECT_EQ(server.connections(), 1);
        }
    }
}

TEST(HttpTransport, ABodyMayEndWithTheConnection) {
    LoopbackServer server([](Peer& peer, int) {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\n\r\n");
        peer.send_by_pieces("until the end", 5);
    });
    Client client;
    for (int i = 1; i <= 2; ++i) {
        const auto seen = client.run(server.url());
        ASSERT_TRUE(seen->is_success()) << seen->message();
        EXPECT_EQ(seen->body, "until the end");
        EXPECT_EQ(server.connections(), i);
    }
}

TEST(HttpTransport, RedirectsAndErrorsAreTheCallers) {
    LoopbackServer server(always(answer("gone", "Location: /else\r\n", "302 Found")));
    Client client;
    const auto seen = client.run(server.url());
    ASSERT_TRUE(seen->is_success());
    EXPECT_EQ(seen->head.status, 302);
    EXPECT_EQ(seen->head.find("location"), "/else");
}

TEST(HttpTransport, ABodyArrivesByPiecesAsAStreamDoes) {
    std::promise<void> first_seen;
    LoopbackServer server([&](Peer& peer, int) {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n: one\n\n\r\n");
        first_seen.get_future().wait();
        peer.send("7\r\n: two\n\n\r\n0\r\n\r\n");
    });
    Client client;
    Request request;
    request.url = server.url();
    request.body_limit = 0;
    request.timeouts.total_ms = 0;
    const auto seen = client.start(std::move(request));
    ASSERT_TRUE(client.poll_until([&] { return seen->pieces == 1; }));
    EXPECT_EQ(seen->body, ": one\n\n");
    EXPECT_FALSE(seen->is_done());
    first_seen.set_value();
    ASSERT_TRUE(client.poll_until([&] { return seen->is_done(); }));
    EXPECT_EQ(seen->body, ": one\n\n: two\n\n");
}

// --- connections -----------------------------------------------------------------------------------------

TEST(HttpTransport, ConnectionsAreReusedWhereTheAnswerAllows) {
    LoopbackServer server([](Peer& peer, int number) {
        for (int i = 0; !peer.read_request().empty(); ++i) {
            if (!peer.send(answer("x", number == 1 && i == 4 ? "Connection: close\r\n" : ""))) return;
        }
    });
    Client client;
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(client.run(server.url())->is_success());
    EXPECT_EQ(server.connections(), 1);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(client.run(server.url())->is_success());
    EXPECT_EQ(server.connections(), 2);
}

TEST(HttpTransport, IdleConnectionsAreFewAndNotKeptForLong) {
    LoopbackServer server(always(answer("x")), true);
    HttpTransportSettings settings;
    settings.idle_connections_per_host = 2;
    settings.idle_connection_ms = 100;
    Client client(settings);
    const std::size_t before = open_descriptors();
    std::vector<std::shared_ptr<Seen>> all;
    for (int i = 0; i < 6; ++i) all.push_back(client.get(server.url()));
    ASSERT_TRUE(client.poll_until([&] {
        for (const auto& seen : all) {
            if (!seen->is_success()) return false;
        }
        return true;
    }));
    EXPECT_EQ(server.connections(), 6);
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(client.run(server.url())->is_success());
    EXPECT_EQ(server.connections(), 6);
    client.poll_for(milliseconds(200));  // both ends of the two that waited are of this process
    EXPECT_TRUE(client.poll_until([&] { return open_descriptors() == before; }));
    ASSERT_TRUE(client.run(server.url())->is_success());
    EXPECT_EQ(server.connections(), 7);
}

TEST(HttpTransport, AConnectionThatDiedInThePoolIsReplacedOnce) {
    for (const bool resets : {false, true}) {
        LoopbackServer server([&](Peer& peer, int number) {
            peer.read_request();
            peer.send(answer("one"));
            if (number > 1) return;
            peer.read_request();  // dies after it has read the second request, before a byte of an answer
            if (resets) peer.reset();
        });
        Client client;
        ASSERT_TRUE(client.run(server.url())->is_success());
        Request request;
        request.method = "POST";
        request.url = server.url();
        request.body = std::string(300'000, 'x');
        const auto seen = client.run(std::move(request));
        EXPECT_TRUE(seen->is_success()) << seen->message();
        EXPECT_EQ(server.connections(), 2);
    }
}

TEST(HttpTransport, ANewConnectionThatDiesIsAnError) {
    LoopbackServer server([](Peer& peer, int) { peer.read_request(); });
    Client client;
    const auto seen = client.run(server.url());
    EXPECT_EQ(seen->code(), ErrorCode::network);
    EXPECT_EQ(server.connections(), 1);
}

TEST(HttpTransport, AnAnswerThatHasBegunIsNotAskedForAgain) {
    LoopbackServer server([](Peer& peer, int) {
        peer.read_request();
        peer.send(answer("one"));
        peer.read_request();
        peer.send("HTTP/1.1 2");
    });
    Client client;
    ASSERT_TRUE(client.run(server.url())->is_success());
    EXPECT_EQ(client.run(server.url())->code(), ErrorCode::network);
    EXPECT_EQ(server.connections(), 1);
}

TEST(HttpTransport, AServerThatClosesAnIdleConnectionCostsNothing) {
    LoopbackServer server([](Peer& peer, int) {
        peer.read_request();
        peer.send(answer("one"));
    });
    Client client;
    for (int i = 1; i <= 3; ++i) {
        ASSERT_TRUE(client.run(server.url())->is_success());
        client.poll_for(milliseconds(20));
        EXPECT_EQ(server.connections(), i);
    }
}

TEST(HttpTransport, ResetsInMidHeadAndMidBodyAreErrors) {
    const std::string text = answer("hello");
    for (const std::size_t size : {std::size_t{5}, text.size() - 2}) {
        for (const bool resets : {false, true}) {
            LoopbackServer server([&](Peer& peer, int) {
                peer.read_request();
                peer.send_by_pieces(std::string_view(text).substr(0, size), size);
                if (resets) peer.reset();
            });
            Client client;
            const auto seen = client.run(server.url());
            EXPECT_EQ(seen->code(), ErrorCode::network) << size;
            EXPECT_NE(seen->message().find("127.0.0.1:"), std::string::npos) << seen->message();
        }
    }
}

TEST(HttpTransport, AnEarlyRefusalOfALongBodyIsRead) {
    LoopbackServer server([](Peer& peer, int) {
        peer.read_some();
        peer.send(answer("too much", "Connection: close\r\n", "413 Payload Too Large"));
        peer.wait_for_close();
    });
    Client client;
    Request request;
    request.method = "POST";
    request.url = server.url();
    request.body = std::string(std::size_t{32} << 20, 'x');
    const auto seen = client.run(std::move(request));
    ASSERT_TRUE(seen->is_success()) << seen->message();
    EXPECT_EQ(seen->head.status, 413);
    EXPECT_EQ(seen->body, "too much");
}

TEST(HttpTransport, WritingToAClosedSocketRaisesNoSignal) {
    struct sigaction before {
    }, action{};
    static std::atomic<int> raised{0};
    action.sa_handler = [](int) { ++raised; };
    ASSERT_EQ(::sigaction(SIGPIPE, &action, &before), 0);
    LoopbackServer server([](Peer& peer, int) { peer.reset(); });
    Client client;
    for (int i = 0; i < 20; ++i) {
        Request request;
        request.method = "POST";
        request.url = server.url();
        request.body = std::string(1'000'000, 'x');
        EXPECT_EQ(client.run(std::move(request))->code(), ErrorCode::network);
    }
    EXPECT_EQ(raised, 0);
    ::sigaction(SIGPIPE, &before, nullptr);
}

TEST(HttpTransport, ManyExchangesRunAtOnce) {
    LoopbackServer server(
        [](Peer& peer, int) {
            for (std::string request; !(request = peer.read_request()).empty();) {
                peer.send(answer(request.substr(request.find("\r\n\r\n") + 4)));
            }
        },
        true);
    Client client;
    std::vector<std::shared_ptr<Seen>> all;
    for (int i = 0; i < 150; ++i) {
        Request request;
        request.method = "POST";
        request.url = server.url();
        request.body = std::to_string(i) + std::string(static_cast<std::size_t>(i) * 1'000, 'x');
        all.push_back(client.start(std::move(request)));
    }
    ASSERT_TRUE(client.poll_until([&] {
        for (const auto& seen : all) {
            if (!seen->is_done()) return false;
        }
        return true;
    }));
    for (std::size_t i = 0; i < all.size(); ++i) {
        ASSERT_TRUE(all[i]->is_success()) << all[i]->message();
        ASSERT_EQ(all[i]->body, std::to_string(i) + std::string(i * 1'000, 'x'));
    }
}

TEST(HttpTransport, TooManyExchangesAtOnceAreRefusedByName) {
    LoopbackServer server([](Peer& peer, int) { peer.wait_for_close(); });
    Client client;
    std::vector<std::shared_ptr<Seen>> all;
    for (std::size_t i = 0; i <= exchanges_at_once; ++i) all.push_back(client.get(server.url()));
    const auto& last = all.back();
    ASSERT_TRUE(client.poll_until([&] { return last->is_done(); }));
    EXPECT_EQ(last->code(), ErrorCode::too_large);
    for (const auto& seen : all) client.transport().cancel(seen->id);
    EXPECT_EQ(all.front()->ends, 0);
}

// --- what the caller does ----------------------------------------------------------------------------------

TEST(HttpTransport, BadRequestsAreArguments) {
    Client client;
    for (const char* url : {"", "ftp://a/", "http://a b/", "http://u:p@a/"}) {
        EXPECT_EQ(client.run(url)->code(), ErrorCode::invalid_argument) << url;
    }
    Request request;
    request.url = "http://127.0.0.1:1/";
    request.headers = {{"X", "a\r\nY: b"}};
    EXPECT_EQ(client.run(std::move(request))->code(), ErrorCode::invalid_argument);
}

TEST(HttpTransport, CancelledExchangesSayNothingAndLeaveNothingOpen) {
    std::atomic<int> stage{0};
    LoopbackServer server([&](Peer& peer, int number) {
        if (number % 3 != 0) peer.read_request();
        if (number % 3 == 1) peer.send("HTTP/1.1 200 OK\r\nContent-Le");
        if (number % 3 == 2) peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhe");
        stage = number;
        peer.wait_for_close();
    });
    Client client;
    const std::size_t before = open_descriptors();
    const auto at_once = client.get(server.url());  // before it starts
    client.transport().cancel(at_once->id);
    const auto connecting = client.get(server.url());
    client.transport().poll(0);
    client.transport().cancel(connecting->id);
    client.poll_for(milliseconds(20));
    const int first = server.connections();
    for (int i = 0; i < 6; ++i) {
        const auto seen = client.get(server.url());
        ASSERT_TRUE(client.poll_until([&] { return stage > first + i; }));
        client.poll_for(milliseconds(5));
        client.transport().cancel(seen->id);
        client.transport().cancel(seen->id);
        client.poll_for(milliseconds(5));
        EXPECT_EQ(seen->ends, 0);
    }
    EXPECT_EQ(at_once->ends + connecting->ends + connecting->heads, 0);
    EXPECT_TRUE(client.poll_until([&] { return open_descriptors() <= before; }));
    client.transport().cancel(123'456);
}

TEST(HttpTransport, HandlersMayCancelAndStart) {
    LoopbackServer server(always(answer(std::string(200'000, 'x'))), true);
    Client client;
    HttpTransport& transport = client.transport();
    int calls = 0;
    Result<void> last;
    ExchangeId in_head = 0, in_body = 0;
    Request request;
    request.url = server.url();
    in_head = transport.start(
        request, {[&](const Head&) { ++calls, transport.cancel(in_head); },
                  [&](std::string_view) { calls += 100; }, [&](const Result<void>&) { calls += 100; }});
    in_body =
        transport.start(request, {nullptr, [&](std::string_view) { ++calls, transport.cancel(in_body); },
                                  [&](const Result<void>&) { calls += 100; }});
    bool is_done = false;
    transport.start(request, {nullptr, nullptr, [&](const Result<void>&) {
                                  transport.start(request, {nullptr, nullptr, [&](const Result<void>& end) {
                                                                last = end;
                                                                is_done = true;
                                                            }});
                              }});
    ASSERT_TRUE(client.poll_until([&] { return is_done && calls >= 2; }));
    client.poll_for(milliseconds(20));
    EXPECT_TRUE(last);
    EXPECT_EQ(calls, 2);
}

TEST(HttpTransport, DestroyedWithExchangesUnderWayLeavesNothing) {
    LoopbackServer server([](Peer& peer, int) {
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhe");
        peer.wait_for_close();
    });
    const std::size_t before = open_descriptors();
    std::vector<std::shared_ptr<Seen>> all;
    for (const int polls : {0, 1, 5, 50}) {
        Client client;
        for (int i = 0; i < 3; ++i) all.push_back(client.get(server.url()));
        all.push_back(client.get("http://some-name.example/"));
        for (int i = 0; i < polls; ++i) client.transport().poll(1);
    }
    for (const auto& seen : all) EXPECT_LE(seen->ends, 1);
    Client waiting;
    EXPECT_TRUE(waiting.poll_until([&] { return open_descriptors() <= before + 4; }));
}

// --- polling -----------------------------------------------------------------------------------------------

TEST(HttpTransport, PollWaitsOnlyAsLongAsItIsTold) {
    Client client;
    const Stopwatch at_once;
    for (int i = 0; i < 1'000; ++i) client.transport().poll(0);
    EXPECT_LT(at_once.ms(), 500);
    const Stopwatch waiting;
    client.transport().poll(120);
    EXPECT_GE(waiting.ms(), 118);
    EXPECT_LT(waiting.ms(), 2'000);
}

TEST(HttpTransport, AWaitingPollUsesNoProcessorTime) {
    LoopbackServer server([](Peer& peer, int) { peer.wait_for_close(); });
    Client client;
    const auto seen = client.get(server.url());
    client.poll_for(milliseconds(20));
    const std::clock_t before = std::clock();
    client.transport().poll(300);
    EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 10);
    client.transport().cancel(seen->id);
}

TEST(HttpTransport, WakeEndsAWaitFromAnotherThread) {
    LoopbackServer server(always(answer("still works")));
    Client client;
    client.transport().wake();
    const Stopwatch before;
    client.transport().poll(5'000);
    EXPECT_LT(before.ms(), 1'000) << "a wake before the wait counts";
    for (int i = 0; i < 5; ++i) {
        std::thread other([&] {
            std::this_thread::sleep_for(milliseconds(10));
            client.transport().wake();
        });
        const Stopwatch watch;
        client.transport().poll(5'000);
        EXPECT_LT(watch.ms(),
                  500);  // Asio waits by slices of a second: a wake that got lost would end with one
        other.join();
    }
    EXPECT_TRUE(client.run(server.url())->is_success());
}

TEST(HttpTransport, WakesInAStormLoseNothing) {
    LoopbackServer server(always(answer("x")));
    Client client;
    std::atomic<bool> ends{false};
    std::thread other([&] {
        while (!ends) client.transport().wake();
    });
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(client.run(server.url())->is_success());
    ends = true;
    other.join();
}

}  // namespace
}  // namespace expplat::net
