// The half of a connection that sends: answers, refusals, streams, and the end.
#include <algorithm>
#include <array>
#include <utility>

#include "server/http/connection.hpp"
#include "server/http/field.hpp"

namespace expplat::server::http {

namespace {

constexpr std::chrono::milliseconds longest_linger{1'000};
constexpr std::size_t progress_enough = std::size_t{1} << 30;

}  // namespace

AnswerForm Stream::Connection::form_of(bool is_stream) const noexcept {
    AnswerForm form;
    form.id = id_;
    form.date = worker_->date();
    form.more_fields = cors_fields_;
    form.http_1_0 = reader_.is_http_1_0();
    form.head_only = head_only_;
    form.close = close_after_;
    form.stream = is_stream;
    return form;
}

bool Stream::Connection::answer(const Response& response) {
    if (worker_->service().draining.load(std::memory_order_relaxed)) close_after_ = true;
    AnswerForm form = form_of(false);
    form.gzip = request_ != nullptr && accepts_gzip(request_->headers.all("Accept-Encoding"));
    std::string& head = worker_->head_buffer();
    head.clear();
    SharedText body = write_head(head, response, form);
    status_ = response.status;
    body_bytes_ = body == nullptr ? 0 : body->size();
    state_ = State::answering;
    deadline_ = Clock::time_point::max();

    std::size_t sent = 0;
    if (outbox_.is_empty()) {  // mostly all of it goes at once, and nothing has to be kept
        std::array<iovec, 2> pieces = {iovec{head.data(), head.size()}, iovec{}};
        if (body_bytes_ > 0) pieces[1] = {const_cast<char*>(body->data()), body->size()};
        const Socket::Moved moved = socket_.write({pieces.data(), body_bytes_ > 0 ? 2u : 1u});
        if (moved.outcome == Socket::Outcome::closed) {
            body_bytes_ = 0;
            close();
            return false;
        }
        sent = moved.bytes;
        if (sent == head.size() + body_bytes_) return finish_answer();
    }
    outbox_.push(std::make_shared<const std::string>(head), Outbox::Kind::message);
    outbox_.push(std::move(body), Outbox::Kind::message);
    outbox_.advance(sent);
    switch (flush()) {
        case Socket::Outcome::moved: return finish_answer();
        case Socket::Outcome::closed: close(); return false;
        default: return false;
    }
}

bool Stream::Connection::finish_answer() {
    report(false);
    request_.reset();
    status_ = 0;
    if (!close_after_) {
        state_ = State::idle;
        return true;
    }
    if (linger_after_ || !ahead_.empty()) {
        linger();
    } else {
        close();
    }
    return false;
}

void Stream::Connection::report(bool is_stream) {
    const std::function<void(const Finished&)>& finished = worker_->service().settings.finished;
    if (!finished || status_ == 0) return;
    Finished what;
    what.request = request_.get();
    what.remote = request_ == nullptr ? remote_ : request_->remote;
    what.status = status_;
    what.body_bytes = body_bytes_;
    if (request_ != nullptr) {
        what.took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began_);
    }
    what.stream = is_stream;
    finished(what);
}

void Stream::Connection::refuse(unsigned status, std::string_view detail) {
    const Request* const partial = reader_.partial();
    head_only_ = partial != nullptr && partial->method == "HEAD";
    id_ = worker_->make_id();
    cors_fields_ = worker_->service().settings.cors.fields_for(
        partial == nullptr ? std::string_view() : partial->headers.find("Origin"));
    close_after_ = linger_after_ = true;
    answer(refusal(status, detail));
}

/// Closing while bytes come in would reset the connection, and the peer might never read the answer: RFC 9112 (9.6).
void Stream::Connection::linger() {
    state_ = State::lingering;
    deadline_ = Clock::now() + std::min(longest_linger, worker_->service().settings.limits.body_idle);
    ahead_ = {};
    socket_.shut_down_sending();
    discard();
}

Socket::Outcome Stream::Connection::flush() {
    Outbox::Gathered gathered;
    while (!outbox_.is_empty()) {
        outbox_.gather(gathered);
        const Socket::Moved moved = socket_.write({gathered.vectors.data(), gathered.count});
        if (moved.outcome == Socket::Outcome::closed) return moved.outcome;
        if (moved.outcome == Socket::Outcome::wants_write) {
            await_writing();
            return moved.outcome;
        }
        note_progress(moved.bytes);
    }
    return Socket::Outcome::moved;
}

void Stream::Connection::note_progress(std::size_t bytes) {
    const Outbox::Sent sent = outbox_.advance(bytes);
    // A piece that has gone is progress, however small it was: see await_writing().
    since_deadline_ = sent.pieces > 0 ? progress_enough : since_deadline_ + bytes;
    if (state_ != State::streaming || sent.pieces == 0) return;
    const std::lock_guard lock(mutex_);
    mail_.queued_bytes -= std::min(mail_.queued_bytes, sent.text_bytes);
    if (mail_.queued_bytes == 0) mail_.largest = 0;
}

// --- streams ----------------------------------------------------------------------------------------

void Stream::Connection::open_stream(const Response& head) {
    is_chunked_ = !reader_.is_http_1_0();
    close_after_ = !is_chunked_;
    std::string text;
    static_cast<void>(write_head(text, head, form_of(true)));
    status_ = head.status;
    body_bytes_ = 0;
    state_ = State::streaming;
    deadline_ = Clock::time_point::max();
    if (worker_->service().draining.load(std::memory_order_relaxed)) end_at_ = worker_->drain_end();
    report(true);
    status_ = 0;
    request_.reset();
    ahead_ = {};
    outbox_.push(std::make_shared<const std::string>(std::move(text)), Outbox::Kind::message);
    await_reading();  // a peer that goes is noticed at once
    advance_stream();
}

/// What was put in since the last time, into the outbox; whether that was anything.
bool Stream::Connection::take_pieces() {
    std::vector<SharedText> pieces;
    bool ends = false;
    {
        const std::lock_guard lock(mutex_);
        pieces.swap(mail_.pieces);
        ends = mail_.ends;
    }
    if (head_only_) pieces.clear(), ends = true;
    for (SharedText& piece : pieces)
        outbox_.push(std::move(piece), is_chunked_ ? Outbox::Kind::chunk : Outbox::Kind::piece);
    if (ends && !std::exchange(is_end_sent_, true) && is_chunked_ && !head_only_) {
        static const SharedText last_chunk = std::make_shared<const std::string>("0\r\n\r\n");
        outbox_.push(last_chunk, Outbox::Kind::message);
    }
    return !outbox_.is_empty();
}

void Stream::Connection::advance_stream() {
    bool is_overflown = false;
    {
        const std::lock_guard lock(mutex_);
        is_overflown = mail_.is_overflown;
    }
    if (is_overflown) return close();
    for (;;) {
        switch (flush()) {
            case Socket::Outcome::closed: return close();
            case Socket::Outcome::moved: break;
            default: return;
        }
        deadline_ = Clock::time_point::max();
        if (is_end_sent_) return close();
        if (!take_pieces() && !is_end_sent_) return;
    }
}

}  // namespace expplat::server::http
