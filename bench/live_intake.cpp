#include "bench/live_intake.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <charconv>
#include <cstddef>
#include <string_view>

namespace expplat::bench {

namespace {

constexpr std::size_t body_bytes = std::size_t{2} << 20;  // more than a post may hold
constexpr std::size_t id_bytes = 36;
constexpr std::string_view id_member = "\"id\":\"";

/// The value of a header of the client's, which writes names as the caller does.
std::string_view header(std::string_view head, std::string_view name) {
    const std::size_t at = head.find(name);
    if (at == std::string_view::npos) return {};
    const std::size_t begin = at + name.size();
    return head.substr(begin, head.find("\r\n", begin) - begin);
}

class Inflater {
public:
    Inflater() : text_(body_bytes, '\0') { inflateInit2(&stream_, 16 + MAX_WBITS); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    ~Inflater() { inflateEnd(&stream_); }

    /// The text, valid until the next call; empty where the bytes are no gzip member of a permitted size.
    std::string_view inflated(std::string& bytes) {
        inflateReset(&stream_);
        stream_.next_in = reinterpret_cast<Bytef*>(bytes.data());
        stream_.avail_in = static_cast<uInt>(bytes.size());
        stream_.next_out = reinterpret_cast<Bytef*>(text_.data());
        stream_.avail_out = static_cast<uInt>(text_.size());
        if (inflate(&stream_, Z_FINISH) != Z_STREAM_END) return {};
        return std::string_view(text_).substr(0, text_.size() - stream_.avail_out);
    }

private:
    z_stream stream_{};
    std::string text_;
};

/// `{"outcomes":[…]}` for every id of the text; counts them.
std::string outcomes(std::string_view text, std::uint64_t& count) {
    std::string answer = "{\"outcomes\":[";
    for (std::size_t at = text.find(id_member); at != std::string_view::npos; at = text.find(id_member, at)) {
        at += id_member.size();
        if (count++ > 0) answer += ',';
        answer.append("{\"id\":\"").append(text.substr(at, id_bytes)).append("\",\"status\":\"accepted\"}");
        at += id_bytes;
    }
    return answer + "]}";
}

bool send_all(int connection, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

/// Reads until the buffer has at least so many bytes.
bool read_until(int connection, std::string& buffer, std::size_t bytes) {
    char piece[64 * 1024];
    while (buffer.size() < bytes) {
        const ssize_t got = ::recv(connection, piece, sizeof piece, 0);
        if (got <= 0) return false;
        buffer.append(piece, static_cast<std::size_t>(got));
    }
    return true;
}

}  // namespace

Intake::Intake() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, generic, &size) != 0) {
        return;
    }
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    acceptor_ = std::thread([this] { accept(); });
}

Intake::~Intake() {
    ending_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    if (acceptor_.joinable()) acceptor_.join();
    ::close(listener_);
    for (const int connection : connections_) ::shutdown(connection, SHUT_RDWR);
    for (std::thread& server : servers_) server.join();
    for (const int connection : connections_) ::close(connection);
}

void Intake::accept() {
    while (!ending_) {
        const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0) continue;
        const int on = 1;
        ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        const std::lock_guard lock(mutex_);
        connections_.push_back(connection);
        servers_.emplace_back([this, connection] { serve(connection); });
    }
}

void Intake::serve(int connection) {
    Inflater inflater;
    std::string buffer;
    for (;;) {
        std::size_t head_end = buffer.find("\r\n\r\n");
        if (head_end == std::string::npos) {
            if (!read_until(connection, buffer, buffer.size() + 1)) return;
            continue;
        }
        const std::string_view head = std::string_view(buffer).substr(0, head_end + 2);
        const std::string_view length = header(head, "Content-Length: ");
        const bool gzip = header(head, "Content-Encoding: ") == "gzip";
        std::size_t bytes = 0;
        std::from_chars(length.data(), length.data() + length.size(), bytes);
        head_end += 4;
        if (!read_until(connection, buffer, head_end + bytes)) return;
        std::string body = buffer.substr(head_end, bytes);
        buffer.erase(0, head_end + bytes);
        std::uint64_t count = 0;
        const std::string answer = outcomes(gzip ? inflater.inflated(body) : std::string_view(body), count);
        if (!send_all(connection, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
                                      std::to_string(answer.size()) + "\r\n\r\n" + answer)) {
            return;
        }
        accepted_ += count;
    }
}

}  // namespace expplat::bench
