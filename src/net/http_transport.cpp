#include "src/net/http_transport.hpp"

#include <atomic>
#include <cstdlib>
#include <exception>
#include <unordered_map>
#include <utility>

#include "src/net/connection_pool.hpp"
#include "src/net/event_loop.hpp"
#include "src/net/exchange.hpp"
#include "src/net/proxy.hpp"
#include "src/net/resolver.hpp"
#include "src/net/tls_context.hpp"

namespace expplat::net {

namespace {

std::optional<std::string> process_environment(const std::string& name) {
    const char* const value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

class HttpTransport::Core {
public:
    Core(HttpTransportSettings settings, ProxyRules proxies, TlsContext tls)
        : tls_(std::move(tls)),
          proxies_(std::move(proxies)),
          resolver_(loop_, std::move(settings.name_servers)),
          pool_(loop_, resolver_, tls_, settings.idle_connections_per_host, settings.idle_connection_ms),
          around_{loop_, pool_, proxies_, std::move(settings.user_agent)} {}
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;
    ~Core() {
        for (const auto& [id, exchange] : exchanges_) exchange->cancel();
    }

    ExchangeId start(Request request, Handlers handlers) {
        const ExchangeId id = ++last_id_;
        if (exchanges_.size() >= exchanges_at_once) {
            refused_.emplace(id, std::move(handlers.end));
            loop_.post([this, id] { refuse(id); });
            return id;
        }
        const auto exchange = std::make_shared<Exchange>(around_, std::move(request), std::move(handlers),
                                                         [this, id] { exchanges_.erase(id); });
        exchanges_.emplace(id, exchange);
        loop_.post([exchange] { exchange->start(); });
        return id;
    }

    void cancel(ExchangeId id) {
        refused_.erase(id);
        const auto at = exchanges_.find(id);
        if (at == exchanges_.end()) return;
        const auto exchange = std::move(at->second);
        exchanges_.erase(at);
        exchange->cancel();
    }

    EventLoop& loop() noexcept { return loop_; }

private:
    void refuse(ExchangeId id) {
        const auto at = refused_.find(id);
        if (at == refused_.end()) return;
        const auto end = std::move(at->second);
        refused_.erase(at);
        if (end) end(Error{ErrorCode::too_large, "more than 256 exchanges at once"});
    }

    TlsContext tls_;
    ProxyRules proxies_;
    // The loop goes first when all goes: what waits on it in the end is destroyed without being called.
    EventLoop loop_;
    Resolver resolver_;
    ConnectionPool pool_;
    Exchange::Surroundings around_;
    std::unordered_map<ExchangeId, std::shared_ptr<Exchange>> exchanges_;
    std::unordered_map<ExchangeId, std::function<void(const Result<void>&)>> refused_;
    ExchangeId last_id_ = 0;
};

HttpTransport::HttpTransport(std::unique_ptr<Core> core) : core_(std::move(core)) {}
HttpTransport::~HttpTransport() = default;

Result<std::unique_ptr<HttpTransport>> HttpTransport::open(HttpTransportSettings settings) {
    auto proxies =
        ProxyRules::read(settings.proxy, settings.environment ? settings.environment : process_environment);
    if (!proxies) return proxies.error();
    auto tls = TlsContext::open(settings.ca_file);
    if (!tls) return tls.error();
    try {
        return std::unique_ptr<HttpTransport>(new HttpTransport(
            std::make_unique<Core>(std::move(settings), std::move(*proxies), std::move(*tls))));
    } catch (const std::exception& error) {  // no descriptor is left for epoll
        return Error{ErrorCode::io, std::string("the network loop cannot be opened: ") + error.what()};
    }
}

ExchangeId HttpTransport::start(Request request, Handlers handlers) {
    return core_ ? core_->start(std::move(request), std::move(handlers)) : ~ExchangeId{0};
}

void HttpTransport::cancel(ExchangeId exchange) {
    if (core_) core_->cancel(exchange);
}

void HttpTransport::poll(std::int64_t wait_ms) {
    if (!core_) return;
    try {
        core_->loop().poll(wait_ms);
    } catch (const std::exception&) {
        // No memory, here or in a handler. What was under way then ends by its time limits.
    }
}

void HttpTransport::wake() noexcept {
    if (core_) core_->loop().wake();
}

void HttpTransport::abandon_after_fork() noexcept {
    if (!core_) return;
    core_->loop().abandon_after_fork();
    // Another thread of the parent may have been anywhere in it: it is left as it is, where leak checkers still see it.
    static std::atomic<Core*> last_abandoned{nullptr};
    last_abandoned.store(core_.release());
}

}  // namespace expplat::net
