#include "src/net/connection.hpp"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <utility>
#include <vector>

#include "src/net/answer_parser.hpp"

namespace expplat::net {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

std::string words(const error_code& error) { return error ? error.message() : std::string("closed"); }

/// Addresses of both families in turns, beginning with the first one's, so that a broken family costs one step.
std::vector<tcp::endpoint> endpoints_of(const std::vector<std::string>& addresses, std::uint16_t port) {
    std::vector<tcp::endpoint> first, second;
    for (const std::string& text : addresses) {
        error_code error;
        const auto address = asio::ip::make_address(text, error);
        if (error) continue;
        const bool like_first = first.empty() || first.front().address().is_v6() == address.is_v6();
        (like_first ? first : second).emplace_back(address, port);
    }
    std::vector<tcp::endpoint> result;
    for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
        if (i < first.size()) result.push_back(first[i]);
        if (i < second.size()) result.push_back(second[i]);
    }
    return result;
}

/// A socket whose descriptor is in the loop's table while it is open.
class Socket {
public:
    explicit Socket(EventLoop& loop) : loop_(loop), socket_(loop.context()) {}
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() { close(); }

    error_code open(const tcp::endpoint& endpoint) {
        error_code error;
        socket_.open(endpoint.protocol(), error);
        if (error) return error;
        loop_.descriptors().add(socket_.native_handle());
        socket_.non_blocking(true, error);
        error_code ignored;
        socket_.set_option(tcp::no_delay(true), ignored);
        return error;
    }
    void close() noexcept {
        if (!socket_.is_open()) return;
        loop_.descriptors().remove(socket_.native_handle());
        error_code ignored;
        socket_.close(ignored);
    }
    tcp::socket& get() noexcept { return socket_; }

private:
    EventLoop& loop_;
    tcp::socket socket_;
};

class TcpConnection final : public Connection, public std::enable_shared_from_this<TcpConnection> {
public:
    TcpConnection(EventLoop& loop, Resolver& resolver, const TlsContext& tls, Route route)
        : loop_(loop),
          resolver_(resolver),
          tls_context_(tls),
          route_(std::move(route)),
          next_timer_(loop),
          buffer_(std::make_unique<char[]>(read_bytes)) {}

    const Route& route() const noexcept override { return route_; }

    void connect(Done done) override {
        connected_ = std::move(done);
        const std::string& host = route_.proxy ? route_.proxy->host : route_.host;
        const std::uint16_t port = route_.proxy ? route_.proxy->port : route_.port;
        lookup_ = resolver_.resolve(host, [this, port](Result<std::vector<std::string>> addresses) {
            const auto self = shared_from_this();
            if (!addresses) return end_connect(addresses.error());
            endpoints_ = endpoints_of(*addresses, port);
            try_next();
        });
    }

    void write_some(std::string_view head, std::string_view body, Written done) override {
        const std::array<asio::const_buffer, 2> buffers = {asio::buffer(head.data(), head.size()),
                                                           asio::buffer(body.data(), body.size())};
        auto handler = [self = shared_from_this(), done = std::move(done)](const error_code& error,
                                                                           std::size_t bytes) {
            if (self->closed_) return;
            if (error) done(self->failed(words(error)));
            else done(bytes);
        };
        if (tls_) tls_->async_write_some(buffers, std::move(handler));
        else socket_->get().async_write_some(buffers, std::move(handler));
    }

    void read_some(Read done) override {
        auto handler = [self = shared_from_this(), done = std::move(done)](const error_code& error,
                                                                           std::size_t bytes) {
            if (self->closed_) return;
            if (!error) done(std::string_view(self->buffer_.get(), bytes));
            else if (error == asio::error::eof) done(std::string_view());
            else done(self->failed(words(error)));
        };
        const auto buffer = asio::buffer(buffer_.get(), read_bytes);
        if (tls_) tls_->async_read_some(buffer, std::move(handler));
        else socket_->get().async_read_some(buffer, std::move(handler));
    }

    void watch(std::function<void()> broken) override {
        socket_->get().async_wait(tcp::socket::wait_read,
                                  [self = shared_from_this(), watch = ++watch_number_,
                                   broken = std::move(broken)](const error_code& error) {
                                      if (!error && !self->closed_ && watch == self->watch_number_) broken();
                                  });
    }

    bool stop_watching() override {
        ++watch_number_;
        error_code ignored;
        socket_->get().cancel(ignored);
        // The loop may not have looked yet. With TLS there may also be a session ticket, which is no reason to part.
        char byte = 0;
        const ssize_t got = ::recv(socket_->get().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        return got < 0 ? errno == EAGAIN || errno == EWOULDBLOCK : got > 0 && tls_;
    }

    void close() noexcept override {
        closed_ = true;
        connected_ = nullptr;
        lookup_.reset();
        next_timer_.stop();
        for (const auto& attempt : attempts_) attempt->close();
        if (socket_) socket_->close();
    }

private:
    Error failed(std::string_view why) const {
        return {ErrorCode::network, route_.name() + ": " + std::string(why)};
    }

    /// Says how connecting ended; a failure closes what is half open.
    void end_connect(Result<void> result) {
        if (closed_) return;
        const Done done = std::exchange(connected_, nullptr);
        if (!result) close();
        if (done) done(std::move(result));
    }

    // --- TCP ---

    void try_next() {
        if (closed_ || socket_) return;
        if (next_endpoint_ == endpoints_.size()) {
            if (attempts_under_way_ > 0) return;
            const std::string who = route_.proxy ? "the proxy " + proxy_name() + ": " : std::string();
            return end_connect(failed(who + last_failure_));
        }
        const tcp::endpoint endpoint = endpoints_[next_endpoint_++];
        const auto attempt = std::make_shared<Socket>(loop_);
        if (const error_code error = attempt->open(endpoint); error) {
            last_failure_ = words(error);
            return try_next();
        }
        attempts_.push_back(attempt);
        ++attempts_under_way_;
        attempt->get().async_connect(endpoint, [self = shared_from_this(), attempt](const error_code& error) {
            self->end_attempt(attempt, error);
        });
        if (next_endpoint_ < endpoints_.size()) {
            next_timer_.arm(next_address_ms, [this] {
                const auto self = shared_from_this();
                try_next();
            });
        }
    }

    void end_attempt(const std::shared_ptr<Socket>& attempt, const error_code& error) {
        --attempts_under_way_;
        if (closed_ || socket_) return attempt->close();
        if (error) {
            last_failure_ = words(error);
            attempt->close();
            return try_next();
        }
        next_timer_.stop();
        socket_ = attempt;
        for (const auto& other : attempts_) {
            if (other != attempt) other->close();
        }
        attempts_.clear();
        if (route_.proxy && route_.tls) ask_proxy();
        else begin_tls();
    }

    // --- the proxy (RFC 9110, 9.3.6) ---

    std::string proxy_name() const {
        Url url;
        url.host = route_.proxy->host;
        url.port = route_.proxy->port;
        return url.authority();
    }

    void ask_proxy() {
        question_ = "CONNECT " + route_.name() + " HTTP/1.1\r\nHost: " + route_.name() + "\r\n";
        if (!route_.proxy->authorization.empty()) {
            question_ += "Proxy-Authorization: " + route_.proxy->authorization + "\r\n";
        }
        question_ += "\r\n";
        AnswerParser::Events events;
        events.head = [this](const Head& head, std::optional<std::uint64_t>) {
            proxy_status_ = head.status;
            return true;
        };
        events.body = [](std::string_view) { return true; };
        proxy_answer_ = std::make_unique<AnswerParser>(true, std::move(events));
        write_question();
    }

    void write_question() {
        write_some(question_, {}, [this](Result<std::size_t> written) {
            if (!written) return end_connect(written.error());
            question_.erase(0, *written);
            if (question_.empty()) read_proxy_answer();
            else write_question();
        });
    }

    void read_proxy_answer() {
        read_some([this](const Result<std::string_view>& bytes) {
            const auto refused = [&](std::string_view why) {
                end_connect(failed("the proxy " + proxy_name() + " " + std::string(why)));
            };
            if (!bytes) return end_connect(bytes.error());
            if (bytes->empty()) return refused("closed the connection instead of an answer to CONNECT");
            if (const auto fed = proxy_answer_->feed(*bytes); !fed) {
                return refused("gave an answer to CONNECT that is none: " + fed.error().message);
            }
            if (!proxy_answer_->is_done()) return read_proxy_answer();
            if (proxy_status_ / 100 != 2)
                return refused("refused to CONNECT: " + std::to_string(proxy_status_));
            proxy_answer_.reset();
            begin_tls();
        });
    }

    // --- TLS ---

    void begin_tls() {
        if (!route_.tls) return end_connect({});
        SSL_CTX* const native = tls_context_.native();
        SSL_CTX_up_ref(native);  // Asio's context gives a reference back
        asio::ssl::context context(native);
        tls_.emplace(socket_->get(), context);
        if (!TlsContext::expect_host(tls_->native_handle(), route_.host)) {
            return end_connect(failed("TLS cannot ask for this host's name"));
        }
        tls_->async_handshake(
            asio::ssl::stream_base::client, [self = shared_from_this()](const error_code& error) {
                if (!error) return self->end_connect({});
                const std::string why = TlsContext::refusal(self->tls_->native_handle());
                self->end_connect(self->failed(why.empty() ? "TLS: " + words(error)
                                                           : "the server's certificate is refused: " + why));
            });
    }

    EventLoop& loop_;
    Resolver& resolver_;
    const TlsContext& tls_context_;
    const Route route_;
    Done connected_;

    std::unique_ptr<Resolver::Lookup> lookup_;
    std::vector<tcp::endpoint> endpoints_;
    std::size_t next_endpoint_ = 0;
    EventLoop::Timer next_timer_;
    std::vector<std::shared_ptr<Socket>> attempts_;
    std::size_t attempts_under_way_ = 0;
    std::string last_failure_ = "no address";

    std::string question_;
    std::unique_ptr<AnswerParser> proxy_answer_;
    int proxy_status_ = 0;

    std::shared_ptr<Socket> socket_;  // once TCP is connected; outlives `tls_`
    std::optional<asio::ssl::stream<tcp::socket&>> tls_;
    std::unique_ptr<char[]> buffer_;
    std::uint64_t watch_number_ = 0;
    bool closed_ = false;
};

}  // namespace

Route::Route(const Url& url, const Proxy* through) : tls(url.tls), host(url.host), port(url.port) {
    if (through != nullptr) proxy = *through;
}

std::string Route::name() const {
    Url url;
    url.host = host;
    url.port = port;
    return url.authority();
}

std::string Route::key() const {
    if (!proxy) return (tls ? "s " : "p ") + name();
    // A proxy takes plain requests for any server on one connection.
    return (tls ? "s " + name() : std::string("p")) + " by " + proxy->host + " " +
           std::to_string(proxy->port);
}

std::shared_ptr<Connection> Connection::make(EventLoop& loop, Resolver& resolver, const TlsContext& tls,
                                             Route route) {
    return std::make_shared<TcpConnection>(loop, resolver, tls, std::move(route));
}

}  // namespace expplat::net
