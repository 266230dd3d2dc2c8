#include "tests/net/loopback_server.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace expplat::net {

namespace {

constexpr int patience_ms = 5'000;

int listen_on_loopback(int& port) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
    return listener;
}

bool is_readable(int socket, int within_ms) {
    pollfd waited{socket, POLLIN, 0};
    return ::poll(&waited, 1, within_ms) > 0;
}

}  // namespace

std::string Peer::read_some() {
    if (socket_ < 0 || !is_readable(socket_, patience_ms)) return {};
    char bytes[65'536];
    const ssize_t size = ::recv(socket_, bytes, sizeof(bytes), 0);
    return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

std::string Peer::read_request() {
    std::size_t end = std::string::npos;
    while ((end = rest_.find("\r\n\r\n")) == std::string::npos) {
        const std::string more = read_some();
        if (more.empty()) return {};
        rest_ += more;
    }
    end += 4;
    if (const std::size_t at = rest_.find("Content-Length: "); at < end) {
        end += static_cast<std::size_t>(std::atoll(rest_.c_str() + at + 16));
    }
    while (rest_.size() < end) {
        const std::string more = read_some();
        if (more.empty()) return {};
        rest_ += more;
    }
    std::string request = rest_.substr(0, end);
    rest_.erase(0, end);
    return request;
}

bool Peer::send(std::string_view bytes) const {
    while (!bytes.empty()) {
        const ssize_t size = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (size <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
}

void Peer::send_by_pieces(std::string_view bytes, std::size_t piece) const {
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    while (!bytes.empty() && send(bytes.substr(0, piece))) {
        bytes.remove_prefix(std::min(piece, bytes.size()));
        std::this_thread::sleep_for(
            std::chrono::microseconds(50));  // the client is another process's speed away
    }
}

bool Peer::wait_for_close() {
    for (;;) {
        if (!is_readable(socket_, patience_ms)) return false;
        char bytes[4096];
        if (::recv(socket_, bytes, sizeof(bytes), 0) <= 0) return true;
    }
}

void Peer::reset() {
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close();
}

void Peer::close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

LoopbackServer::LoopbackServer(Script script, bool at_once) : script_(std::move(script)), at_once_(at_once) {
    listener_ = listen_on_loopback(port_);
    EXPECT_EQ(::listen(listener_, 128), 0);
    thread_ = std::thread([this] { serve(); });
}

LoopbackServer::~LoopbackServer() {
    ends_ = true;
    thread_.join();
    for (std::thread& peer : peers_) peer.join();
    ::close(listener_);
}

void LoopbackServer::serve() {
    while (!ends_) {
        if (!is_readable(listener_, 5)) continue;
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) continue;
        const auto play = [this, socket, number = ++connections_] {
            Peer peer(socket);
            script_(peer, number);
        };
        if (at_once_) peers_.emplace_back(play);
        else play();
    }
}

std::string LoopbackServer::url(std::string_view path, std::string_view scheme) const {
    return std::string(scheme) + "://127.0.0.1:" + std::to_string(port_) + std::string(path);
}

int refused_port() {
    int port = 0;
    ::close(listen_on_loopback(port));
    return port;
}

std::string answer(std::string_view body, std::string_view headers, std::string_view status) {
    return "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(headers) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

Client::Client(HttpTransportSettings settings) {
    if (!settings.environment) {
        settings.environment = [](const std::string&) { return std::optional<std::string>(); };
    }
    auto opened = HttpTransport::open(std::move(settings));
    EXPECT_TRUE(opened) << opened.error().message;
    transport_ = std::move(*opened);
}

std::shared_ptr<Seen> Client::start(Request request) {
    auto seen = std::make_shared<Seen>();
    Handlers handlers;
    handlers.head = [seen](const Head& head) {
        EXPECT_FALSE(seen->is_done());
        ++seen->heads;
        seen->head = head;
    };
    handlers.body = [seen](std::string_view bytes) {
        EXPECT_EQ(seen->heads, 1);
        EXPECT_FALSE(seen->is_done());
        seen->body += bytes;
        ++seen->pieces;
    };
    handlers.end = [seen](const Result<void>& end) {
        ++seen->ends;
        seen->end = end;
    };
    seen->id = transport_->start(std::move(request), std::move(handlers));
    EXPECT_NE(seen->id, 0u);
    EXPECT_FALSE(seen->is_done()) << "no handler is called from within `start`";
    return seen;
}

std::shared_ptr<Seen> Client::get(const std::string& url) {
    Request request;
    request.url = url;
    return start(std::move(request));
}

std::shared_ptr<Seen> Client::run(Request request) {
    auto seen = start(std::move(request));
    EXPECT_TRUE(poll_until([&] { return seen->is_done(); })) << "the exchange did not end";
    EXPECT_EQ(seen->ends, 1);
    return seen;
}

std::shared_ptr<Seen> Client::run(const std::string& url) {
    Request request;
    request.url = url;
    return run(std::move(request));
}

bool Client::poll_until(const std::function<bool()>& done) {
    const Stopwatch watch;
    while (!done()) {
        if (watch.ms() > 10'000) return false;
        transport_->poll(20);
    }
    return true;
}

void Client::poll_for(std::chrono::milliseconds time) {
    const Stopwatch watch;
    while (watch.ms() < time.count()) transport_->poll(5);
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        (void)entry;
        ++count;
    }
    return count;
}

}  // namespace expplat::net
