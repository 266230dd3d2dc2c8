// A proxy that the test plays: CONNECT for https, whole URLs for http, refusals with words.
#include <gtest/gtest.h>

#include <future>
#include <string>

#include "src/net/http_transport.hpp"
#include "src/net/proxy.hpp"
#include "tests/net/loopback_server.hpp"

namespace expplat::net {
namespace {

HttpTransportSettings through(const LoopbackServer& proxy, const std::string& user = {}) {
    HttpTransportSettings settings;
    settings.proxy = "http://" + user + "127.0.0.1:" + std::to_string(proxy.port());
    return settings;
}

TEST(HttpProxy, PlainRequestsGoToItWithTheirWholeUrl) {
    std::string request;
    LoopbackServer proxy([&](Peer& peer, int) {
        for (int i = 0; i < 2; ++i) {
            request = peer.read_request();
            peer.send(answer("from afar"));
        }
    });
    {
        Client client(through(proxy, "me:secret@"));
        ASSERT_TRUE(client.run("http://one.example/a?b")->is_success());
        const auto seen = client.run("http://two.example:81/c");
        ASSERT_TRUE(seen->is_success()) << seen->message();
        EXPECT_EQ(seen->body, "from afar");
        EXPECT_EQ(proxy.connections(), 1) << "a proxy's connection serves every host";
    }
    EXPECT_TRUE(request.starts_with("GET http://two.example:81/c HTTP/1.1\r\nHost: two.example:81\r\n"))
        << request;
    EXPECT_NE(request.find("Proxy-Authorization: Basic " + base64("me:secret") + "\r\n"), std::string::npos);
}

TEST(HttpProxy, RefusalsToConnectSayWhoRefusedWhat) {
    for (const char* status : {"407 Proxy Authentication Required", "403 Forbidden", "502 Bad Gateway"}) {
        std::string request;
        LoopbackServer proxy([&](Peer& peer, int) {
            request = peer.read_request();
            peer.send(answer("<html>no</html>", "", status));
        });
        Client client(through(proxy, "me:secret@"));
        const auto seen = client.run("https://far.example/path");
        EXPECT_EQ(seen->code(), ErrorCode::network);
        for (const std::string& words :
             {std::string("far.example:443"), std::string(status).substr(0, 3),
              "127.0.0.1:" + std::to_string(proxy.port()), std::string("CONNECT")}) {
            EXPECT_NE(seen->message().find(words), std::string::npos) << seen->message();
        }
        EXPECT_EQ(seen->message().find("secret"), std::string::npos);
        EXPECT_EQ(seen->heads, 0);
        EXPECT_TRUE(request.starts_with("CONNECT far.example:443 HTTP/1.1\r\nHost: far.example:443\r\n"))
            << request;
        EXPECT_NE(request.find("Proxy-Authorization: Basic "), std::string::npos);
        EXPECT_EQ(request.find("path"), std::string::npos);
    }
}

TEST(HttpProxy, OneThatIsNoneIsAnError) {
    for (const char* text : {"", "SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\nX"}) {
        LoopbackServer proxy([&](Peer& peer, int) {
            peer.read_request();
            peer.send(text);
        });
        Client client(through(proxy));
        const auto seen = client.run("https://far.example/");
        EXPECT_EQ(seen->code(), ErrorCode::network);
        EXPECT_NE(seen->message().find("the proxy"), std::string::npos) << seen->message();
    }
    HttpTransportSettings settings;
    settings.proxy = "127.0.0.1:" + std::to_string(refused_port());
    Client client(settings);
    const auto seen = client.run("https://far.example/");
    EXPECT_EQ(seen->code(), ErrorCode::network);
    EXPECT_NE(seen->message().find("the proxy 127.0.0.1:"), std::string::npos) << seen->message();
}

TEST(HttpProxy, AWrongSettingIsSaidWhenTheTransportOpens) {
    HttpTransportSettings settings;
    settings.proxy = "socks5://127.0.0.1:1";
    EXPECT_EQ(HttpTransport::open(settings).error().code, ErrorCode::unsupported);
    settings.proxy = "http://127.0.0.1:x";
    EXPECT_EQ(HttpTransport::open(settings).error().code, ErrorCode::invalid_argument);
}

TEST(HttpTransportErrors, ARefusedPortNamesTheServer) {
    Client client;
    const std::string where = "127.0.0.1:" + std::to_string(refused_port());
    const Stopwatch watch;
    const auto seen = client.run("http://" + where + "/");
    EXPECT_EQ(seen->code(), ErrorCode::network);
    EXPECT_NE(seen->message().find(where), std::string::npos) << seen->message();
    EXPECT_LT(watch.ms(), 1'000);
}

TEST(HttpTransportErrors, LocalhostFallsBackToTheOtherFamily) {
    LoopbackServer server([](Peer& peer, int) {
        while (!peer.read_request().empty()) peer.send(answer("four"));
    });
    Client client;
    const auto seen = client.run("http://localhost:" + std::to_string(server.port()) + "/");
    ASSERT_TRUE(seen->is_success()) << seen->message();
    EXPECT_EQ(seen->body, "four");
}

}  // namespace
}  // namespace expplat::net
