// Load on an HTTP server: keep-alive connections that each ask, wait for the answer, and ask again.
//
//   http_load PORT [CONNECTIONS [SECONDS [PATH]]]     prints requests a second, and the times of the median and of 99 %
//   http_load --serve [THREADS]                       a listener that answers 20 bytes of JSON, until its input ends
//   http_load --streams PORT COUNT                    opens COUNT streams, says so, and holds them until its input ends
//
// One thread and epoll; it reads answers with a Content-Length alone, as the listener under test gives them.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/listener.hpp"

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::exit(1);
}

int connect_to(std::uint16_t port) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (descriptor < 0 ||
        ::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
        give_up("connect");
    }
    const int yes = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    return descriptor;
}

void send_all(int descriptor, std::string_view text) {
    if (::send(descriptor, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) {
        give_up("send");
    }
}

std::string request_for(const char* path) {
    return std::string("GET ") + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

struct Asking {
    int descriptor = -1;
    Clock::time_point since;
    std::size_t missing = 0;  // bytes of the answer, once its length is known
    std::string head;
};

/// Whether the answer is whole with these bytes.
bool take(Asking& asking, std::string_view bytes) {
    if (asking.missing == 0) {
        asking.head += bytes;
        const std::size_t end = asking.head.find("\r\n\r\n");
        if (end == std::string::npos) return false;
        constexpr std::string_view name = "Content-Length: ";
        const std::size_t field = asking.head.find(name);
        if (field == std::string::npos || !asking.head.starts_with("HTTP/1.1 200")) give_up("answer");
        const std::size_t length = std::strtoull(asking.head.c_str() + field + name.size(), nullptr, 10);
        const std::size_t total = end + 4 + length;
        asking.missing = total - std::min(total, asking.head.size());
        asking.head.clear();
        return asking.missing == 0;
    }
    asking.missing -= std::min(asking.missing, bytes.size());
    return asking.missing == 0;
}

int load(std::uint16_t port, std::size_t connections, double seconds, const char* path) {
    const std::string request = request_for(path);
    const int poll = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<Asking> all(connections);
    for (Asking& asking : all) {
        asking.descriptor = connect_to(port);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &asking;
        ::epoll_ctl(poll, EPOLL_CTL_ADD, asking.descriptor, &event);
    }
    std::vector<std::uint32_t> took_ns;
    took_ns.reserve(4'000'000);
    const Clock::time_point begin = Clock::now();
    const Clock::time_point end =
        begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    for (Asking& asking : all) {
        asking.since = Clock::now();
        send_all(asking.descriptor, request);
    }
    std::array<epoll_event, 256> events{};
    std::array<char, 16384> buffer{};
    Clock::time_point now = begin;
    while (now < end) {
        const int ready = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), 1000);
        for (int i = 0; i < ready; ++i) {
            Asking& asking = *static_cast<Asking*>(events[static_cast<std::size_t>(i)].data.ptr);
            const ssize_t bytes = ::recv(asking.descriptor, buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (bytes <= 0) give_up("recv");
            if (!take(asking, {buffer.data(), static_cast<std::size_t>(bytes)})) continue;
            now = Clock::now();
            took_ns.push_back(static_cast<std::uint32_t>((now - asking.since).count()));
            asking.since = now;
            send_all(asking.descriptor, request);
        }
        if (ready == 0) now = Clock::now();
    }
    if (took_ns.empty()) give_up("no answer");
    std::ranges::sort(took_ns);
    const double elapsed = std::chrono::duration<double>(now - begin).count();
    const auto quantile_us = [&](double q) {
        return took_ns[static_cast<std::size_t>(q * static_cast<double>(took_ns.size() - 1))] / 1000.0;
    };
    std::printf("%zu connections, %.1f s: %.0f requests/s, p50 %.0f us, p99 %.0f us\n", connections, elapsed,
                static_cast<double>(took_ns.size()) / elapsed, quantile_us(0.5), quantile_us(0.99));
    return 0;
}

void wait_for_end_of_input() {
    while (std::getchar() != EOF) {}
}

int hold_streams(std::uint16_t port, std::size_t count) {
    const std::string request = request_for("/stream");
    std::array<char, 4096> buffer{};
    for (std::size_t i = 0; i < count; ++i) {
        const int descriptor = connect_to(port);
        send_all(descriptor, request);
        if (::recv(descriptor, buffer.data(), buffer.size(), 0) <= 0) give_up("recv");
    }
    std::printf("%zu streams\n", count);
    std::fflush(stdout);
    wait_for_end_of_input();
    return 0;
}

int serve(unsigned threads) {
    using namespace expplat::server::http;
    std::mutex mutex;
    std::vector<Stream> streams;
    ListenerSettings settings;
    settings.threads = threads;
    const auto answer = std::make_shared<const std::string>(R"({"status":"healthy"})");
    auto listener =
        Listener::start(settings, [&](const std::shared_ptr<Request>& request, Responder responder) {
            Response response;
            if (request->target == "/stream") {
                response.headers.add("Content-Type", "text/event-stream");
                const std::lock_guard lock(mutex);
                streams.push_back(responder.open(std::move(response)));
                streams.back().send(std::make_shared<const std::string>("retry: 1000\n\n"));
                return;
            }
            response.headers.add("Content-Type", "application/json");
            response.body = answer;
            responder.send(std::move(response));
        });
    if (!listener) {
        std::fprintf(stderr, "%s\n", listener.error().message.c_str());
        return 1;
    }
    std::printf("%u\n", unsigned{(*listener)->port()});
    std::fflush(stdout);
    wait_for_end_of_input();
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    const std::string first = count > 1 ? arguments[1] : "";
    const auto number = [&](int i, const char* otherwise) {
        return std::strtoul(count > i ? arguments[i] : otherwise, nullptr, 10);
    };
    if (first == "--serve") return serve(static_cast<unsigned>(number(2, "0")));
    if (first == "--streams" && count == 4) {
        return hold_streams(static_cast<std::uint16_t>(number(2, "")), number(3, ""));
    }
    if (first.empty() || first.starts_with("-")) {
        std::fprintf(stderr,
                     "usage: http_load PORT [CONNECTIONS [SECONDS [PATH]]] | --serve [THREADS] | --streams "
                     "PORT COUNT\n");
        return 2;
    }
    return load(static_cast<std::uint16_t>(number(1, "")), number(2, "32"),
                static_cast<double>(number(3, "5")), count > 4 ? arguments[4] : "/");
}
