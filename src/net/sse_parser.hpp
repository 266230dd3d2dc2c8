// `SseParser`: a server-sent event stream, cut into events, whatever way the bytes arrive.
//
// A state machine without I/O or clock: the stream's loop hands it what it read, and gets events and comments (servers
// send those as heartbeats) back. It holds at most one line and one event, each within a limit; what is longer fails the
// stream. Not thread-safe. Source: WHATWG HTML, 9.2.6 "Interpreting an event stream"; bytes are not checked to be UTF-8.
// Next: the stream's loop (`src/sync`), which reconnects after `retry_ms` and sends `last_event_id`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace expplat::net {

struct SseLimits {
    std::size_t line_bytes = std::size_t{65} << 20;   // a document of 64 MiB in one line, and its field name
    std::size_t event_bytes = std::size_t{65} << 20;  // type and data together
    std::size_t id_bytes = 1024;                      // a longer id is ignored: no request could send it back
    std::int64_t retry_ms = 3'600'000;                // a longer wait is cut to this
};

/// One event. The texts live until the parser is called again.
struct SseEvent {
    std::string_view type;                 // `message` where the stream names none
    std::string_view data;                 // its lines joined by LF
    std::string_view id;                   // the last id that the stream has set, maybe by an earlier event
    std::optional<std::int64_t> retry_ms;  // the last wait that the stream has asked for
};

enum class SseStatus : std::uint8_t { open, line_too_long, event_too_long };

[[nodiscard]] constexpr std::string_view name(SseStatus status) noexcept {
    constexpr std::string_view names[] = {"open", "line_too_long", "event_too_long"};
    return names[static_cast<std::uint8_t>(status)];
}

enum class SseItem : std::uint8_t { none, event, comment, failed };

class SseParser {
public:
    explicit SseParser(SseLimits limits = {}) : limits_(limits) {}

    /// Takes the next bytes of the stream; calls `on_event(const SseEvent&)` and `on_comment(std::string_view)` in the
    /// stream's order. They may read the parser and must not change it. Once the status is not `open`, bytes are
    /// dropped until `begin_stream`.
    template <class OnEvent, class OnComment>
    SseStatus feed(std::string_view bytes, OnEvent&& on_event, OnComment&& on_comment) {
        for (;;) {
            switch (next(bytes)) {
                case SseItem::event: on_event(event_); break;
                case SseItem::comment: on_comment(comment_); break;
                case SseItem::none:
                case SseItem::failed: return status_;
            }
        }
    }
    template <class OnEvent>
    SseStatus feed(std::string_view bytes, OnEvent&& on_event) {
        return feed(bytes, std::forward<OnEvent>(on_event), [](std::string_view) {});
    }

    /// The same by steps: takes bytes from the front of `bytes` up to the end of the next event or comment. `none`
    /// means that all were taken.
    SseItem next(std::string_view& bytes);
    /// What the last call of `next` found.
    [[nodiscard]] const SseEvent& event() const noexcept { return event_; }
    [[nodiscard]] std::string_view comment() const noexcept { return comment_; }

    /// A new connection: forgets what was incomplete, and that the last one failed. The last event id and the wait stay.
    void begin_stream();

    [[nodiscard]] SseStatus status() const noexcept { return status_; }
    /// What a reconnection sends as `Last-Event-ID`; empty where the header is left out.
    [[nodiscard]] const std::string& last_event_id() const noexcept { return last_event_id_; }
    [[nodiscard]] std::optional<std::int64_t> retry_ms() const noexcept { return retry_ms_; }
    /// Since the parser was made.
    [[nodiscard]] std::uint64_t event_count() const noexcept { return event_count_; }
    [[nodiscard]] std::uint64_t comment_count() const noexcept { return comment_count_; }

private:
    SseItem end_line(std::string_view line);
    SseItem end_event();
    SseItem take_field(std::string_view field, std::string_view value);
    SseItem take_data(std::string_view value);
    void take_retry(std::string_view value) noexcept;
    SseItem fail(SseStatus status) noexcept;
    void drop_reported() noexcept;

    SseLimits limits_;
    std::string line_;  // the start of a line whose end has not come
    std::string data_;  // each line with its LF
    std::string type_;
    std::string pending_id_;  // becomes `last_event_id_` at the end of the event
    std::string last_event_id_;
    std::optional<std::int64_t> retry_ms_;
    SseEvent event_;
    std::string_view comment_;
    std::uint64_t event_count_ = 0;
    std::uint64_t comment_count_ = 0;
    SseStatus status_ = SseStatus::open;
    bool first_line_ = true;            // a byte order mark may stand before it
    bool after_cr_ = false;             // an LF that comes now belongs to the line before
    SseItem reported_ = SseItem::none;  // what the last call handed out; the next one gives its buffers back
};

}  // namespace expplat::net
