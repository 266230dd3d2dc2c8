#include "server/http/socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>

namespace expplat::server::http {

Socket::Socket(boost::asio::io_context& context, int descriptor, ssl_ctx_st* tls) : native_(context) {
    boost::system::error_code error;
    sockaddr_storage address{};
    socklen_t length = sizeof(address);
    ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length);
    native_.assign(address.ss_family == AF_INET6 ? boost::asio::ip::tcp::v6() : boost::asio::ip::tcp::v4(),
                   descriptor, error);
    if (error) {
        ::close(descriptor);
        throw boost::system::system_error(error);
    }
    const int yes = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    if (tls == nullptr) return;
    tls_.reset(SSL_new(tls));
    if (tls_ == nullptr || SSL_set_fd(tls_.get(), descriptor) != 1) throw std::bad_alloc();
    SSL_set_accept_state(tls_.get());
}

Socket::Outcome Socket::outcome_of(int result) noexcept {
    const int error = SSL_get_error(tls_.get(), result);
    ERR_clear_error();
    if (error == SSL_ERROR_WANT_READ) return Outcome::wants_read;
    if (error == SSL_ERROR_WANT_WRITE) return Outcome::wants_write;
    return Outcome::closed;
}

Socket::Outcome Socket::shake_hands() {
    ERR_clear_error();
    const int result = SSL_do_handshake(tls_.get());
    return result == 1 ? Outcome::moved : outcome_of(result);
}

Socket::Moved Socket::read(std::span<char> room) {
    if (tls_ != nullptr) {
        ERR_clear_error();
        std::size_t bytes = 0;
        const int result = SSL_read_ex(tls_.get(), room.data(), room.size(), &bytes);
        if (result == 1) return {Outcome::moved, bytes};
        return {outcome_of(result), 0};
    }
    for (;;) {
        const ssize_t bytes = ::recv(native_.native_handle(), room.data(), room.size(), 0);
        if (bytes > 0) return {Outcome::moved, static_cast<std::size_t>(bytes)};
        if (bytes < 0 && errno == EINTR) continue;
        const bool later = bytes < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
        return {later ? Outcome::wants_read : Outcome::closed, 0};
    }
}

Socket::Moved Socket::write(std::span<iovec> pieces) {
    if (tls_ != nullptr) return write_tls(pieces);
    for (;;) {
        msghdr message{};
        message.msg_iov = pieces.data();
        message.msg_iovlen = pieces.size();
        const ssize_t bytes = ::sendmsg(native_.native_handle(), &message, MSG_NOSIGNAL);
        if (bytes >= 0) return {Outcome::moved, static_cast<std::size_t>(bytes)};
        if (errno == EINTR) continue;
        const bool later = errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS;
        return {later ? Outcome::wants_write : Outcome::closed, 0};
    }
}

/// Small pieces share a record. What OpenSSL did not take is offered again from the same byte on, never less of it.
Socket::Moved Socket::write_tls(std::span<iovec> pieces) {
    std::array<char, tls_record_bytes> record;
    std::size_t filled = 0;
    for (const iovec& piece : pieces) {
        const std::size_t bytes = std::min(piece.iov_len, record.size() - filled);
        if (bytes > 0) std::memcpy(record.data() + filled, piece.iov_base, bytes);
        filled += bytes;
    }
    ERR_clear_error();
    std::size_t bytes = 0;
    const int result = SSL_write_ex(tls_.get(), record.data(), filled, &bytes);
    if (result == 1) return {Outcome::moved, bytes};
    const Outcome outcome = outcome_of(result);
    return {outcome == Outcome::wants_read ? Outcome::wants_write : outcome, 0};
}

bool Socket::has_pending() const noexcept { return tls_ != nullptr && SSL_has_pending(tls_.get()) == 1; }

void Socket::shut_down_sending() noexcept {
    if (tls_ != nullptr && SSL_is_init_finished(tls_.get()) == 1) {
        SSL_shutdown(tls_.get());
        ERR_clear_error();
    }
    ::shutdown(native_.native_handle(), SHUT_WR);
}

void Socket::close() noexcept {
    if (tls_ != nullptr && SSL_is_init_finished(tls_.get()) == 1) {
        SSL_shutdown(tls_.get());
        ERR_clear_error();
    }
    tls_.reset();
    boost::system::error_code error;
    native_.close(error);
}

}  // namespace expplat::server::http
