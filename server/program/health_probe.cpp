#include "server/program/health_probe.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "src/sync/atomic_file.hpp"

namespace expplat::server::program {

namespace {

constexpr std::string_view status_line = "HTTP/1.1 200 ";

Error failure(const std::string& what) {
    return {ErrorCode::network, what + ": " + (errno == EAGAIN ? "no answer in time" : std::strerror(errno))};
}

/// Where a server that listens everywhere is found.
std::string reachable(const std::string& address) {
    if (address == "0.0.0.0") return "127.0.0.1";
    return address == "::" ? "::1" : address;
}

bool set_timeouts(int socket) {
    const timeval most{probe_ms / 1'000, (probe_ms % 1'000) * 1'000};
    return ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most)) == 0 &&
           ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most)) == 0;
}

}  // namespace

Result<void> probe_health(const Settings& settings) {
    const std::string host = reachable(settings.address);
    const std::string port = std::to_string(settings.port);
    const std::string where = host + " port " + port;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (const int code = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); code != 0)
        return Error{ErrorCode::network, where + ": " + ::gai_strerror(code)};
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, ::freeaddrinfo);
    const sync::Descriptor socket(
        ::socket(addresses->ai_family, SOCK_STREAM | SOCK_CLOEXEC, addresses->ai_protocol));
    if (!socket || !set_timeouts(socket.number())) return failure(where);
    if (::connect(socket.number(), addresses->ai_addr, addresses->ai_addrlen) != 0) return failure(where);
    if (!settings.certificate_file.empty()) return {};
    constexpr std::string_view request =
        "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    if (::send(socket.number(), request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size()))
        return failure(where);
    std::string answer;
    std::array<char, 256> piece;
    while (answer.size() < status_line.size()) {
        const ssize_t count = ::recv(socket.number(), piece.data(), piece.size(), 0);
        if (count < 0) return failure(where);
        if (count == 0) break;
        answer.append(piece.data(), static_cast<std::size_t>(count));
    }
    if (!answer.starts_with(status_line))
        return Error{ErrorCode::network,
                     where + " answers otherwise: " + answer.substr(0, answer.find('\r'))};
    return {};
}

}  // namespace expplat::server::program
