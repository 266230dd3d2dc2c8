// `RequestReader`: one request after the other, from a connection's bytes, whatever way they arrive.
//
// A state machine without I/O, fed by `connection.cpp`. It is strict where leniency lets two servers on the way disagree
// on where a request ends (request smuggling): one length, one coding, CRLF line ends, no folded lines; what is refused
// says so in `fault`, and nothing is read after it. Not thread-safe. Sources: RFC 9112 (2.2, 5.1, 6.3, 7.1, 11.2).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/http/listener.hpp"
#include "server/http/message.hpp"

namespace expplat::net {
class ContentDecoder;
}

namespace expplat::server::http {

/// Why a request is refused: for a problem document.
struct Fault {
    unsigned status = 400;
    std::string detail;
};

class RequestReader {
public:
    static constexpr std::size_t header_fields = 100;
    static constexpr std::size_t method_bytes = 32;
    static constexpr std::size_t chunk_line_bytes = 256;         // a size and its extensions
    static constexpr std::size_t chunk_extra_bytes = 16 * 1024;  // of all extensions and trailers of one body

    enum class State : std::uint8_t {
        none,    // no byte of a request has come
        head,    // its head has begun
        body,    // its head is read
        done,    // take() it
        failed,  // see fault()
    };

    explicit RequestReader(const ListenerLimits& limits) noexcept;
    ~RequestReader();

    /// Reads on, up to the end of one request; returns how many bytes that took.
    std::size_t feed(std::string_view bytes);
    [[nodiscard]] State state() const noexcept { return state_; }
    [[nodiscard]] const Fault& fault() const noexcept { return fault_; }

    /// Of the request whose head is read, until the next one's first byte:
    [[nodiscard]] bool keep_alive() const noexcept { return keep_alive_; }
    [[nodiscard]] bool is_http_1_0() const noexcept { return minor_version_ == 0; }
    /// Whether its sender waits for `100 Continue`; true once.
    [[nodiscard]] bool take_expectation() noexcept;
    /// The request that is done; the reader is at the next one's beginning, and holds no memory.
    [[nodiscard]] std::shared_ptr<Request> take();
    /// The request as far as it was read, for the log of a refusal; may be null.
    [[nodiscard]] const Request* partial() const noexcept { return request_.get(); }

private:
    enum class Chunk : std::uint8_t { size, data, data_end, trailer };

    std::size_t feed_head(std::string_view bytes);
    /// The length of a head with its empty line, from where the search stopped before; 0: not all of it has come.
    std::size_t find_head_end(std::string_view text);
    void read_head(std::string_view head);
    bool read_request_line(std::string_view line);
    bool read_field(std::string_view line);
    bool read_framing();
    bool read_coding();
    std::size_t feed_chunked(std::string_view bytes);
    std::size_t feed_line(std::string_view bytes);
    void end_line();
    bool read_chunk_size(std::string_view line);
    bool append(std::string_view bytes);
    void end_body();
    bool fail(unsigned status, std::string detail);

    const ListenerLimits* limits_;
    State state_ = State::none;
    Chunk chunk_ = Chunk::size;
    bool chunked_ = false;
    bool keep_alive_ = true;
    bool expects_continue_ = false;
    std::uint8_t minor_version_ = 1;
    std::chrono::steady_clock::time_point began_;
    std::size_t searched_ = 0;     // of the head: ends behind a line
    std::uint64_t remaining_ = 0;  // of the body, or of the chunk
    std::uint64_t body_sent_ = 0;  // bytes of the body as sent
    std::size_t chunk_extra_ = 0;
    std::string text_;  // of a head or a chunk's line that has not all come
    std::shared_ptr<Request> request_;
    std::unique_ptr<net::ContentDecoder> decoder_;
    Fault fault_;
};

}  // namespace expplat::server::http
