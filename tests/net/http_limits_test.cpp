// Each limit of time and size, with small real values, against servers that never end.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <thread>

#include "src/net/gzip.hpp"
#include "src/net/http_transport.hpp"
#include "tests/net/loopback_server.hpp"

namespace expplat::net {
namespace {

constexpr std::int64_t slack_ms = 2'000;  // of a loaded machine

Request request_of(const LoopbackServer& server) {
    Request request;
    request.url = server.url();
    return request;
}

/// Ends with `timeout`, after `limit_ms` and not much later.
void expect_timeout(Client& client, Request request, std::int64_t limit_ms, std::string_view words) {
    const Stopwatch watch;
    const auto seen = client.run(std::move(request));
    EXPECT_EQ(seen->code(), ErrorCode::timeout) << seen->message();
    EXPECT_GE(watch.ms(), limit_ms - 2);
    EXPECT_LT(watch.ms(), limit_ms + slack_ms);
    EXPECT_NE(seen->message().find(words), std::string::npos) << seen->message();
}

TEST(TimeLimits, TheFirstByte) {
    for (const char* start : {"", "HTTP/1.1 200 OK\r\nX", "HTTP/1.1 100 Continue\r\n\r\n"}) {
        LoopbackServer server([&](Peer& peer, int) {
            peer.read_request();
            peer.send(start);
            peer.wait_for_close();
        });
        Client client;
        Request request = request_of(server);
        request.timeouts.first_byte_ms = 100;
        expect_timeout(client, request, 100, "head");
    }
}

TEST(TimeLimits, TheFirstByteCountsFromTheLastByteOfTheRequest) {
    LoopbackServer server([](Peer& peer, int) {
        for (int i = 0; i < 8; ++i) {  // reads slowly
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            for (int k = 0; k < 40; ++k) peer.read_some();
        }
        peer.read_request();
        peer.send(answer("x"));
    });
    Client client;
    Request request = request_of(server);
    request.method = "POST";
    request.body = std::string(std::size_t{16} << 20, 'x');
    request.timeouts.first_byte_ms = 100;
    const auto seen = client.run(std::move(request));
    EXPECT_TRUE(seen->is_done());  // either way it ended by itself: the kernel may take all at once
    EXPECT_TRUE(seen->is_success() || seen->code() == ErrorCode::timeout) << seen->message();
}

TEST(TimeLimits, ABodyThatPauses) {
    LoopbackServer server([](Peer& peer, int) {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n");
        for (int i = 0; i < 6; ++i) {
            peer.send("piece");
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        peer.wait_for_close();
    });
    Client client;
    Request request = request_of(server);
    request.timeouts.idle_ms = 200;
    const Stopwatch watch;
    const auto seen = client.run(std::move(request));
    EXPECT_EQ(seen->code(), ErrorCode::timeout) << seen->message();
    EXPECT_EQ(seen->body.size(), 30u);
    EXPECT_GE(watch.ms(), 250 + 198) << "each piece moves the limit on";
}

TEST(TimeLimits, Everything) {
    LoopbackServer server([](Peer& peer, int) {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\n\r\n");
        while (peer.send("x")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    });
    Client client;
    Request request = request_of(server);
    request.timeouts.total_ms = 150;
    expect_timeout(client, request, 150, "150 ms");
}

TEST(TimeLimits, ConnectingMeansTlsToo) {
    LoopbackServer server([](Peer& peer, int) { peer.wait_for_close(); });
    Client client;
    Request request;
    request.url = server.url("/", "https");
    request.timeouts.connect_ms = 100;
    expect_timeout(client, request, 100, "not connected");
}

TEST(TimeLimits, AnAddressThatNeverAnswers) {
    // 192.0.2.0/24 is nobody's (RFC 5737): packets vanish, or the network says so at once.
    Client client;
    Request request;
    request.url = "http://192.0.2.1/";
    request.timeouts.connect_ms = 100;
    const Stopwatch watch;
    const auto seen = client.run(std::move(request));
    EXPECT_TRUE(seen->code() == ErrorCode::timeout || seen->code() == ErrorCode::network) << seen->message();
    EXPECT_LT(watch.ms(), 100 + slack_ms);
}

TEST(TimeLimits, NoneMeansNone) {
    LoopbackServer server([](Peer& peer, int) {
        peer.read_request();
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        peer.send(answer("late"));
    });
    Client client;
    Request request = request_of(server);
    request.timeouts = {0, 0, 0, 0};
    EXPECT_TRUE(client.run(std::move(request))->is_success());
}

// --- sizes -------------------------------------------------------------------------------------------------

TEST(SizeLimits, AContentLengthOverTheLimitFailsAtOnce) {
    LoopbackServer server([](Peer& peer, int) {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4294967296\r\n\r\n");
        peer.wait_for_close();
    });
    Client client;
    const Stopwatch watch;
    const auto seen = client.run(request_of(server));
    EXPECT_EQ(seen->code(), ErrorCode::too_large) << seen->message();
    EXPECT_EQ(seen->heads, 1);
    EXPECT_EQ(seen->body, "");
    EXPECT_LT(watch.ms(), slack_ms);
}

TEST(SizeLimits, ABodyThatGrowsPastTheLimit) {
    for (const char* head :
         {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
        LoopbackServer server([&](Peer& peer, int) {
            peer.read_request();
            peer.send(head);
            const std::string piece(4096, 'x');
            while (peer.send(std::string_view(head).size() > 25 ? "1000\r\n" + piece + "\r\n" : piece)) {}
        });
        Client client;
        Request request = request_of(server);
        request.body_limit = 100'000;
        const auto seen = client.run(std::move(request));
        EXPECT_EQ(seen->code(), ErrorCode::too_large) << seen->message();
        EXPECT_LE(seen->body.size(), 100'000u);
    }
}

TEST(SizeLimits, TheLimitItselfIsAllowed) {
    LoopbackServer server([](Peer& peer, int) {
        while (!peer.read_request().empty()) peer.send(answer(std::string(1'000, 'x')));
    });
    Client client;
    Request request = request_of(server);
    request.body_limit = 1'000;
    EXPECT_TRUE(client.run(request)->is_success());
    request.body_limit = 999;
    EXPECT_EQ(client.run(request)->code(), ErrorCode::too_large);
}

TEST(SizeLimits, ABombStopsAtTheLimit) {
    LoopbackServer server([](Peer& peer, int) {
        peer.read_request();
        peer.send(
            answer(gzip(std::string(std::size_t{64} << 20, '\0')).value(), "Content-Encoding: gzip\r\n"));
        peer.wait_for_close();
    });
    Client client;
    const auto seen = client.run(request_of(server));
    EXPECT_EQ(seen->code(), ErrorCode::too_large) << seen->message();
    EXPECT_LE(seen->body.size(), std::size_t{1} << 20);
}

TEST(SizeLimits, AHeadWithoutEnd) {
    LoopbackServer server([](Peer& peer, int) {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\n");
        while (peer.send("X: " + std::string(1'000, 'y') + "\r\n")) {}
    });
    Client client;
    const auto seen = client.run(request_of(server));
    EXPECT_EQ(seen->code(), ErrorCode::network);
    EXPECT_NE(seen->message().find("64 KiB"), std::string::npos) << seen->message();
}

TEST(SizeLimits, DamagedEncodingsAndGarbageAreErrors) {
    for (const std::string& text :
         {answer("no gzip", "Content-Encoding: gzip\r\n"), answer("x", "Content-Encoding: br\r\n"),
          std::string("SSH-2.0-OpenSSH_9\r\n"), std::string("\x15\x03\x03\x00\x02\x02\x28", 7)}) {
        LoopbackServer server([&](Peer& peer, int) {
            peer.read_request();
            peer.send(text);
            peer.wait_for_close();
        });
        Client client;
        const Stopwatch watch;
        const auto seen = client.run(request_of(server));
        EXPECT_EQ(seen->code(), ErrorCode::network) << text;
        EXPECT_LT(watch.ms(), slack_ms);
    }
}

}  // namespace
}  // namespace expplat::net
