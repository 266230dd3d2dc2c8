// `Follower`: keeps a ruleset the server's: over the stream, by polling while streams do not get through, and patiently
// while the server is away.
//
// A state machine over `net::Transport`: no thread, no clock, nothing blocks. Its owner's loop calls `step` after each turn
// of the transport (what handlers were told is dated by that step) and when the time that the last step named is up. Not
// thread-safe. The transport must outlive it. Next: `stream.hpp` and `poller.hpp`, the two ways; `adopter.hpp`, where what
// comes goes. Source: docs/PROTOCOL.md.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "src/net/backoff.hpp"
#include "src/net/transport.hpp"
#include "src/sync/adopter.hpp"
#include "src/sync/attempt.hpp"
#include "src/sync/poller.hpp"
#include "src/sync/settings.hpp"
#include "src/sync/stream.hpp"

namespace expplat::sync {

enum class FollowerState : std::uint8_t {
    connecting,    // the first attempt is under way
    streaming,     // over a connection that has delivered
    polling,       // because streams are switched off or do not get through
    backing_off,   // the last attempt failed; the next one is waited for, or under way
    unauthorized,  // the key or the URL is refused: asked again every `limits::unauthorized_retry_ms`
    stopped,
};

/// Whether what is held is what the server has.
enum class Contact : std::uint8_t {
    unknown,  // the first attempt is under way
    current,
    lost,  // the first attempt failed, or none has succeeded for `stream_silence_ms`, or two intervals of polling
};

[[nodiscard]] constexpr std::string_view name(FollowerState state) noexcept {
    constexpr std::string_view names[] = {"connecting",  "streaming",    "polling",
                                          "backing off", "unauthorized", "stopped"};
    return names[static_cast<std::uint8_t>(state)];
}
[[nodiscard]] constexpr std::string_view name(Contact contact) noexcept {
    constexpr std::string_view names[] = {"unknown", "current", "lost"};
    return names[static_cast<std::uint8_t>(contact)];
}

struct FollowerStatus {
    FollowerState state = FollowerState::connecting;
    Contact contact = Contact::unknown;
    std::string
        error;  // what is wrong now: with the connection, else with the last document; empty where all is well
    std::string stream_error;        // why it polls although it may stream
    std::uint64_t connections = 0;   // of streams, opened or tried, the first included
    std::uint64_t polls = 0;         // requests for the whole ruleset
    std::uint64_t refused = 0;       // documents and patches that were not adopted
    std::int64_t contact_at_ms = 0;  // Unix milliseconds of the last word from the server; 0: none yet
};

class Follower {
public:
    /// `seed` must differ between processes, or a fleet that lost its server comes back as one.
    Follower(FollowerSettings settings, net::Transport& transport, Adopter adopter, std::uint32_t seed);
    /// Cancels what is under way.
    ~Follower() { stop(); }
    Follower(const Follower&) = delete;
    Follower& operator=(const Follower&) = delete;

    /// Does what is due. `now_ms` is steady and never goes back, `unix_ms` the wall clock. Returns how long it may be left
    /// alone where the transport has nothing for it: 1 ms ... 1 h.
    std::int64_t step(std::int64_t now_ms, std::int64_t unix_ms);
    /// No handler does anything any more, no callback is called. May be called from within either.
    void stop() noexcept;
    /// `stop` in a forked child, whose transport is its parent's and must not be touched.
    void forget() noexcept;

    [[nodiscard]] const FollowerStatus& status() const noexcept { return status_; }
    /// Called from `step` where state, contact, an error or the count of refusals has changed. It may stop the follower, and
    /// must not destroy it.
    void on_change(std::function<void(const FollowerStatus&)> callback) { on_change_ = std::move(callback); }

private:
    void hear_stream(std::int64_t now_ms, std::int64_t unix_ms);
    void hear_poll(std::int64_t now_ms, std::int64_t unix_ms);
    void end_stream(const Ending& ending, std::int64_t now_ms, std::int64_t unix_ms);
    void take_refusals(const Tidings& tidings);
    void note_contact(std::int64_t now_ms, std::int64_t unix_ms);
    void start_polling(std::string reason, std::int64_t now_ms);
    void open_what_is_due(std::int64_t now_ms);
    void judge_contact(std::int64_t now_ms);
    void report();
    [[nodiscard]] FollowerState state() const noexcept;
    [[nodiscard]] std::int64_t contact_limit_ms() const noexcept;
    [[nodiscard]] std::int64_t next_due_ms() const noexcept;
    [[nodiscard]] std::int64_t about(std::int64_t interval_ms);
    [[nodiscard]] std::int64_t wait_after(const Ending& ending, net::Backoff& backoff,
                                          std::int64_t at_least_ms, std::int64_t unix_ms);

    static constexpr std::int64_t never_ms = INT64_MAX;

    const FollowerSettings settings_;
    const Adopter adopter_;
    std::mt19937 random_;
    Stream stream_;
    Poller poller_;
    std::function<void(const FollowerStatus&)> on_change_;

    bool begun_ = false;
    bool stopped_ = false;
    bool polling_ = false;        // streams are off or broken; one may be tried beside the polls
    bool stream_proved_ = false;  // this connection has delivered
    bool resume_ = true;          // patches from the held version on will do
    bool refused_ = false;        // the key or URL, by the last answer
    bool poll_failed_ = false;    // the last one
    int broken_ = 0;              // streams in a row that ended before they delivered
    std::int64_t stream_due_ms_ = never_ms;
    std::int64_t poll_due_ms_ = never_ms;
    std::int64_t opened_at_ms_ = 0;   // the stream
    std::int64_t contact_at_ms_ = 0;  // steady
    net::Backoff stream_backoff_{reconnect_first_ms};
    net::Backoff poll_backoff_{reconnect_first_ms};
    std::string trouble_;  // with the connection
    std::string refusal_;  // of the last document
    FollowerStatus status_;
    FollowerStatus reported_;
};

}  // namespace expplat::sync
