// `Transport`: the seam through which everything speaks HTTP: an exchange is started, and told about as it goes on.
//
// One thread uses a transport and all that hangs on it: its owner's loop. Handlers are called from that loop (for
// `HttpTransport`, from within `poll`), never from within `start` or `cancel`, so a state machine may start the next
// exchange from a handler of the last. Tests give a transport of their own and play the server, without a socket or a
// wait. Bytes only: no domain word. Next: `http_transport.hpp`, the one that opens sockets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/base/result.hpp"

namespace expplat::net {

struct Header {
    std::string name;
    std::string value;
};

/// 0 is no limit.
struct Timeouts {
    std::int64_t connect_ms = 5'000;      // the name, TCP, the proxy and TLS together
    std::int64_t first_byte_ms = 20'000;  // from the request's last byte to the whole head of the answer
    std::int64_t idle_ms = 20'000;        // between two pieces of the body
    std::int64_t total_ms = 60'000;       // of everything; 0 for a stream
};

struct Request {
    std::string method = "GET";
    std::string url;  // absolute, http or https; a fragment is not sent
    std::vector<Header>
        headers;  // but Host, Content-Length, Connection and Accept-Encoding, which are the transport's
    std::string body;
    Timeouts timeouts;
    std::size_t body_limit = std::size_t{1}
                             << 20;  // bytes of the answer's body after decoding; 0: none (a stream)
    bool accept_encoded = true;      // asks for gzip and zstd; the handlers get decoded bytes
};

struct Head {
    int status = 0;
    std::vector<Header> headers;

    /// The first header of that name, whatever its case; empty where there is none.
    [[nodiscard]] std::string_view find(std::string_view name) const noexcept;
};

/// What an exchange tells its owner. `end` comes exactly once and last, unless the exchange was cancelled: success where
/// the whole answer was read, whatever its status; else `network` (no such host, refused, reset, broken TLS or HTTP),
/// `timeout`, `too_large` (the body's limit) or `invalid_argument` (the URL). Any of them may be empty.
struct Handlers {
    std::function<void(const Head&)> head;
    std::function<void(std::string_view)> body;  // zero or more times; the bytes live for the call
    std::function<void(const Result<void>&)> end;
};

/// Never 0; unique for the life of a transport.
using ExchangeId = std::uint64_t;

class Transport {
public:
    virtual ~Transport() = default;
    /// Never fails: what is wrong comes to `handlers.end`.
    virtual ExchangeId start(Request request, Handlers handlers) = 0;
    /// No handler of the exchange is called any more. Nothing where it has ended.
    virtual void cancel(ExchangeId exchange) = 0;
};

/// A whole answer, for whoever needs no pieces.
struct Response {
    Head head;
    std::string body;
};

/// Starts an exchange and hands over the whole answer, or why there is none.
ExchangeId fetch(Transport& transport, Request request, std::function<void(Result<Response>)> done);

}  // namespace expplat::net
