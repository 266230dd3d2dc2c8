// `ReferenceServer`: the reference server of `tests/support/reference_server`, started by a test and told what to do.
//
// Speaks to its `/_test/` part over one blocking connection a request. Ended with the object. A test that wants it at a port
// where one was before names the port.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/process.hpp"

namespace expplat::tests {

/// The head has come, and as much of a body as it says.
inline bool is_whole(const std::string& answer) {
    constexpr std::string_view name = "Content-Length: ";
    const std::size_t end = answer.find("\r\n\r\n");
    const std::size_t length = answer.find(name);
    return end != std::string::npos && length < end &&
           answer.size() >= end + 4 + std::strtoull(answer.c_str() + length + name.size(), nullptr, 10);
}

/// One request to a port of this machine; the answer's body, or empty where there is none.
inline std::string ask_port(int port, std::string_view method, std::string_view path,
                            std::string_view body = {}) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{20, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::string answer;
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        std::string request = std::string(method) + " " + std::string(path) +
                              " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " +
                              std::to_string(body.size()) + "\r\n\r\n";
        request += body;
        for (std::size_t sent = 0; sent < request.size();) {
            const ssize_t count = ::send(socket, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
            if (count <= 0) break;
            sent += static_cast<std::size_t>(count);
        }
        char bytes[65536];
        for (ssize_t count = 0; !is_whole(answer) && (count = ::recv(socket, bytes, sizeof bytes, 0)) > 0;)
            answer.append(bytes, static_cast<std::size_t>(count));
    }
    ::close(socket);
    const std::size_t end = answer.find("\r\n\r\n");
    return end == std::string::npos ? std::string() : answer.substr(end + 4);
}

class ReferenceServer {
public:
    explicit ReferenceServer(std::vector<std::string> options = {}, int port = 0) {
        std::vector<std::string> command{EXPPLAT_PYTHON, EXPPLAT_REFERENCE_SERVER, "--port",
                                         std::to_string(port)};
        command.insert(command.end(), options.begin(), options.end());
        process_ = std::make_unique<Process>(command);
        port_ = std::atoi(process_->line().value_or("0").c_str());
        EXPECT_GT(port_, 0) << "the reference server did not start";
    }

    [[nodiscard]] int port() const noexcept { return port_; }
    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    void kill() { process_.reset(); }

    std::string post(std::string_view name, std::string_view body = "{}") const {
        return ask_port(port_, "POST", "/_test/" + std::string(name), body);
    }
    [[nodiscard]] std::string get(std::string_view name) const {
        return ask_port(port_, "GET", "/_test/" + std::string(name));
    }
    /// A number of its state; -1 where it has none of that name.
    [[nodiscard]] std::int64_t state(std::string_view name) const {
        const std::string state = get("state");
        const std::size_t at = state.find("\"" + std::string(name) + "\":");
        return at == std::string::npos ? -1 : std::atoll(state.c_str() + at + name.size() + 3);
    }

private:
    std::unique_ptr<Process> process_;
    int port_ = 0;
};

}  // namespace expplat::tests
