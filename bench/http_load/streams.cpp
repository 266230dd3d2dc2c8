#include "bench/http_load/streams.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <string_view>
#include <vector>

#include "bench/http_load/socket.hpp"

namespace expplat::bench {
namespace {

struct Held {
    int descriptor = -1;
    std::string tail;  // of what came before: a text may come in two reads
    bool has_it = false;
};

/// Reads what there is. Whether the text is in it.
bool read_until_empty(Held& held, std::string_view text) {
    std::array<char, 65536> buffer;
    bool found = false;
    for (;;) {
        const ssize_t bytes = ::recv(held.descriptor, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (bytes < 0) return found;
        if (bytes == 0) give_up("a stream was closed");
        held.tail.append(buffer.data(), static_cast<std::size_t>(bytes));
        if (!text.empty() && held.tail.find(text) != std::string::npos) found = true;
        const std::size_t kept = std::min(held.tail.size(), text.size());
        held.tail.erase(0, held.tail.size() - kept);
    }
}

}  // namespace

void hold_streams(std::uint16_t port, std::size_t count, const std::string& request) {
    const int poll = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<Held> all(count);
    for (Held& held : all) {
        held.descriptor = connect_to(port);
        send_all(held.descriptor, request);
        std::array<char, 4096> first;
        if (::recv(held.descriptor, first.data(), first.size(), 0) <= 0) give_up("recv");
        watch(poll, held.descriptor, &held);
    }
    std::printf("%zu streams\n", count);
    std::fflush(stdout);

    std::array<epoll_event, 1024> events{};
    for (std::string text; std::getline(std::cin, text);) {
        for (Held& held : all) held.has_it = false;
        for (std::size_t missing = count; missing > 0;) {
            const int ready = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < ready; ++i) {
                Held& held = *static_cast<Held*>(events[static_cast<std::size_t>(i)].data.ptr);
                if (!read_until_empty(held, text) || held.has_it) continue;
                held.has_it = true;
                --missing;
            }
        }
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        std::printf("%lld\n", static_cast<long long>(std::chrono::nanoseconds(now).count()));
        std::fflush(stdout);
    }
}

}  // namespace expplat::bench
