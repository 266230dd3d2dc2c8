// `Listener`: takes connections, reads requests, and sends what a handler answers, on threads of its own.
//
// It knows no route: everything that is well formed goes to one handler (`router.hpp` makes one); what is not is answered
// here, as a problem document, and the connection closed. Handlers run on the listener's threads and should not wait for
// long: who must, answers later through the responder, from any thread. Next: `connection.hpp`, `request_reader.hpp`.
// Sources: RFC 9112; RFC 9110; the defences are listed at `ListenerLimits`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "expplat/base/result.hpp"
#include "server/http/cors.hpp"
#include "server/http/message.hpp"
#include "server/http/trusted_proxies.hpp"

namespace expplat::server::http {

/// A response without end, for events: bytes are sent as they come until either side closes. Copies lead to the same
/// stream; all calls are safe from any thread, and do nothing once it is closed.
class Stream {
public:
    class Connection;
    explicit Stream(std::shared_ptr<Connection> connection) noexcept : connection_(std::move(connection)) {}
    /// Queues a piece; false where the stream is closed, or is closed now because its reader is too slow
    /// (`ListenerLimits::stream_backlog_bytes`).
    bool send(SharedText piece) const;
    void close() const;
    [[nodiscard]] bool is_closed() const noexcept;

private:
    std::shared_ptr<Connection> connection_;
};

/// Answers one request, exactly once; a responder that goes without having answered sends 500. Movable; any thread.
class Responder {
public:
    class Exchange;
    explicit Responder(std::unique_ptr<Exchange> exchange) noexcept;
    Responder(Responder&&) noexcept;
    Responder& operator=(Responder&&) noexcept;
    ~Responder();

    void send(Response response);
    /// Sends status and headers, and leaves the body open. `closed` is called once, when the stream has ended, whoever ended
    /// it; from any thread.
    [[nodiscard]] Stream open(Response head, std::function<void()> closed = {});

private:
    std::unique_ptr<Exchange> exchange_;
};

/// Takes the request over: it may outlive the call.
using Handler = std::function<void(std::shared_ptr<Request>, Responder)>;

/// What was answered, for logs and counts; the views are of the call.
struct Finished {
    const Request* request = nullptr;  // null: none could be read
    std::string_view remote;
    unsigned status = 0;
    std::uint64_t body_bytes = 0;  // sent
    std::chrono::microseconds took{
        0};  // from the request's first byte to the answer's last; a stream's: until it opened
    bool stream = false;
};

struct ListenerLimits {
    std::size_t head_bytes = 16 * 1024;             // request line and headers
    std::size_t body_bytes = std::size_t{4} << 20;  // as sent, and once more for what it inflates to
    std::size_t connections = 20'000;               // one more gets 503 and is closed
    std::size_t stream_backlog_bytes = std::size_t{1} << 20;  // queued and not sent, beyond one piece
    std::chrono::milliseconds head_time{10'000};   // from the first byte of a request to the end of its head
    std::chrono::milliseconds body_idle{10'000};   // between two pieces of a body
    std::chrono::milliseconds write_time{20'000};  // for a piece of an answer to leave
    std::chrono::milliseconds keep_alive{75'000};  // between two requests
};

struct ListenerSettings {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;        // 0: any that is free
    unsigned threads = 0;          // 0: one for each processor
    std::string certificate_file;  // PEM, with its chain; empty: no TLS
    std::string private_key_file;
    TrustedProxies trusted_proxies;  // whose `X-Forwarded-For` says who asks
    Cors cors;                       // pages of other origins that may ask
    ListenerLimits limits;
    std::function<void(const Finished&)>
        finished;  // after each answer; from the listener's threads; may be empty
};

class Listener {
public:
    /// Binds and starts. Errors: `invalid_argument` for an address, a certificate or a key that cannot be used, `network`
    /// where the port is taken.
    [[nodiscard]] static Result<std::unique_ptr<Listener>> start(ListenerSettings settings, Handler handler);
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    /// Stops at once.
    ~Listener();

    [[nodiscard]] std::uint16_t port() const noexcept;
    [[nodiscard]] std::size_t connections() const noexcept;
    [[nodiscard]] std::size_t streams() const noexcept;

    /// No new connections; idle ones are closed, what is asked is answered with `Connection: close`, streams are closed
    /// spread over `drain`. Returns when all are gone, or after `drain` and a second; then everything is closed.
    void stop(std::chrono::milliseconds drain);

private:
    class Core;
    explicit Listener(std::unique_ptr<Core> core) noexcept;
    std::unique_ptr<Core> core_;
};

}  // namespace expplat::server::http
