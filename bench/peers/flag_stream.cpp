#include "bench/peers/flag_stream.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "bench/peers/question.hpp"

namespace expplat::bench {

namespace {

constexpr std::size_t request_bytes = 16 * 1024;

/// False where the connection ends, or asks for more than a head.
bool read_head(int connection) {
    std::string head;
    std::array<char, 4096> part{};
    while (head.find("\r\n\r\n") == std::string::npos) {
        const ssize_t read = recv(connection, part.data(), part.size(), 0);
        if (read <= 0 || head.size() > request_bytes) return false;
        head.append(part.data(), static_cast<std::size_t>(read));
    }
    return true;
}

bool send_all(int connection, std::string_view text) {
    while (!text.empty()) {
        const ssize_t sent = send(connection, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

}  // namespace

FlagStream::FlagStream(const std::string& put)
    : response_("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: put\ndata: " + put +
                "\n\n") {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    require(listener_ >= 0 && bind(listener_, any, size) == 0 && listen(listener_, 8) == 0 &&
                getsockname(listener_, any, &size) == 0,
            "no port of the loopback can be bound");
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    server_ = std::thread([this] { serve(); });
}

FlagStream::~FlagStream() {
    shutdown(listener_, SHUT_RDWR);  // wakes the thread
    server_.join();
    close(listener_);
    for (const int connection : connections_) close(connection);
}

void FlagStream::serve() {
    for (;;) {
        const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0) return;
        if (read_head(connection) && send_all(connection, response_)) {
            connections_.push_back(connection);
        } else {
            close(connection);
        }
    }
}

}  // namespace expplat::bench
