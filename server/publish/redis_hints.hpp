// `RedisHints`: servers of one database tell each other by Redis that an environment has a new version.
//
// A hint says only where to look: the ruleset itself comes from the store, so that a hint which is lost, doubled or false
// does no harm, and a Redis that is away makes others' changes late (the publisher's interval), not lost. One thread with
// its own loop; `announce` is for any thread and never waits. Made by the program's root where REDIS_URL is set. Next:
// `redis_link.hpp`. Source: CONTROL-PLANE.md, "Rules of the interface".
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "expplat/base/result.hpp"
#include "server/publish/hub.hpp"
#include "server/publish/redis_link.hpp"

namespace expplat::server::publish {

/// Environments whose hints wait for Redis; a further one's is dropped.
inline constexpr std::size_t redis_hints_waiting = 10'000;
/// Between two lines of the log about the same kind of fault.
inline constexpr std::chrono::seconds redis_log_pause{60};

struct Hint {
    EnvironmentName name;
    std::uint64_t version = 0;
};

class RedisHints {
public:
    enum class Count : std::uint8_t { sent, heard, fault };

    struct Settings {
        RedisAddress address;
        std::string ca_file;  // PEM; empty: the system's authorities
        /// All of them are called from the hints' thread, and must not wait.
        std::function<void(const Hint&)> heard;  // also what this server has announced
        std::function<void()> missed;            // there may have been hints that nobody heard
        std::function<void(Count)> count;
        std::function<void(std::string_view level, std::string line)> log;
    };

    /// Does not wait for Redis. Errors: a CA file that is none, no descriptors.
    [[nodiscard]] static Result<std::unique_ptr<RedisHints>> open(Settings settings);
    ~RedisHints();
    RedisHints(const RedisHints&) = delete;
    RedisHints& operator=(const RedisHints&) = delete;

    /// Newer versions of an environment replace older ones that have not left yet.
    void announce(const Hint& hint);
    /// Nothing is called any more once it returns, and announcements are forgotten.
    void stop();

    /// Listens and can speak.
    [[nodiscard]] bool is_connected() const noexcept { return connected_.load(std::memory_order_relaxed); }

private:
    using Versions = std::map<EnvironmentName, std::uint64_t>;

    RedisHints(Settings settings, net::TlsContext tls);
    void run();
    void look_around();
    void hear(const RespValue& value);
    void answered(const RespValue& value);
    void lose(std::string_view what, RedisFault fault, const std::string& why);
    void come_back();
    [[nodiscard]] static bool keep(Versions& versions, const Hint& hint);

    const Settings settings_;
    const std::string channel_prefix_;  // before `project/environment`
    const net::TlsContext tls_;

    std::mutex mutex_;  // guards what follows
    Versions announced_;
    bool ends_ = false;

    // The thread's own.
    net::EventLoop loop_;
    net::Resolver resolver_{loop_, {}};
    RedisLink listening_;
    RedisLink speaking_;
    bool subscribed_ = false;
    Versions waiting_;
    std::deque<Hint> sent_;         // whose answers have not come
    std::array<bool, 4> logged_{};  // by fault, in this outage
    std::array<std::chrono::steady_clock::time_point, 4> logged_at_{};

    std::atomic<bool> connected_{false};
    std::thread thread_;
};

/// The hint of a message; nothing where it is none of this prefix.
[[nodiscard]] std::optional<Hint> read_hint(const RespValue& message, std::string_view channel_prefix);

}  // namespace expplat::server::publish
