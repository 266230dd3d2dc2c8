#include "src/net/resolver.hpp"

#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <map>
#include <optional>
#include <utility>

#include "src/net/url.hpp"

namespace expplat::net {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

bool is_under(const std::string& host, std::string_view domain) {
    return host == domain || (host.size() > domain.size() && host.ends_with(domain) &&
                              host[host.size() - domain.size() - 1] == '.');
}

Error no_address(const std::string& host, std::string_view why) {
    return {ErrorCode::network, "the host " + host + " has no address: " + std::string(why)};
}

/// What needs no question.
std::optional<Result<std::vector<std::string>>> known(const std::string& host) {
    if (is_ip_literal(host)) return std::vector<std::string>{host};
    const std::string name = host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
    if (is_under(name, "localhost")) return std::vector<std::string>{"127.0.0.1", "::1"};
    if (is_under(name, "invalid")) return no_address(host, "no such name");
    return std::nullopt;
}

class KnownLookup final : public Resolver::Lookup {
public:
    static std::unique_ptr<Lookup> start(EventLoop& loop, Result<std::vector<std::string>> answer,
                                         Resolver::Done done) {
        auto lookup = std::make_unique<KnownLookup>();
        loop.post([wanted = std::weak_ptr<bool>(lookup->wanted_), answer = std::move(answer),
                   done = std::move(done)]() {
            if (wanted.lock()) done(answer);
        });
        return lookup;
    }

private:
    std::shared_ptr<bool> wanted_ = std::make_shared<bool>(true);
};

/// A channel of c-ares of its own: its sockets are watched by the loop, and go when the question is answered.
class Question : public std::enable_shared_from_this<Question> {
public:
    Question(EventLoop& loop, std::string host, Resolver::Done done)
        : loop_(loop), host_(std::move(host)), done_(std::move(done)), timer_(loop) {}
    Question(const Question&) = delete;
    Question& operator=(const Question&) = delete;
    ~Question() { close(); }

    void ask(const std::string& servers) {
        ares_options options{};
        options.timeout = dns_first_timeout_ms;
        options.tries = dns_tries;
        options.lookups = lookups_;
        options.sock_state_cb = [](void* self, ares_socket_t socket, int readable, int writable) {
            static_cast<Question*>(self)->watch(socket, readable != 0, writable != 0);
        };
        options.sock_state_cb_data = this;
        const int set = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
        int status = ares_init_options(&channel_, &options, set);
        if (status != ARES_SUCCESS) {
            channel_ = nullptr;
            return finish(no_address(host_, ares_strerror(status)));
        }
        if (!servers.empty() &&
            (status = ares_set_servers_ports_csv(channel_, servers.c_str())) != ARES_SUCCESS) {
            return finish(no_address(host_, ares_strerror(status)));
        }
        ares_addrinfo_hints hints{};
        hints.ai_family = AF_UNSPEC;
        hints.ai_socktype = SOCK_STREAM;
        ares_getaddrinfo(
            channel_, host_.c_str(), nullptr, &hints,
            [](void* self, int result, int, ares_addrinfo* found) {
                static_cast<Question*>(self)->answered(result, found);
            },
            this);
        wait();
    }

    /// No answer is wanted any more.
    void close() noexcept {
        done_ = nullptr;
        timer_.stop();
        if (channel_ != nullptr) ares_destroy(std::exchange(channel_, nullptr));
        for (auto& [socket, watched] : sockets_) forget(socket, *watched);
        sockets_.clear();
    }

private:
    struct Watched {
        explicit Watched(asio::io_context& context, int socket) : descriptor(context, socket) {}
        asio::posix::stream_descriptor descriptor;
        bool wants_read = false, wants_write = false;
        bool reading = false, writing = false;  // a wait is under way
    };

    void watch(ares_socket_t socket, bool readable, bool writable) {
        auto at = sockets_.find(socket);
        if (!readable && !writable) {  // c-ares closes it now
            if (at == sockets_.end()) return;
            forget(socket, *at->second);
            sockets_.erase(at);
            return;
        }
        if (at == sockets_.end()) {
            at = sockets_.emplace(socket, std::make_shared<Watched>(loop_.context(), socket)).first;
            loop_.descriptors().add(socket);
        }
        at->second->wants_read = readable;
        at->second->wants_write = writable;
        wait_for(at->second);
    }

    void forget(int socket, Watched& watched) noexcept {
        loop_.descriptors().remove(socket);
        watched.wants_read = watched.wants_write = false;
        (void)watched.descriptor.release();  // c-ares closes it
    }

    void wait_for(const std::shared_ptr<Watched>& watched) {
        const auto arm = [&](bool wanted, bool Watched::*under_way,
                             asio::posix::stream_descriptor::wait_type kind) {
            if (!wanted || (*watched).*under_way) return;
            (*watched).*under_way = true;
            const auto ready = [self = weak_from_this(), watched, under_way, kind](const error_code& error) {
                (*watched).*under_way = false;
                const auto question = self.lock();
                if (error || !question || !watched->descriptor.is_open()) return;
                const int socket = watched->descriptor.native_handle();
                question->process(
                    kind == asio::posix::stream_descriptor::wait_read ? socket : ARES_SOCKET_BAD,
                    kind == asio::posix::stream_descriptor::wait_write ? socket : ARES_SOCKET_BAD);
                if (watched->descriptor.is_open()) question->wait_for(watched);
            };
            watched->descriptor.async_wait(kind, ready);
        };
        arm(watched->wants_read, &Watched::reading, asio::posix::stream_descriptor::wait_read);
        arm(watched->wants_write, &Watched::writing, asio::posix::stream_descriptor::wait_write);
    }

    void process(ares_socket_t readable, ares_socket_t writable) {
        if (channel_ == nullptr) return;
        ares_process_fd(channel_, readable, writable);
        wait();
    }

    /// c-ares's own clock: when it wants to look after its retries.
    void wait() {
        if (channel_ == nullptr || done_ == nullptr) return;
        timeval most{1, 0}, next{};
        const timeval* const chosen = ares_timeout(channel_, &most, &next);
        const std::int64_t after_ms = std::int64_t{chosen->tv_sec} * 1000 + chosen->tv_usec / 1000 + 1;
        timer_.arm(after_ms, [this] { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); });
    }

    /// From within c-ares, which must not be destroyed here.
    void answered(int status, ares_addrinfo* found) {
        std::vector<std::string> addresses;
        for (auto* node = found != nullptr ? found->nodes : nullptr;
             node != nullptr && addresses.size() < addresses_per_name; node = node->ai_next) {
            char text[INET6_ADDRSTRLEN + 16] = "";
            if (getnameinfo(node->ai_addr, node->ai_addrlen, text, sizeof(text), nullptr, 0,
                            NI_NUMERICHOST) == 0) {
                addresses.emplace_back(text);
            }
        }
        if (found != nullptr) ares_freeaddrinfo(found);
        if (status == ARES_EDESTRUCTION) return;
        if (!addresses.empty()) return finish(std::move(addresses));
        if (status == ARES_SUCCESS) status = ARES_ENODATA;
        finish(no_address(host_, ares_strerror(status)));
    }

    void finish(Result<std::vector<std::string>> answer) {
        timer_.stop();
        loop_.post([self = weak_from_this(), answer = std::move(answer)]() {
            const auto question = self.lock();
            if (!question || !question->done_) return;
            const Resolver::Done done = std::move(question->done_);
            question->close();
            done(answer);
        });
    }

    EventLoop& loop_;
    std::string host_;
    Resolver::Done done_;
    EventLoop::Timer timer_;
    ares_channel channel_ = nullptr;
    char lookups_[3] = "fb";  // the hosts file, then name servers
    std::map<ares_socket_t, std::shared_ptr<Watched>> sockets_;
};

class AskedLookup final : public Resolver::Lookup {
public:
    explicit AskedLookup(std::shared_ptr<Question> question) : question_(std::move(question)) {}
    AskedLookup(const AskedLookup&) = delete;
    AskedLookup& operator=(const AskedLookup&) = delete;
    ~AskedLookup() override { question_->close(); }

private:
    std::shared_ptr<Question> question_;
};

}  // namespace

std::unique_ptr<Resolver::Lookup> Resolver::resolve(const std::string& host, Done done) {
    if (auto answer = known(host)) return KnownLookup::start(loop_, std::move(*answer), std::move(done));
    auto question = std::make_shared<Question>(loop_, host, std::move(done));
    question->ask(servers_);
    return std::make_unique<AskedLookup>(std::move(question));
}

}  // namespace expplat::net
