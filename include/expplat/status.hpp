// `Status`: how current a client's ruleset is, and why; what listeners are told.
//
// A value, asked of a `Client` by any thread (it takes a lock: not for the path of `variant()`). Next: `client.hpp`.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace expplat {

enum class State : std::uint8_t {
    connecting,    // no ruleset yet: everything answers the caller's default, `PROVIDER_NOT_READY`
    ready,         // the ruleset is the source's
    stale,         // the ruleset is a cached or an older one, and the source does not answer
    unauthorized,  // the server refuses the key; the last ruleset, where there is one, goes on serving
    closed,
};

/// Where the current ruleset came from.
enum class Origin : std::uint8_t { none, text, file, cache, server };

/// How a server is followed.
enum class Following : std::uint8_t { none, streaming, polling };

[[nodiscard]] constexpr std::string_view name(State state) noexcept {
    constexpr std::string_view names[] = {"CONNECTING", "READY", "STALE", "UNAUTHORIZED", "CLOSED"};
    return names[static_cast<std::uint8_t>(state)];
}
[[nodiscard]] constexpr std::string_view name(Origin origin) noexcept {
    constexpr std::string_view names[] = {"none", "text", "file", "cache", "server"};
    return names[static_cast<std::uint8_t>(origin)];
}
[[nodiscard]] constexpr std::string_view name(Following following) noexcept {
    constexpr std::string_view names[] = {"none", "streaming", "polling"};
    return names[static_cast<std::uint8_t>(following)];
}

struct Status {
    State state = State::connecting;
    Origin origin = Origin::none;
    Following following = Following::none;
    std::uint64_t ruleset_version = 0;  // 0 with `origin` none: there is no ruleset
    std::string environment;            // of the ruleset
    std::string error;              // the last one that has not been mended since; empty where all is well
    std::int64_t since_ms = 0;      // Unix milliseconds: when `state` began
    std::uint64_t unsupported = 0;  // entities of the ruleset that this library does not support
};

/// A ruleset was adopted.
struct RulesetChange {
    std::uint64_t version = 0;
    Origin origin = Origin::none;
    /// Flags and experiments that are new, gone or evaluate by other rules, segments included; in the order of the ruleset,
    /// those that are gone last. Empty with `everything` for a client's first ruleset.
    std::vector<std::string> keys;
    bool everything = false;
};

/// Called from the client's loop (or from `reload`), never under a lock: a listener may ask the client anything but
/// `close` and `flush`. It must not throw.
using StatusListener = std::function<void(const Status&)>;
using RulesetListener = std::function<void(const RulesetChange&)>;

}  // namespace expplat
