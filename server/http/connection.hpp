// `Stream::Connection`: one connection, from its arrival to its end: reads requests, has them handled, sends the answers.
//
// It lives on one worker's thread and is touched there without a lock, but for its mail: an answer, pieces of a stream,
// the wish to close, which any thread may put in (`stream.cpp`). One request is handled at a time; what comes behind it
// waits in the socket. While it waits it holds no buffer. Internal: it includes Asio.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/answer.hpp"
#include "server/http/listener.hpp"
#include "server/http/outbox.hpp"
#include "server/http/request_reader.hpp"
#include "server/http/socket.hpp"
#include "server/http/worker.hpp"

namespace expplat::server::http {

class Stream::Connection : public std::enable_shared_from_this<Stream::Connection> {
public:
    Connection(std::shared_ptr<Worker> worker, int descriptor, std::string remote, bool is_refused);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // --- from any thread (stream.cpp) ---
    /// The answer to the request of that number, if it still waits for one.
    void put_answer(std::uint64_t number, Response response);
    /// Whether the answer became a stream; `closed` is called in either case.
    bool put_stream(std::uint64_t number, Response head, std::function<void()> closed);
    bool put_piece(SharedText piece);
    void put_end();
    [[nodiscard]] bool is_ended() const noexcept;

    // --- on the worker's thread ---
    void start();
    /// Takes the mail.
    void attend();
    [[nodiscard]] bool is_due(Clock::time_point now) const noexcept {
        return now >= deadline_ || now >= end_at_;
    }
    void on_due(Clock::time_point now);
    /// Closes it where no request is under way; whether it is a stream.
    bool drain_if_idle();
    void end_stream_at(Clock::time_point moment) noexcept { end_at_ = moment; }
    void close();
    [[nodiscard]] std::size_t place() const noexcept { return place_; }
    void set_place(std::size_t place) noexcept { place_ = place; }

private:
    enum class State : std::uint8_t {
        handshake,
        idle,       // no byte of a request has come
        head,       // a head has begun
        body,       // a body is awaited
        handling,   // a handler has it
        answering,  // the answer waits for the socket
        streaming,
        lingering,  // all is sent; what still comes is thrown away
        closed,
    };
    /// What other threads put in. Guarded by `mutex_`.
    struct Mail {
        std::optional<Response> answer;
        std::vector<SharedText> pieces;
        std::function<void()> on_closed;
        std::uint64_t awaited = 0;     // the number of the request without an answer; 0: none
        std::size_t queued_bytes = 0;  // pieces put in and not sent
        std::size_t largest = 0;       // of them
        bool opens_stream = false;     // what the answer does
        bool is_stream = false;        // pieces are taken
        bool ends = false;             // no more pieces are
        bool is_overflown = false;     // its reader is too slow
        bool is_woken = false;
        bool is_closed = false;
    };

    // reading
    void await_reading();
    void await_writing();
    void on_readable();
    void on_writable();
    void read_on();
    void discard();
    void await_bytes();
    /// Whether more bytes are wanted.
    bool consume(std::string_view bytes);
    bool handle(std::string_view rest);
    void resume();

    // answering
    bool settle(std::string_view rest);
    [[nodiscard]] AnswerForm form_of(bool is_stream) const noexcept;
    /// Whether it has gone, and the connection may go on.
    bool answer(const Response& response);
    bool finish_answer();
    void refuse(unsigned status, std::string_view detail);
    void send_continue();
    void report(bool is_stream);
    void open_stream(const Response& head);
    void advance_stream();
    bool take_pieces();
    void linger();
    /// Sends what lies in the outbox; `wants_write` where the socket takes no more now.
    Socket::Outcome flush();
    void note_progress(std::size_t bytes);

    void wake_if_needed(std::unique_lock<std::mutex> lock);

    const std::shared_ptr<Worker> worker_;
    Socket socket_;
    State state_ = State::idle;
    bool awaits_reading_ = false;
    bool awaits_writing_ = false;
    bool is_handler_running_ = false;
    bool close_after_ = false;   // the answer
    bool linger_after_ = false;  // the peer may be sending still
    bool head_only_ = false;
    bool is_chunked_ = false;
    bool is_end_sent_ = false;
    bool is_refused_ = false;
    std::size_t place_ = 0;  // in the worker's list
    Clock::time_point deadline_ = Clock::time_point::max();
    Clock::time_point end_at_ = Clock::time_point::max();
    std::size_t since_deadline_ = 0;  // bytes sent since it was set
    std::string remote_;
    RequestReader reader_;
    std::string ahead_;  // read behind the request that is handled
    std::shared_ptr<Request> request_;
    Clock::time_point began_;
    std::string id_;
    std::string cors_fields_;       // of the answer
    unsigned status_ = 0;           // of the answer
    std::uint64_t body_bytes_ = 0;  // of it
    std::uint64_t number_ = 0;      // of the request
    Outbox outbox_;

    mutable std::mutex mutex_;  // guards the mail
    Mail mail_;
};

/// What a handler answers the request of that number through.
[[nodiscard]] Responder make_responder(std::shared_ptr<Stream::Connection> connection, std::uint64_t number);

}  // namespace expplat::server::http
