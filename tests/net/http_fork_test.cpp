// A forked child: it closes its copies of the descriptors, and the parent's connections do not notice.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "src/net/http_transport.hpp"
#include "tests/net/loopback_server.hpp"

namespace expplat::net {
namespace {

/// Runs `body` in a child; its exit status is what `body` gives.
template <class Body>
int in_child(Body body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(HttpFork, AChildClosesEverythingAndTheParentGoesOn) {
    std::atomic<bool> goes_on{false};
    LoopbackServer server(
        [&](Peer& peer, int number) {
            if (number != 2) {
                while (!peer.read_request().empty()) peer.send(answer("again"));
                return;
            }
            peer.read_request();
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst");
            while (!goes_on) std::this_thread::sleep_for(std::chrono::milliseconds(1));
            peer.send(" last");
        },
        true);
    const std::size_t without = open_descriptors();
    Client client;
    EXPECT_EQ(open_descriptors(), without + 4) << "epoll, its timer, its interrupter, the waker";
    ASSERT_TRUE(client.run(server.url())->is_success());  // now idle in the pool
    const auto first = client.get(server.url());
    ASSERT_TRUE(client.poll_until([&] { return first->is_done(); }));
    const auto again = client.get(server.url());  // takes the idle one
    const auto streaming = client.get(server.url());
    ASSERT_TRUE(client.poll_until([&] { return again->is_done() && streaming->body == "first"; }));

    const std::size_t mine = open_descriptors();
    const int status = in_child([&] {
        const std::size_t copied = open_descriptors();
        std::unique_ptr<HttpTransport> transport = client.give_up();
        transport->abandon_after_fork();
        // The loop's four and two connections; the ends that the server's threads hold stay.
        if (open_descriptors() != copied - 6) return 1;
        transport->poll(0);
        transport->wake();
        transport->cancel(streaming->id);
        if (transport->start({}, {}) == 0) return 2;
        transport->abandon_after_fork();
        transport.reset();
        if (open_descriptors() != copied - 6) return 3;
        Client fresh;
        return fresh.run(server.url("/fresh"))->ends == 1 ? 0 : 4;
    });
    EXPECT_EQ(status, 0);
    // Counted while the server's side of the stream is open too, and once it has closed that of the child's connection.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (open_descriptors() != mine && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    EXPECT_EQ(open_descriptors(), mine);
    goes_on = true;
    ASSERT_TRUE(client.poll_until([&] { return streaming->is_done(); }));
    EXPECT_TRUE(streaming->is_success()) << streaming->message();
    EXPECT_EQ(streaming->body, "first last");
    EXPECT_TRUE(client.run(server.url())->is_success());
}

TEST(HttpFork, AChildMayBeMadeWhileAnotherThreadPolls) {
    LoopbackServer server(
        [](Peer& peer, int) {
            while (!peer.read_request().empty()) peer.send(answer(std::string(10'000, 'x')));
        },
        true);
    Client client;
    std::atomic<bool> ends{false};
    std::atomic<int> done{0};
    std::thread loop([&] {
        while (!ends) done += client.run(server.url())->is_success() ? 1 : 0;
    });
    for (int i = 0; i < 30; ++i) {
        EXPECT_EQ(in_child([&] {
                      client.transport().abandon_after_fork();
                      return 0;
                  }),
                  0);
    }
    const int before = done;
    while (done < before + 5) std::this_thread::yield();
    ends = true;
    loop.join();
    EXPECT_EQ(server.connections(), 1) << "the parent's one connection was never disturbed";
}

}  // namespace
}  // namespace expplat::net
