// `Acceptor`: takes the connections that come to a listener's port, and hands them to its workers in turn.
//
// One descriptor for all workers: each gets as many connections as the next, where the kernel's own spreading
// (SO_REUSEPORT) is by chance, which few long-lived connections show; and a port that is taken is known to be. It lives on
// the first worker's thread. Internal: it includes Asio.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "expplat/base/result.hpp"
#include "server/http/worker.hpp"

namespace expplat::server::http {

class Acceptor : public std::enable_shared_from_this<Acceptor> {
public:
    /// Connections beyond the limit that may wait for their 503 to be read; those beyond are closed at once.
    static constexpr std::size_t refused_at_once = 256;

    explicit Acceptor(std::vector<std::shared_ptr<Worker>> workers);

    /// Before the workers start.
    [[nodiscard]] Result<void> bind(const std::string& address, std::uint16_t port);
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// On the first worker's thread, as all that follows.
    void start();
    void close();

private:
    void accept_some();
    void hand_over(int descriptor, const std::string& remote);
    void pause();

    const std::vector<std::shared_ptr<Worker>> workers_;
    boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>
        acceptor_;
    boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>,
                                      boost::asio::io_context::executor_type>
        timer_;
    std::uint16_t port_ = 0;
    std::size_t next_ = 0;
};

}  // namespace expplat::server::http
