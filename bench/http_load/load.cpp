#include "bench/http_load/load.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "bench/http_load/socket.hpp"

namespace expplat::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Asking {
    int descriptor = -1;
    Clock::time_point since;  // its request was due
    std::size_t missing = 0;  // bytes of the answer, once its length is known
    std::string head;
};

std::size_t content_length(std::string_view head) {
    constexpr std::string_view name = "\r\nContent-Length: ";
    const std::size_t field = head.find(name);
    return field == std::string_view::npos ? 0
                                           : std::strtoull(head.data() + field + name.size(), nullptr, 10);
}

/// Whether the answer is whole with these bytes.
bool take(Asking& asking, std::string_view bytes, std::string_view expected) {
    if (asking.missing == 0) {
        asking.head += bytes;
        const std::size_t end = asking.head.find("\r\n\r\n");
        if (end == std::string::npos) return false;
        if (!asking.head.starts_with(expected)) {
            std::fprintf(stderr, "http_load: expected %s, and the answer is\n%s\n", expected.data(),
                         asking.head.c_str());
            std::exit(1);
        }
        const bool has_body = !expected.ends_with("304");
        const std::size_t total =
            end + 4 + (has_body ? content_length(std::string_view(asking.head).substr(0, end)) : 0);
        asking.missing = total - std::min(total, asking.head.size());
        asking.head.clear();
        return asking.missing == 0;
    }
    asking.missing -= std::min(asking.missing, bytes.size());
    return asking.missing == 0;
}

Clock::duration of_seconds(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

class Generator {
public:
    explicit Generator(const Load& load)
        : load_(load),
          expected_("HTTP/1.1 " + std::to_string(load.status)),
          connections_(load.connections),
          between_(load.rate > 0 ? of_seconds(1 / load.rate) : Clock::duration::zero()) {
        took_ns_.reserve(4'000'000);
        for (Asking& asking : connections_) {
            asking.descriptor = connect_to(load.port);
            watch(poll_, asking.descriptor, &asking);
            idle_.push_back(&asking);
        }
    }

    Figures run() {
        const Clock::time_point begin = Clock::now();
        const Clock::time_point end = begin + of_seconds(load_.seconds);
        due_ = begin;
        Clock::time_point now = begin;
        for (; now < end; now = Clock::now()) {
            ask(now);
            const int ready = wait(now);
            for (int i = 0; i < ready; ++i) {
                receive(*static_cast<Asking*>(events_[static_cast<std::size_t>(i)].data.ptr));
            }
        }
        return figures(std::chrono::duration<double>(now - begin).count());
    }

private:
    /// Until an answer comes, or the next request is due. Gives the processor away: the server shares it.
    int wait(Clock::time_point now) {
        Clock::duration longest = std::chrono::milliseconds(100);
        if (load_.rate > 0 && !idle_.empty())
            longest = std::clamp(due_ - now, Clock::duration::zero(), longest);
        const timespec timeout{.tv_sec = 0, .tv_nsec = std::chrono::nanoseconds(longest).count()};
        return ::epoll_pwait2(poll_, events_.data(), static_cast<int>(events_.size()), &timeout, nullptr);
    }

    /// All requests that are due and have a connection.
    void ask(Clock::time_point now) {
        while (!idle_.empty() && (load_.rate <= 0 || due_ <= now)) {
            Asking& asking = *idle_.back();
            idle_.pop_back();
            asking.since = load_.rate > 0 ? due_ : Clock::now();
            due_ += between_;
            send_all(asking.descriptor, load_.request);
        }
    }

    void receive(Asking& asking) {
        const ssize_t bytes = ::recv(asking.descriptor, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
        if (bytes <= 0) give_up("recv");
        if (!take(asking, {buffer_.data(), static_cast<std::size_t>(bytes)}, expected_)) return;
        took_ns_.push_back(static_cast<std::uint32_t>((Clock::now() - asking.since).count()));
        idle_.push_back(&asking);
        if (load_.rate <= 0) ask(Clock::time_point());
    }

    Figures figures(double seconds) {
        if (took_ns_.empty()) give_up("no answer");
        std::ranges::sort(took_ns_);
        const auto quantile_us = [&](double q) {
            return took_ns_[static_cast<std::size_t>(q * static_cast<double>(took_ns_.size() - 1))] / 1000.0;
        };
        return {seconds, static_cast<double>(took_ns_.size()) / seconds, quantile_us(0.5), quantile_us(0.99),
                quantile_us(0.999)};
    }

    const Load& load_;
    std::string expected_;
    int poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<Asking> connections_;
    std::vector<Asking*> idle_;
    Clock::duration between_;
    Clock::time_point due_;
    std::vector<std::uint32_t> took_ns_;
    std::array<epoll_event, 256> events_{};
    std::array<char, 65536> buffer_{};
};

}  // namespace

Figures run(const Load& load) { return Generator(load).run(); }

}  // namespace expplat::bench
