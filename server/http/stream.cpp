// What other threads do with a connection: its mail, and the two handles that lead to it, `Stream` and `Responder`.
#include <algorithm>
#include <utility>

#include "server/http/connection.hpp"

namespace expplat::server::http {

// --- the mail ---------------------------------------------------------------------------------------

/// The worker looks into the mail once for all that came until then; while a handler runs it will anyway.
void Stream::Connection::wake_if_needed(std::unique_lock<std::mutex> lock) {
    if (mail_.is_woken || (Worker::current() == worker_.get() && is_handler_running_)) return;
    mail_.is_woken = true;
    lock.unlock();
    worker_->wake(shared_from_this());
}

void Stream::Connection::put_answer(std::uint64_t number, Response response) {
    std::unique_lock lock(mutex_);
    if (mail_.awaited != number) return;
    mail_.awaited = 0;
    mail_.answer = std::move(response);
    mail_.opens_stream = false;
    wake_if_needed(std::move(lock));
}

bool Stream::Connection::put_stream(std::uint64_t number, Response head, std::function<void()> closed) {
    std::unique_lock lock(mutex_);
    if (mail_.awaited != number) {
        lock.unlock();
        if (!closed) return false;
        const std::shared_ptr<const std::function<void()>> call =
            std::make_shared<const std::function<void()>>(std::move(closed));
        if (!worker_->post(*call)) (*call)();
        return false;
    }
    mail_.awaited = 0;
    mail_.answer = std::move(head);
    mail_.opens_stream = mail_.is_stream = true;
    mail_.on_closed = std::move(closed);
    worker_->service().streams.fetch_add(1);
    wake_if_needed(std::move(lock));
    return true;
}

bool Stream::Connection::put_piece(SharedText piece) {
    std::unique_lock lock(mutex_);
    if (!mail_.is_stream || mail_.ends) return false;
    if (piece == nullptr || piece->empty()) return true;
    // The largest piece is not counted: a reader is not too slow for getting much at once.
    mail_.queued_bytes += piece->size();
    mail_.largest = std::max(mail_.largest, piece->size());
    if (mail_.queued_bytes - std::min(mail_.largest, mail_.queued_bytes) >
        worker_->service().settings.limits.stream_backlog_bytes) {
        mail_.ends = mail_.is_overflown = true;
    } else {
        mail_.pieces.push_back(std::move(piece));
    }
    const bool is_taken = !mail_.ends;
    wake_if_needed(std::move(lock));
    return is_taken;
}

void Stream::Connection::put_end() {
    std::unique_lock lock(mutex_);
    if (!mail_.is_stream || std::exchange(mail_.ends, true)) return;
    wake_if_needed(std::move(lock));
}

bool Stream::Connection::is_ended() const noexcept {
    const std::lock_guard lock(mutex_);
    return !mail_.is_stream || mail_.ends;
}

// --- the handles ------------------------------------------------------------------------------------

bool Stream::send(SharedText piece) const {
    return connection_ != nullptr && connection_->put_piece(std::move(piece));
}

void Stream::close() const {
    if (connection_ != nullptr) connection_->put_end();
}

bool Stream::is_closed() const noexcept { return connection_ == nullptr || connection_->is_ended(); }

class Responder::Exchange {
public:
    Exchange(std::shared_ptr<Stream::Connection> connection, std::uint64_t number) noexcept
        : connection_(std::move(connection)), number_(number) {}
    ~Exchange() {
        if (connection_ != nullptr)
            connection_->put_answer(number_, refusal(500, "the request was not answered"));
    }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    void send(Response response) {
        std::exchange(connection_, nullptr)->put_answer(number_, std::move(response));
    }
    Stream open(Response head, std::function<void()> closed) {
        std::shared_ptr<Stream::Connection> connection = std::exchange(connection_, nullptr);
        const bool is_open = connection->put_stream(number_, std::move(head), std::move(closed));
        return Stream(is_open ? std::move(connection) : nullptr);
    }

private:
    std::shared_ptr<Stream::Connection> connection_;  // null once it has answered
    std::uint64_t number_;
};

Responder::Responder(std::unique_ptr<Exchange> exchange) noexcept : exchange_(std::move(exchange)) {}
Responder::Responder(Responder&&) noexcept = default;
Responder& Responder::operator=(Responder&&) noexcept = default;
Responder::~Responder() = default;

void Responder::send(Response response) {
    if (exchange_ == nullptr) return;
    std::exchange(exchange_, nullptr)->send(std::move(response));
}

Stream Responder::open(Response head, std::function<void()> closed) {
    if (exchange_ == nullptr) return Stream(nullptr);
    return std::exchange(exchange_, nullptr)->open(std::move(head), std::move(closed));
}

Responder make_responder(std::shared_ptr<Stream::Connection> connection, std::uint64_t number) {
    return Responder(std::make_unique<Responder::Exchange>(std::move(connection), number));
}

}  // namespace expplat::server::http
