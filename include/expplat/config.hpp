// `Config`: what a client is told when it is opened: where rules come from, where events go, what is logged.
//
// Plain values, checked by `Client::open`. Next: `client.hpp`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "expplat/base/clock.hpp"
#include "expplat/base/limits.hpp"
#include "expplat/exposure/sink.hpp"

namespace expplat {

/// Where the ruleset comes from.
class Source {
public:
    enum class Kind : std::uint8_t { none, file, text };

    /// A ruleset as JSON, or a compiled image; told apart by their first bytes. The file may be replaced atomically
    /// (by rename): `Client::reload` picks it up, and so does a watch, looking every `watch_interval_ms` (0: no watch).
    [[nodiscard]] static Source file(std::string path, std::int64_t watch_interval_ms = 0) {
        return {Kind::file, std::move(path), watch_interval_ms};
    }
    /// A ruleset as JSON text.
    [[nodiscard]] static Source text(std::string json) { return {Kind::text, std::move(json), 0}; }

    Source() = default;
    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    /// The file's path, or the text itself.
    [[nodiscard]] const std::string& content() const noexcept { return content_; }
    [[nodiscard]] std::int64_t watch_interval_ms() const noexcept { return watch_interval_ms_; }

private:
    Source(Kind kind, std::string content, std::int64_t watch_interval_ms)
        : kind_(kind), content_(std::move(content)), watch_interval_ms_(watch_interval_ms) {}

    Kind kind_ = Kind::none;
    std::string content_;
    std::int64_t watch_interval_ms_ = 0;
};

/// Where exposures and track events go.
class Sink {
public:
    enum class Kind : std::uint8_t { none, file, custom };
    using Callback = std::function<exposure::Delivery(std::span<const exposure::Event>)>;

    /// Nothing is recorded.
    [[nodiscard]] static Sink none() { return {}; }
    /// JSON lines (EVENTS.md, "The record"), appended to a file.
    [[nodiscard]] static Sink file(std::string path) {
        Sink sink;
        sink.kind_ = Kind::file;
        sink.path_ = std::move(path);
        return sink;
    }
    /// A function that delivers a batch. Called from the client's thread, one batch at a time; it must not throw.
    [[nodiscard]] static Sink custom(Callback callback) {
        Sink sink;
        sink.kind_ = Kind::custom;
        sink.callback_ = std::move(callback);
        return sink;
    }

    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] const Callback& callback() const noexcept { return callback_; }

private:
    Kind kind_ = Kind::none;
    std::string path_;
    Callback callback_;
};

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// Gets one line, without a line end. May be called from any thread of the client, never from `variant()`.
using Logger = std::function<void(LogLevel, std::string_view)>;

struct Config {
    Source source;
    Sink sink;
    Logger logger;  // empty: nothing is logged

    std::string project;                        // named in events
    std::vector<std::string> event_attributes;  // copied into exposures; none unless named here
    std::size_t queue_events = limits::queue_events;
    std::int64_t batch_age_ms = limits::batch_age_ms;
    std::size_t batch_events = limits::batch_events;
    std::int64_t dedupe_window_ms = limits::dedupe_window_ms;  // 0: every exposure is recorded
    std::int64_t shutdown_timeout_ms = 2'000;  // `close()` and the destructor flush for so long
    std::shared_ptr<const Clock> clock;        // null: the system's
};

}  // namespace expplat
