// `Config`: what a client is told when it is opened: where rules come from, where events go, what is logged.
//
// Plain values, checked by `Client::open`. Next: `client.hpp`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/base/clock.hpp"
#include "expplat/base/limits.hpp"
#include "expplat/sink.hpp"
#include "expplat/source.hpp"
#include "expplat/status.hpp"

namespace expplat {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// Gets one line, without a line end. May be called from any thread of the client, never from `variant()`.
using Logger = std::function<void(LogLevel, std::string_view)>;

/// How servers are reached. Used for the ruleset, the HTTP sink and AWS alike.
struct Network {
    /// `http://HOST:PORT`: HTTPS goes through it by CONNECT, HTTP by whole URLs. Empty: `https_proxy` and `http_proxy` of the
    /// environment; `none`: no proxy. Hosts of `no_proxy` are reached without one, whoever named it.
    std::string proxy;
    std::string ca_file;  // PEM; empty: the system's
    std::int64_t connect_timeout_ms = 5'000;
    std::int64_t request_timeout_ms = 30'000;
};

struct Config {
    Source source;
    Sink sink;
    Logger logger;  // empty: nothing is logged

    // Of `Source::server`.
    std::string
        cache;  // a file that keeps the last ruleset, so that a host starts without its server; empty: none
    bool streaming = true;  // false: poll only
    std::int64_t poll_interval_ms = limits::poll_interval_ms;
    Network network;

    std::string project;  // named in events
    /// The face of the library that the program uses, in events and to servers: `NAME/VERSION`. Letters, digits, `-`, `.` and
    /// `_`, at most `limits::sdk_bytes`.
    std::string sdk = "expplat-cpp";
    std::vector<std::string> event_attributes;  // copied into exposures; none unless named here
    std::size_t queue_events = limits::queue_events;
    std::int64_t batch_age_ms = limits::batch_age_ms;
    std::size_t batch_events = limits::batch_events;
    std::int64_t dedupe_window_ms = limits::dedupe_window_ms;  // 0: every exposure is recorded
    std::string spool;  // a folder that keeps what is not acknowledged, over the process's end; empty: none
    std::uint64_t spool_bytes = limits::spool_bytes;
    std::string dead_letters;  // a file for what can never be delivered, with reasons; empty: only counted
    std::int64_t shutdown_timeout_ms = 2'000;  // `close()` and the destructor flush for so long

    /// No thread: the program calls `Client::poll` often (a game loop, a Lambda).
    bool manual_poll = false;
    StatusListener on_status;
    RulesetListener on_ruleset;

    std::shared_ptr<const Clock> clock;  // null: the system's
    /// For images and the queue of events. Must outlive client and snapshots. Null: `new`.
    std::pmr::memory_resource* memory = nullptr;
};

}  // namespace expplat
