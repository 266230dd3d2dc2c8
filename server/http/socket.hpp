// `Socket`: a connection's bytes, plain or over TLS, without waiting: what cannot be had now says so.
//
// Owned by a connection and used on its thread alone. It reads into memory that a thread lends and keeps no buffer of its
// own, so that connections without traffic cost next to nothing. Internal: it includes Asio.
#pragma once

#include <openssl/ssl.h>
#include <sys/uio.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <memory>
#include <span>

namespace expplat::server::http {

class Socket {
public:
    using Native =
        boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
    static constexpr std::size_t tls_record_bytes = 16 * 1024;

    enum class Outcome : unsigned char { moved, wants_read, wants_write, closed };
    struct Moved {
        Outcome outcome = Outcome::closed;
        std::size_t bytes = 0;
    };

    /// Takes over a descriptor that does not block. `tls`: null for a plain one.
    Socket(boost::asio::io_context& context, int descriptor, ssl_ctx_st* tls);

    /// Goes on with the handshake; `moved` when it is done.
    [[nodiscard]] Outcome shake_hands();
    /// At most `room`; `closed` where the peer has ended, or the connection is broken.
    [[nodiscard]] Moved read(std::span<char> room);
    /// As much as goes of the pieces, one after the other.
    [[nodiscard]] Moved write(std::span<iovec> pieces);
    /// Whether bytes lie here that the descriptor will not announce.
    [[nodiscard]] bool has_pending() const noexcept;
    /// Says to the peer that nothing more comes; reading goes on.
    void shut_down_sending() noexcept;
    void close() noexcept;

    [[nodiscard]] Native& native() noexcept { return native_; }
    [[nodiscard]] bool is_secure() const noexcept { return tls_ != nullptr; }

private:
    struct Free {
        void operator()(ssl_st* tls) const noexcept { SSL_free(tls); }
    };
    [[nodiscard]] Outcome outcome_of(int result) noexcept;
    [[nodiscard]] Moved write_tls(std::span<iovec> pieces);

    Native native_;
    std::unique_ptr<ssl_st, Free> tls_;
};

}  // namespace expplat::server::http
