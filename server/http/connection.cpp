#include "server/http/connection.hpp"

#include <algorithm>
#include <utility>

#include "server/http/field.hpp"

namespace expplat::server::http {

namespace {

constexpr auto never = Clock::time_point::max();
constexpr std::size_t request_id_bytes = 64;
/// A peer that takes less of an answer than this in `write_time`, or less than a piece, is too slow.
constexpr std::size_t progress_bytes = 16 * 1024;

bool is_request_id(std::string_view id) noexcept {
    return !id.empty() && id.size() <= request_id_bytes && std::ranges::all_of(id, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
               c == '_' || c == '-';
    });
}

}  // namespace

Stream::Connection::Connection(std::shared_ptr<Worker> worker, int descriptor, std::string remote,
                               bool is_refused)
    : worker_(std::move(worker)),
      socket_(worker_->context(), descriptor, worker_->service().tls.get()),
      is_refused_(is_refused),
      remote_(std::move(remote)),
      reader_(worker_->service().settings.limits) {}

Stream::Connection::~Connection() = default;

void Stream::Connection::start() {
    const ListenerLimits& limits = worker_->service().settings.limits;
    if (is_refused_) {
        if (socket_.is_secure()) return close();
        return refuse(503, "too many connections");
    }
    if (socket_.is_secure()) {
        state_ = State::handshake;
        deadline_ = Clock::now() + limits.head_time;
        return on_readable();
    }
    await_bytes();
}

// --- waiting ----------------------------------------------------------------------------------------

void Stream::Connection::await_reading() {
    if (std::exchange(awaits_reading_, true)) return;
    socket_.native().async_wait(Socket::Native::wait_read,
                                [self = shared_from_this()](const boost::system::error_code&) {
                                    self->awaits_reading_ = false;
                                    self->on_readable();
                                });
}

void Stream::Connection::await_writing() {
    if (deadline_ == never || since_deadline_ >= progress_bytes) {
        since_deadline_ = 0;
        deadline_ = Clock::now() + worker_->service().settings.limits.write_time;
    }
    if (std::exchange(awaits_writing_, true)) return;
    socket_.native().async_wait(Socket::Native::wait_write,
                                [self = shared_from_this()](const boost::system::error_code&) {
                                    self->awaits_writing_ = false;
                                    self->on_writable();
                                });
}

void Stream::Connection::on_readable() {
    switch (state_) {
        case State::handshake:
            switch (socket_.shake_hands()) {
                case Socket::Outcome::moved: state_ = State::idle; return read_on();
                case Socket::Outcome::wants_read: return await_reading();
                case Socket::Outcome::wants_write: return await_writing();
                case Socket::Outcome::closed: return close();
            }
            return;
        case State::idle:
        case State::head:
        case State::body: return read_on();
        case State::streaming:
        case State::lingering: return discard();
        case State::handling:
        case State::answering:
        case State::closed: return;
    }
}

void Stream::Connection::on_writable() {
    switch (state_) {
        case State::handshake: return on_readable();
        case State::answering:
            switch (flush()) {
                case Socket::Outcome::moved:
                    if (finish_answer()) resume();
                    return;
                case Socket::Outcome::closed: return close();
                default: return;
            }
        case State::streaming: return advance_stream();
        case State::closed: return;
        default:
            if (flush() == Socket::Outcome::closed) close();  // the rest of a `100 Continue`
    }
}

/// The state and the time for what is awaited from the peer.
void Stream::Connection::await_bytes() {
    const ListenerLimits& limits = worker_->service().settings.limits;
    switch (reader_.state()) {
        case RequestReader::State::none:
            if (worker_->service().draining.load(std::memory_order_relaxed)) return close();
            state_ = State::idle;
            deadline_ = Clock::now() + limits.keep_alive;
            break;
        case RequestReader::State::head:
            if (state_ != State::head) deadline_ = Clock::now() + limits.head_time;
            state_ = State::head;
            break;
        default: state_ = State::body; deadline_ = Clock::now() + limits.body_idle;
    }
    await_reading();
}

void Stream::Connection::on_due(Clock::time_point now) {
    if (now < deadline_) {
        end_at_ = never;
        if (state_ == State::streaming) put_end();
        return;
    }
    switch (state_) {
        case State::head: return refuse(408, "the head of the request took too long");
        case State::body: return refuse(408, "the body of the request took too long");
        default: return close();
    }
}

bool Stream::Connection::drain_if_idle() {
    if (state_ == State::idle || state_ == State::handshake) close();
    return state_ == State::streaming;
}

// --- reading ----------------------------------------------------------------------------------------

/// One buffer at a time, so that a peer that never pauses cannot keep the thread.
void Stream::Connection::read_on() {
    do {
        const std::span<char> room = worker_->read_buffer();
        const Socket::Moved moved = socket_.read(room);
        if (moved.outcome == Socket::Outcome::closed) return close();
        if (moved.outcome != Socket::Outcome::moved) return await_bytes();
        if (!consume({room.data(), moved.bytes})) return;
    } while (socket_.has_pending());
    await_bytes();
}

/// From a peer that has nothing to say any more: whether it is still there.
void Stream::Connection::discard() {
    do {
        const Socket::Moved moved = socket_.read(worker_->read_buffer());
        if (moved.outcome == Socket::Outcome::closed) return close();
        if (moved.outcome != Socket::Outcome::moved) break;
    } while (socket_.has_pending());
    await_reading();
}

bool Stream::Connection::consume(std::string_view bytes) {
    while (!bytes.empty()) {
        bytes.remove_prefix(reader_.feed(bytes));
        switch (reader_.state()) {
            case RequestReader::State::failed:
                refuse(reader_.fault().status, reader_.fault().detail);
                return false;
            case RequestReader::State::done:
                if (!handle(bytes)) return false;
                break;
            default:
                if (reader_.take_expectation()) send_continue();
        }
        if (state_ == State::closed) return false;
    }
    return true;
}

void Stream::Connection::send_continue() {
    static const SharedText text = std::make_shared<const std::string>("HTTP/1.1 100 Continue\r\n\r\n");
    outbox_.push(text, Outbox::Kind::message);
    if (flush() == Socket::Outcome::closed) close();
}

bool Stream::Connection::handle(std::string_view rest) {
    Service& service = worker_->service();
    request_ = reader_.take();
    began_ = request_->received;
    const TrustedProxies& proxies = service.settings.trusted_proxies;
    request_->remote =
        proxies.is_empty() ? remote_ : proxies.client_of(remote_, request_->headers.all("X-Forwarded-For"));
    request_->secure = socket_.is_secure();
    const std::string_view id = request_->headers.find("X-Request-Id");
    id_ = is_request_id(id) ? std::string(id) : worker_->make_id();
    request_->id = id_;
    request_->trace = read_traceparent(request_->headers.find("traceparent"));
    const Cors& cors = service.settings.cors;
    cors_fields_ = cors.fields_for(request_->headers.find("Origin"));
    head_only_ = request_->method == "HEAD";
    close_after_ = !reader_.keep_alive();
    linger_after_ = false;
    state_ = State::handling;
    deadline_ = never;
    const std::uint64_t number = ++number_;
    {
        const std::lock_guard lock(mutex_);
        mail_.awaited = number;
    }
    is_handler_running_ = true;
    try {
        if (std::optional<Response> preflight = cors.preflight(*request_)) {
            put_answer(number, std::move(*preflight));
        } else {
            service.handler(request_, make_responder(shared_from_this(), number));
        }
    } catch (...) {  // whatever it was: the one who asked hears of it, and the server goes on
        put_answer(number, refusal(500, "the request could not be handled"));
    }
    is_handler_running_ = false;
    return settle(rest);
}

/// With the mail: the answer, if there is one. Whether the connection may go on with the next request.
bool Stream::Connection::settle(std::string_view rest) {
    std::optional<Response> response;
    bool opens_stream = false;
    {
        const std::lock_guard lock(mutex_);
        response.swap(mail_.answer);
        opens_stream = mail_.opens_stream;
    }
    if (response && opens_stream) {
        open_stream(*response);
        return false;
    }
    if (response) {
        linger_after_ = linger_after_ || !rest.empty();
        if (answer(*response)) return true;
    }
    const bool waits = state_ == State::handling || state_ == State::answering;
    if (waits && !rest.empty()) ahead_ = rest;
    return false;
}

/// After an answer that had to wait: with what was read behind its request.
void Stream::Connection::resume() {
    state_ = State::idle;
    const std::string ahead = std::exchange(ahead_, {});
    if (!consume(ahead)) return;
    if (socket_.has_pending()) return read_on();
    await_bytes();
}

void Stream::Connection::attend() {
    std::function<void()> on_closed;
    {
        const std::lock_guard lock(mutex_);
        mail_.is_woken = false;
        if (mail_.is_closed) on_closed.swap(mail_.on_closed);
    }
    if (on_closed) on_closed();
    if (state_ == State::handling) {
        if (settle({})) resume();
    } else if (state_ == State::streaming) {
        advance_stream();
    }
}

void Stream::Connection::close() {
    if (state_ == State::closed) return;
    const std::shared_ptr<Connection> self = shared_from_this();  // the worker's may be the last one
    const State before = std::exchange(state_, State::closed);
    Service& service = worker_->service();
    std::function<void()> on_closed;
    bool was_stream = false;
    {
        const std::lock_guard lock(mutex_);
        mail_.is_closed = mail_.ends = true;
        mail_.awaited = 0;
        was_stream = mail_.is_stream;
        mail_.is_stream = false;
        mail_.answer.reset();
        std::vector<SharedText>().swap(mail_.pieces);
        on_closed.swap(mail_.on_closed);
    }
    if (before == State::answering) {  // the peer has gone, or took too long
        body_bytes_ -= std::min<std::uint64_t>(body_bytes_, outbox_.text_bytes_left());
        report(false);
    }
    socket_.close();
    worker_->remove(*this);
    outbox_.clear();
    request_.reset();
    ahead_ = {};
    if (was_stream) service.streams.fetch_sub(1);
    if (on_closed) on_closed();
    service.count_out(is_refused_);
}

}  // namespace expplat::server::http
