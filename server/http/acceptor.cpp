#include "server/http/acceptor.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/ip/address.hpp>
#include <cerrno>

namespace expplat::server::http {

namespace {

using Tcp = boost::asio::ip::tcp;
constexpr int backlog = 4096;         // the kernel takes less where it is told to
constexpr int accepted_at_once = 64;  // before the connections on the same thread get their turn
constexpr std::chrono::milliseconds pause_time{100};

std::string text_of(const sockaddr_storage& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.ss_family == AF_INET) {
        ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text.data(),
                    text.size());
        return text.data();
    }
    const in6_addr& six = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&six)) {
        ::inet_ntop(AF_INET, &six.s6_addr[12], text.data(), text.size());
    } else {
        ::inet_ntop(AF_INET6, &six, text.data(), text.size());
    }
    return text.data();
}

}  // namespace

Acceptor::Acceptor(std::vector<std::shared_ptr<Worker>> workers)
    : workers_(std::move(workers)),
      acceptor_(workers_.front()->context()),
      timer_(workers_.front()->context()) {}

Result<void> Acceptor::bind(const std::string& address, std::uint16_t port) {
    boost::system::error_code error;
    const boost::asio::ip::address parsed = boost::asio::ip::make_address(address, error);
    if (error) return Error{ErrorCode::invalid_argument, "`" + address + "` is no IP address"};
    const Tcp::endpoint endpoint(parsed, port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(Tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(backlog, error);
    if (!error) acceptor_.non_blocking(true, error);
    if (error) {
        const bool is_address = error == boost::asio::error::make_error_code(
                                             static_cast<boost::asio::error::basic_errors>(EADDRNOTAVAIL));
        return Error{
            is_address ? ErrorCode::invalid_argument : ErrorCode::network,
            "cannot listen at " + address + ", port " + std::to_string(port) + ": " + error.message()};
    }
    port_ = acceptor_.local_endpoint(error).port();
    return {};
}

void Acceptor::start() {
    acceptor_.async_wait(Tcp::acceptor::wait_read,
                         [self = shared_from_this()](const boost::system::error_code& error) {
                             if (!error) self->accept_some();
                         });
}

void Acceptor::close() {
    boost::system::error_code error;
    acceptor_.close(error);
    timer_.cancel();
}

void Acceptor::accept_some() {
    if (!acceptor_.is_open()) return;
    for (int i = 0; i < accepted_at_once; ++i) {
        sockaddr_storage address{};
        socklen_t length = sizeof(address);
        const int descriptor = ::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&address),
                                         &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor >= 0) {
            hand_over(descriptor, text_of(address));
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            return pause();
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            break;
        }  // else the connection went before it was taken
    }
    start();
}

/// Without descriptors, until some connections have gone.
void Acceptor::pause() {
    timer_.expires_after(pause_time);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (!error) self->accept_some();
    });
}

void Acceptor::hand_over(int descriptor, const std::string& remote) {
    const std::shared_ptr<Worker>& worker = workers_[next_++ % workers_.size()];
    Service& service = worker->service();
    const bool is_refused = service.connections.load() >= service.settings.limits.connections;
    if (is_refused && service.refused.load() >= refused_at_once) {
        ::close(descriptor);
        return;
    }
    service.count_in(is_refused);
    if (!worker->post([worker = worker.get(), descriptor, remote, is_refused] {
            worker->adopt(descriptor, remote, is_refused);
        })) {
        ::close(descriptor);
        service.count_out(is_refused);
    }
}

}  // namespace expplat::server::http
