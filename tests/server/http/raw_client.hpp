// `RawClient`: a socket that says to a listener exactly what a test wants said, and reads what comes back.
//
// Every read is bounded by `patience`; a test that waits for it has failed. One thread at a time.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace expplat::server::http {

inline constexpr std::chrono::milliseconds patience{20'000};

class RawClient {
public:
    explicit RawClient(std::uint16_t port, int receive_buffer = 0) {
        descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (receive_buffer > 0) {
            ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
        }
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        is_connected_ = ::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    }
    ~RawClient() { close(); }
    RawClient(RawClient&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)),
          is_connected_(other.is_connected_),
          is_ended_(other.is_ended_),
          unread_(std::move(other.unread_)) {}
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    [[nodiscard]] bool is_connected() const noexcept { return is_connected_; }
    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

    void close() noexcept {
        if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
    }
    void end_sending() noexcept { ::shutdown(descriptor_, SHUT_WR); }
    /// As far as the listener takes it.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    /// Up to and with `mark`; what came, where the connection ended or nothing came in time.
    std::string read_until(std::string_view mark) {
        std::size_t at = 0;
        while ((at = unread_.find(mark)) == std::string::npos) {
            if (!read_more()) return std::exchange(unread_, {});
        }
        return take(at + mark.size());
    }
    std::string read_bytes(std::size_t count) {
        while (unread_.size() < count) {
            if (!read_more()) return std::exchange(unread_, {});
        }
        return take(count);
    }
    /// All that comes until the listener closes; see `is_ended`.
    std::string read_to_end() {
        while (read_more()) {}
        return std::exchange(unread_, {});
    }
    [[nodiscard]] bool is_ended() const noexcept { return is_ended_; }

    struct Answer {
        int status = 0;
        std::string head;
        std::string body;

        [[nodiscard]] std::string field(std::string_view name) const {
            const std::string mark = "\r\n" + std::string(name) + ": ";
            const std::size_t at = head.find(mark);
            if (at == std::string::npos) return {};
            const std::size_t begin = at + mark.size();
            return head.substr(begin, head.find("\r\n", begin) - begin);
        }
        [[nodiscard]] bool has(std::string_view name) const {
            return head.find("\r\n" + std::string(name) + ": ") != std::string::npos;
        }
    };
    /// With the body that its Content-Length says.
    Answer read_answer(bool with_body = true) {
        Answer answer;
        answer.head = read_until("\r\n\r\n");
        if (answer.head.starts_with("HTTP/1.1 ")) answer.status = std::atoi(answer.head.c_str() + 9);
        if (with_body)
            answer.body = read_bytes(std::strtoul(answer.field("Content-Length").c_str(), nullptr, 10));
        return answer;
    }
    Answer ask(std::string_view request, bool with_body = true) {
        send(request);
        return read_answer(with_body);
    }
    /// The next chunk of a stream; empty for the last one.
    std::string read_chunk() {
        const std::string size = read_until("\r\n");
        std::string piece = read_bytes(std::strtoul(size.c_str(), nullptr, 16) + 2);
        if (piece.size() >= 2) piece.resize(piece.size() - 2);
        return piece;
    }

private:
    std::string take(std::size_t count) {
        std::string taken = unread_.substr(0, count);
        unread_.erase(0, count);
        return taken;
    }
    bool read_more() {
        pollfd wanted{descriptor_, POLLIN, 0};
        if (::poll(&wanted, 1, static_cast<int>(patience.count())) != 1) return false;
        std::array<char, 65536> room{};
        const ssize_t bytes = ::recv(descriptor_, room.data(), room.size(), 0);
        if (bytes <= 0) {
            is_ended_ = true;
            was_reset_ = bytes < 0;
            return false;
        }
        unread_.append(room.data(), static_cast<std::size_t>(bytes));
        return true;
    }

public:
    /// Whether it ended by a reset.
    [[nodiscard]] bool was_reset() const noexcept { return was_reset_; }

private:
    int descriptor_ = -1;
    bool is_connected_ = false;
    bool is_ended_ = false;
    bool was_reset_ = false;
    std::string unread_;
};

}  // namespace expplat::server::http
