// `Outbox`: what a connection has to send and could not yet: pieces that are shared, not copied, gathered for one write.
//
// A piece of a stream is framed as a chunk while it is gathered, so that its bytes are those of every other connection
// that sends it. Used on a connection's thread alone; empty it holds no memory. Source: RFC 9112 (7.1).
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <vector>

#include "server/http/message.hpp"

namespace expplat::server::http {

class Outbox {
public:
    static constexpr std::size_t gathered_pieces = 16;

    /// One write's vectors, and the chunk heads that they lead to.
    struct Gathered {
        std::array<iovec, 3 * gathered_pieces> vectors{};
        std::size_t count = 0;
        std::array<std::array<char, 18>, gathered_pieces> heads{};
    };
    struct Sent {
        std::size_t pieces = 0;      // that have gone whole
        std::size_t text_bytes = 0;  // of those that are a stream's
    };
    enum class Kind : unsigned char {
        message,  // a head, a body, the end of a stream
        piece,    // of a stream, as it is
        chunk,    // of a stream, framed
    };

    void push(SharedText text, Kind kind);
    [[nodiscard]] bool is_empty() const noexcept { return first_ == pieces_.size(); }
    /// The next pieces from the first byte not sent; valid until the next call of another member.
    void gather(Gathered& out) const;
    /// That many bytes have gone: what is done with.
    Sent advance(std::size_t bytes);
    /// Bytes of texts that have not gone.
    [[nodiscard]] std::size_t text_bytes_left() const noexcept;
    void clear() noexcept;

private:
    struct Piece {
        SharedText text;
        Kind kind = Kind::message;
    };
    [[nodiscard]] static std::size_t wire_bytes(const Piece& piece) noexcept;

    std::vector<Piece> pieces_;
    std::size_t first_ = 0;       // the first that has not gone
    std::size_t first_sent_ = 0;  // bytes of it that have
};

}  // namespace expplat::server::http
