// Names: what needs no question, the hosts file, a name server that the test plays, and none that answers.
#include "src/net/resolver.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/net/loopback_server.hpp"

namespace expplat::net {
namespace {

using Answer = std::optional<Result<std::vector<std::string>>>;

Answer resolve(const std::string& host, const std::string& servers = {}) {
    EventLoop loop;
    Resolver resolver(loop, servers);
    Answer answer;
    const auto lookup =
        resolver.resolve(host, [&](Result<std::vector<std::string>> got) { answer = std::move(got); });
    EXPECT_FALSE(answer) << "never from within the call";
    const Stopwatch watch;
    while (!answer && watch.ms() < 10'000) loop.poll(20);
    return answer;
}

/// A name server on the loopback: answers A questions with 127.0.0.1 and AAAA questions with nothing, or all with
/// `code`; `is_silent`: not at all.
class NameServer {
public:
    explicit NameServer(int code, bool is_silent = false) : code_(code), is_silent_(is_silent) {
        socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
        socklen_t size = sizeof(address);
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
        name_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
        thread_ = std::thread([this] { serve(); });
    }
    NameServer(const NameServer&) = delete;
    NameServer& operator=(const NameServer&) = delete;
    ~NameServer() {
        ends_ = true;
        thread_.join();
        ::close(socket_);
    }
    const std::string& name() const { return name_; }
    int questions() const { return questions_; }

private:
    void serve() {
        while (!ends_) {
            pollfd waited{socket_, POLLIN, 0};
            if (::poll(&waited, 1, 5) <= 0) continue;
            char bytes[1500];
            sockaddr_in from{};
            socklen_t from_size = sizeof(from);
            const ssize_t got =
                ::recvfrom(socket_, bytes, sizeof(bytes), 0, reinterpret_cast<sockaddr*>(&from), &from_size);
            if (got < 17) continue;
            ++questions_;
            if (is_silent_) continue;
            std::size_t end = 12;  // of the question's name
            while (bytes[end] != 0) end += static_cast<unsigned char>(bytes[end]) + 1u;
            const bool is_a = bytes[end + 2] == 1;
            std::string reply(bytes, end + 5);
            reply[2] = '\x81';
            reply[3] = static_cast<char>(0x80 | code_);
            reply.replace(6, 6, std::string("\0\0\0\0\0\0", 6));
            if (code_ == 0 && is_a) {
                reply[7] = 1;
                reply += std::string("\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01", 16);
            }
            ::sendto(socket_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), from_size);
        }
    }

    int code_;
    bool is_silent_;
    int socket_ = -1;
    std::string name_;
    std::atomic<bool> ends_{false};
    std::atomic<int> questions_{0};
    std::thread thread_;
};

TEST(Resolver, AddressesAndLocalhostNeedNoQuestion) {
    const std::string nobody = "127.0.0.1:" + std::to_string(refused_port());
    EXPECT_EQ(resolve("127.0.0.1", nobody)->value(), std::vector<std::string>{"127.0.0.1"});
    EXPECT_EQ(resolve("::1", nobody)->value(), std::vector<std::string>{"::1"});
    const std::vector<std::string> own = {"127.0.0.1", "::1"};
    for (const char* name : {"localhost", "localhost.", "a.localhost"})
        EXPECT_EQ(resolve(name, nobody)->value(), own);
}

TEST(Resolver, InvalidIsNobodysAndIsSaidAtOnce) {
    Client client;
    const Stopwatch watch;
    const auto seen = client.run("http://nowhere.invalid/");
    EXPECT_EQ(seen->code(), ErrorCode::network);
    EXPECT_NE(seen->message().find("nowhere.invalid"), std::string::npos) << seen->message();
    EXPECT_LT(watch.ms(), 1'000);
}

TEST(Resolver, ANameServerIsAsked) {
    NameServer server(0);
    const auto answer = resolve("some.name.example", server.name());
    ASSERT_TRUE(answer);
    ASSERT_TRUE(*answer) << answer->error().message;
    EXPECT_EQ(answer->value(), std::vector<std::string>{"127.0.0.1"});
    EXPECT_GE(server.questions(), 1);
}

TEST(Resolver, AConnectionGoesToTheAddressThatWasFound) {
    NameServer names(0);
    LoopbackServer server([](Peer& peer, int) {
        peer.send(
            answer(peer.read_request().find("Host: some.name.example:") != std::string::npos ? "yes" : "no"));
    });
    HttpTransportSettings settings;
    settings.name_servers = names.name();
    Client client(settings);
    const auto seen = client.run("http://some.name.example:" + std::to_string(server.port()) + "/");
    ASSERT_TRUE(seen->is_success()) << seen->message();
    EXPECT_EQ(seen->body, "yes");
}

TEST(Resolver, AnUnknownNameIsAnErrorThatNamesIt) {
    NameServer server(3);
    const auto answer = resolve("gone.example", server.name());
    ASSERT_TRUE(answer);
    ASSERT_FALSE(*answer);
    EXPECT_EQ(answer->error().code, ErrorCode::network);
    EXPECT_NE(answer->error().message.find("gone.example"), std::string::npos);
}

TEST(Resolver, ASilentNameServerIsGivenUpBeforeTheConnectLimit) {
    NameServer server(0, true);
    const Stopwatch watch;
    const auto answer = resolve("slow.example", server.name());
    ASSERT_TRUE(answer);
    EXPECT_FALSE(*answer);
    EXPECT_LT(watch.ms(), Timeouts{}.connect_ms);
    EXPECT_GE(server.questions(), 2);
}

TEST(Resolver, AQuestionMayBeForgottenAtAnyTime) {
    NameServer server(0, true);
    const std::size_t before = open_descriptors();
    for (const int polls : {0, 1, 3}) {
        EventLoop loop;
        Resolver resolver(loop, server.name());
        bool is_called = false;
        auto lookup =
            resolver.resolve("slow.example", [&](Result<std::vector<std::string>>) { is_called = true; });
        auto known =
            resolver.resolve("localhost", [&](Result<std::vector<std::string>>) { is_called = true; });
        if (polls == 0) known.reset();
        for (int i = 0; i < polls; ++i) loop.poll(5);
        is_called = false;
        lookup.reset();
        known.reset();
        for (int i = 0; i < 5; ++i) loop.poll(1);
        EXPECT_FALSE(is_called);
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST(Resolver, TheHostsFileIsHonoured) {
    std::ifstream hosts("/etc/hosts");
    const std::string nobody = "127.0.0.1:" + std::to_string(refused_port());
    for (std::string line; std::getline(hosts, line);) {
        std::istringstream words(line);
        std::string address, name;
        if (!(words >> address >> name) || !address.starts_with("127.") ||
            name.find("localhost") != std::string::npos) {
            continue;
        }
        const auto answer = resolve(name, nobody);
        ASSERT_TRUE(answer);
        ASSERT_TRUE(*answer) << answer->error().message;
        EXPECT_NE(std::find(answer->value().begin(), answer->value().end(), address), answer->value().end())
            << name;
        return;
    }
    GTEST_SKIP() << "this machine's hosts file names nothing but localhost";
}

}  // namespace
}  // namespace expplat::net
