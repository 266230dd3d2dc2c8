// `Stream`: one connection at a time to the server's event stream: reads it, offers what comes to the adopter, and sees
// when it has fallen silent.
//
// A part of `Follower`, which decides when to connect. No clock: what a handler is told is dated by the `step` that follows
// it. Its handlers are called from the transport's loop; a callee may close it. Source: docs/PROTOCOL.md, `GET
// /api/v1/sdk/stream`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "src/net/sse_parser.hpp"
#include "src/net/transport.hpp"
#include "src/sync/adopter.hpp"
#include "src/sync/attempt.hpp"
#include "src/sync/settings.hpp"

namespace expplat::sync {

class Stream {
public:
    /// All three must outlive it.
    Stream(const FollowerSettings& settings, net::Transport& transport, const Adopter& adopter)
        : settings_(settings), transport_(transport), adopter_(adopter) {}
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    /// Connects. `resume_from`: the version that is held, where patches from it on will do.
    void open(std::optional<std::uint64_t> resume_from, std::int64_t now_ms);
    void close();
    /// Closed without a word to the transport, which is another process's.
    void forget() noexcept { exchange_ = 0; }
    [[nodiscard]] bool is_open() const noexcept { return exchange_ != 0; }

    /// Gives up a connection that has been silent for too long.
    void step(std::int64_t now_ms);
    /// When to step again where nothing happens; only while it is open.
    [[nodiscard]] std::int64_t due_ms() const noexcept;

    [[nodiscard]] Tidings take_tidings();
    /// The wait that the server asks for before the next connection, as far as it is granted.
    [[nodiscard]] std::int64_t retry_ms() const noexcept;

private:
    void on_head(const net::Head& head);
    void on_body(std::string_view bytes);
    void on_end(const Result<void>& end);
    void read(std::string_view bytes);
    void take_event(const net::SseEvent& event);
    void take_put(std::string_view json);
    void take_patch(std::string_view json);
    void note_held(const Offer& offer);
    void finish(Ending ending);
    [[nodiscard]] std::int64_t patience_ms() const noexcept;

    const FollowerSettings& settings_;
    net::Transport& transport_;
    const Adopter& adopter_;
    net::SseParser parser_;
    net::ExchangeId exchange_ = 0;  // 0: none
    net::Head head_;                // of the answer; status 0 until it comes
    std::string error_text_;        // of an answer that is an error
    bool resumes_ = false;
    bool speaks_ = false;    // a byte of the stream has come
    bool delivers_ = false;  // as `Tidings::delivered`, of this connection
    bool stirred_ = false;   // something has come since the last step
    std::int64_t opened_at_ms_ = 0;
    std::int64_t heard_at_ms_ = 0;
    Tidings tidings_;
};

}  // namespace expplat::sync
