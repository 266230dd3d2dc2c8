// Requests on whose end two servers could disagree, and other broken ones: each is refused, and the connection closed.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "server/http/listener.hpp"
#include "tests/server/http/raw_client.hpp"

namespace expplat::server::http {
namespace {

using namespace std::string_literals;

class Smuggling : public testing::Test {
protected:
    void SetUp() override {
        ListenerSettings settings;
        settings.threads = 1;
        settings.limits.head_bytes = 4096;
        settings.limits.body_bytes = 10'000;
        auto started =
            Listener::start(settings, [this](const std::shared_ptr<Request>& request, Responder responder) {
                ++handled_;
                responder.send(Response::text(200, "text/plain",
                                              request->method + " " + request->target + " " + request->body));
            });
        ASSERT_TRUE(started.ok());
        listener_ = std::move(*started);
    }
    /// The status of what comes back; the connection must end behind it, and nothing be handled.
    int refused_with(const std::string& bytes) {
        const int before = handled_;
        RawClient client(listener_->port());
        client.send(bytes);
        const RawClient::Answer answer = client.read_answer();
        EXPECT_EQ(answer.field("Connection"), "close") << bytes;
        EXPECT_EQ(answer.field("Content-Type"), "application/problem+json") << bytes;
        EXPECT_EQ(answer.field("X-Request-Id").size(), 32u) << bytes;
        EXPECT_NE(answer.body.find("\"status\":" + std::to_string(answer.status) + ","), std::string::npos)
            << bytes;
        EXPECT_EQ(client.read_to_end(), "") << bytes;
        EXPECT_TRUE(client.is_ended()) << bytes;
        EXPECT_EQ(handled_, before) << bytes;
        return answer.status;
    }
    /// The bodies of `count` answers on one connection, whatever pieces the request comes in.
    std::vector<std::string> answered(const std::string& bytes, std::size_t count) {
        RawClient client(listener_->port());
        client.send(bytes);
        std::vector<std::string> bodies;
        for (std::size_t i = 0; i < count; ++i) bodies.push_back(client.read_answer().body);
        return bodies;
    }

    std::atomic<int> handled_{0};
    std::unique_ptr<Listener> listener_;
};

TEST_F(Smuggling, RefusesTwoLengths) {
    for (const char* const fields : {
             "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
             "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
             "Content-Length: 3\r\nContent-Length: 3\r\n",
             "Content-Length: 3\r\nContent-Length: 4\r\n",
             "Content-Length: 3\r\ncontent-length: 3\r\n",
             "Content-Length: 3, 3\r\n",
             "Content-Length: +3\r\n",
             "Content-Length: -3\r\n",
             "Content-Length: 0x3\r\n",
             "Content-Length: 3 3\r\n",
             "Content-Length:\r\n",
             "Content-Length: \r\n",
             "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
         }) {
        EXPECT_EQ(refused_with("POST / HTTP/1.1\r\nHost: a\r\n"s + fields + "\r\nabc"), 400) << fields;
    }
}

TEST_F(Smuggling, RefusesCodingsButChunked) {
    for (const char* const coding :
         {"gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "identity", "xchunked", "chunked;a=b",
          "\"chunked\"", "", "chunked,", "\vchunked", "chunked\v"}) {
        EXPECT_EQ(
            refused_with("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "s + coding + "\r\n\r\n0\r\n\r\n"),
            400)
            << coding;
    }
    EXPECT_EQ(refused_with("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400);
}

TEST_F(Smuggling, RefusesBrokenHeads) {
    for (const std::string& request : {
             "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"s,
             "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\r\n"s,
             "GET / HTTP/1.1\r\n Host: a\r\n\r\n"s,
             "GET / HTTP/1.1\r\nHost : a\r\n\r\n"s,
             "GET / HTTP/1.1\r\nHost\t: a\r\n\r\n"s,
             "GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc"s,
             "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n"s,
             "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"s,
             "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n"s,
             "GET / HTTP/1.1\r\nHost: a\r\nX(Y: b\r\n\r\n"s,
             "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"s,
             "GET / HTTP/1.1\r\nHost: a\r\nX: a\x01"s + "b\r\n\r\n",
             "GET / HTTP/1.1\r\nHost: a\r\nX: a\x7f\r\n\r\n"s,
             "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"s,
             "GET / HTTP/1.1\r\nHost: a\r\nX\0Y: b\r\n\r\n"s,
             "GET / HTTP/1.1\nHost: a\r\n\r\n"s,
             "GET / HTTP/1.1\r\nHost: a\n\r\n"s,
             "GET / HTTP/1.1\r\nHost: a\r\n\n"s,
             "GET / HTTP/1.1\r\nHost: a\n\n"s,
             "\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"s,
             "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"s,
         }) {
        EXPECT_EQ(refused_with(request), 400) << request;
    }
}

TEST_F(Smuggling, RefusesBrokenRequestLines) {
    for (const std::string& line : {
             "GET /"s,
             "GET  / HTTP/1.1"s,
             "GET /  HTTP/1.1"s,
             "GET / HTTP/1.1 "s,
             " GET / HTTP/1.1"s,
             "GET /a b HTTP/1.1"s,
             "GET\t/\tHTTP/1.1"s,
             "G\"T / HTTP/1.1"s,
             "GET / HTTP/2.0"s,
             "GET / HTTP/1.2"s,
             "GET / HTTP/0.9"s,
             "GET / HTTP/11"s,
             "GET / http/1.1"s,
             "GET / HTTP/1.1\0"s,
             "GET /a\0b HTTP/1.1"s,
             "GET /../a HTTP/1.1"s,
             "CONNECT host:443 HTTP/1.1"s,
             std::string(33, 'A') + " / HTTP/1.1",
         }) {
        EXPECT_EQ(refused_with(line + "\r\nHost: a\r\n\r\n"), 400) << line;
    }
    EXPECT_EQ(refused_with("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 400);
    EXPECT_EQ(refused_with("\x16\x03\x01\x02"s), 400);
}

TEST_F(Smuggling, WantsOneHost) {
    EXPECT_EQ(refused_with("GET / HTTP/1.1\r\n\r\n"), 400);
    EXPECT_EQ(refused_with("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400);
    EXPECT_EQ(refused_with("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
    EXPECT_EQ(refused_with("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"), 400);
    EXPECT_EQ(refused_with("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400);
    EXPECT_EQ(refused_with("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"), 400);
    EXPECT_EQ(answered("GET / HTTP/1.0\r\n\r\n", 1).front(), "GET / ");
    EXPECT_EQ(answered("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 1).front(), "GET / ");
}

TEST_F(Smuggling, RefusesBrokenChunks) {
    for (const std::string& body : {
             "x\r\n"s,
             "\r\n"s,
             " 3\r\nabc\r\n0\r\n\r\n"s,
             "3 \r\nabc\r\n0\r\n\r\n"s,
             "0x3\r\nabc\r\n0\r\n\r\n"s,
             "-3\r\nabc\r\n0\r\n\r\n"s,
             "+3\r\nabc\r\n0\r\n\r\n"s,
             "3\nabc\r\n0\r\n\r\n"s,
             "3\r\nabcd\r\n0\r\n\r\n"s,
             "3\r\nabc\n0\r\n\r\n"s,
             "3\r\nabc0\r\n\r\n"s,
             "3;a\0=b\r\nabc\r\n0\r\n\r\n"s,
             "3;a\rb\r\nabc\r\n0\r\n\r\n"s,
             "3;" + std::string(300, 'a') + "\r\n",
             std::string(300, '0'),
             "0\r\nno trailer\r\n\r\n"s,
             "0\r\nX : b\r\n\r\n"s,
             "0\r\n\n"s,
         }) {
        EXPECT_EQ(refused_with("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body),
                  400)
            << body;
    }
    EXPECT_EQ(
        refused_with("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"),
        413);
    EXPECT_EQ(
        refused_with("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"),
        413);
    EXPECT_EQ(refused_with("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2711\r\n"), 413);
}

TEST_F(Smuggling, ReadsOneRequestBehindTheOther) {
    const std::vector<std::string> bodies = answered(
        "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nGET /"
        "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
        "chunked\r\n\r\n3;x=y\r\nabc\r\n00A\r\n0123456789\r\n0\r\nT: t\r\n\r\n"
        "\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n",
        3);
    EXPECT_EQ(bodies[0], "POST /1 GET /");
    EXPECT_EQ(bodies[1], "POST /2 abc0123456789");
    EXPECT_EQ(bodies[2], "GET /3 ");
}

TEST_F(Smuggling, ReadsRequestsByteByByte) {
    RawClient client(listener_->port());
    const std::string two =
        "\r\nPOST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: "
        "t\r\n\r\n"
        "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nde";
    const int yes = 1;
    ::setsockopt(client.descriptor(), IPPROTO_TCP, 1 /* TCP_NODELAY */, &yes, sizeof(yes));
    for (const char& byte : two) ASSERT_TRUE(client.send({&byte, 1}));
    EXPECT_EQ(client.read_answer().body, "POST /1 abc");
    EXPECT_EQ(client.read_answer().body, "POST /2 de");
}

TEST_F(Smuggling, BoundsHeadsAndBodies) {
    EXPECT_EQ(refused_with("GET /" + std::string(5000, 'a')), 414);
    EXPECT_EQ(refused_with("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(5000, 'a')), 431);
    std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 0; i < 100; ++i) many += "X: y\r\n";
    EXPECT_EQ(refused_with(many + "\r\n"), 431);
    EXPECT_EQ(refused_with("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10001\r\n\r\n"), 413);
    EXPECT_EQ(refused_with("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
              413);
    EXPECT_EQ(refused_with("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" +
                           std::string(20'000, 'a')),
              431);
}

TEST_F(Smuggling, KnowsOneExpectation) {
    EXPECT_EQ(refused_with("POST / HTTP/1.1\r\nHost: a\r\nExpect: magic\r\nContent-Length: 1\r\n\r\n"), 417);
    EXPECT_EQ(
        refused_with("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10001\r\n\r\n"),
        413);
}

}  // namespace
}  // namespace expplat::server::http
