// `LoopbackServer`: the other end of a test's connections: a thread with plain sockets on 127.0.0.1 that does, for each
// connection in turn, what the test's script says.
//
// `Peer` is one accepted connection in the script's hands. `Client` is a transport with a loop that polls it until what
// the test waits for has come. All waits are bounded, so that a test that goes wrong fails instead of hanging.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "src/net/http_transport.hpp"

namespace expplat::net {

/// One accepted connection. Closed at the end of the script.
class Peer {
public:
    explicit Peer(int socket) : socket_(socket) {}
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    ~Peer() { close(); }

    /// One whole request with its body; empty where the client closes before its end.
    std::string read_request();
    /// Some bytes; empty where the client closes, or after 5 seconds of silence.
    std::string read_some();
    /// False where the client has closed.
    bool send(std::string_view bytes) const;
    /// Each piece by itself, so that the client reads it by itself.
    void send_by_pieces(std::string_view bytes, std::size_t piece) const;
    /// Waits until the client closes; false after 5 seconds.
    bool wait_for_close();
    /// With a reset instead of an orderly end.
    void reset();
    void close();
    [[nodiscard]] int socket() const noexcept { return socket_; }

private:
    int socket_;
    std::string rest_;
};

class LoopbackServer {
public:
    using Script = std::function<void(Peer&, int number)>;

    /// Serves one connection after the other, counted from 1; `at_once`: each with a thread of its own.
    explicit LoopbackServer(Script script, bool at_once = false);
    LoopbackServer(const LoopbackServer&) = delete;
    LoopbackServer& operator=(const LoopbackServer&) = delete;
    ~LoopbackServer();

    [[nodiscard]] int port() const noexcept { return port_; }
    [[nodiscard]] std::string url(std::string_view path = "/", std::string_view scheme = "http") const;
    [[nodiscard]] int connections() const noexcept { return connections_; }

private:
    void serve();

    Script script_;
    bool at_once_;
    int listener_ = -1;
    int port_ = 0;
    std::atomic<bool> ends_{false};
    std::atomic<int> connections_{0};
    std::vector<std::thread> peers_;  // touched by `thread_`, and after its end
    std::thread thread_;
};

/// A port of 127.0.0.1 on which nobody listens.
int refused_port();

/// `HTTP/1.1 200 OK` with this body and a Content-Length.
std::string answer(std::string_view body, std::string_view headers = "", std::string_view status = "200 OK");

/// What became of an exchange.
struct Seen {
    ExchangeId id = 0;
    int heads = 0;
    Head head;
    std::string body;
    int pieces = 0;
    std::optional<Result<void>> end;
    int ends = 0;

    [[nodiscard]] bool is_done() const { return end.has_value(); }
    [[nodiscard]] bool is_success() const { return end && end->ok(); }
    [[nodiscard]] ErrorCode code() const { return end && !*end ? end->error().code : ErrorCode{}; }
    [[nodiscard]] std::string message() const { return end && !*end ? end->error().message : "no error"; }
};

class Client {
public:
    /// Without the environment's proxies unless the settings give an environment.
    explicit Client(HttpTransportSettings settings = {});

    std::shared_ptr<Seen> start(Request request);
    std::shared_ptr<Seen> get(const std::string& url);
    /// Starts, and polls to the end.
    std::shared_ptr<Seen> run(Request request);
    std::shared_ptr<Seen> run(const std::string& url);
    /// Polls until `done`; false after 10 seconds.
    bool poll_until(const std::function<bool()>& done);
    /// Polls for that long.
    void poll_for(std::chrono::milliseconds time);
    HttpTransport& transport() { return *transport_; }
    std::unique_ptr<HttpTransport> give_up() { return std::move(transport_); }

private:
    std::unique_ptr<HttpTransport> transport_;
};

/// Milliseconds since it was made.
class Stopwatch {
public:
    [[nodiscard]] std::int64_t ms() const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                     begin_)
            .count();
    }

private:
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

/// Open file descriptors of this process.
std::size_t open_descriptors();

}  // namespace expplat::net
