#include "server/http/listener.hpp"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "server/http/acceptor.hpp"
#include "server/http/server_tls.hpp"
#include "server/http/worker.hpp"

namespace expplat::server::http {

namespace {

using std::chrono::milliseconds;

/// How often deadlines are looked at: a quarter of the shortest of them, so that one is missed by no more than that.
milliseconds tick_for(const ListenerLimits& limits) {
    const milliseconds shortest =
        std::min({limits.head_time, limits.body_idle, limits.write_time, limits.keep_alive});
    return std::clamp(shortest / 4, milliseconds(2), milliseconds(1'000));
}

}  // namespace

class Listener::Core {
public:
    Core(std::shared_ptr<Service> service, std::vector<std::shared_ptr<Worker>> workers)
        : service_(std::move(service)),
          workers_(std::move(workers)),
          acceptor_(std::make_shared<Acceptor>(workers_)) {}
    ~Core() { finish(); }

    Result<void> start() {
        if (Result<void> bound = acceptor_->bind(service_->settings.address, service_->settings.port);
            !bound) {
            return bound;
        }
        is_started_ = true;
        acceptor_->start();
        for (const std::shared_ptr<Worker>& worker : workers_) worker->start();
        return {};
    }

    void stop(milliseconds drain) {
        const Clock::time_point end = Clock::now() + std::max(drain, milliseconds(0));
        service_->draining.store(true);
        workers_.front()->post([acceptor = acceptor_] { acceptor->close(); });
        for (const std::shared_ptr<Worker>& worker : workers_) {
            worker->post([worker = worker.get(), end] { worker->drain(end); });
        }
        {
            std::unique_lock lock(service_->mutex);
            service_->gone.wait_until(lock, end + std::chrono::seconds(1), [this] {
                return service_->connections.load() + service_->refused.load() == 0;
            });
        }
        finish();
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return acceptor_->port(); }
    [[nodiscard]] const Service& service() const noexcept { return *service_; }

private:
    void finish() {
        service_->draining.store(true);
        if (is_started_) workers_.front()->post([acceptor = acceptor_] { acceptor->close(); });
        for (const std::shared_ptr<Worker>& worker : workers_) worker->finish();
        // Responders that are held somewhere hold the service; what its functions hold must not hang on them.
        service_->handler = nullptr;
        service_->settings.finished = nullptr;
    }

    const std::shared_ptr<Service> service_;
    const std::vector<std::shared_ptr<Worker>> workers_;
    const std::shared_ptr<Acceptor> acceptor_;
    bool is_started_ = false;  // there are threads
};

Listener::Listener(std::unique_ptr<Core> core) noexcept : core_(std::move(core)) {}

Listener::~Listener() = default;

Result<std::unique_ptr<Listener>> Listener::start(ListenerSettings settings, Handler handler) {
    const auto service = std::make_shared<Service>();
    if (!settings.certificate_file.empty()) {
        Result<std::shared_ptr<ssl_ctx_st>> tls =
            open_server_tls(settings.certificate_file, settings.private_key_file);
        if (!tls) return tls.error();
        service->tls = std::move(*tls);
    }
    const unsigned threads = settings.threads > 0 ? settings.threads : std::thread::hardware_concurrency();
    service->tick = tick_for(settings.limits);
    service->settings = std::move(settings);
    service->handler = std::move(handler);
    std::vector<std::shared_ptr<Worker>> workers;
    for (unsigned i = 0; i < std::max(threads, 1u); ++i) workers.push_back(std::make_shared<Worker>(service));
    auto core = std::make_unique<Core>(service, std::move(workers));
    if (const Result<void> started = core->start(); !started) return started.error();
    return std::unique_ptr<Listener>(new Listener(std::move(core)));
}

std::uint16_t Listener::port() const noexcept { return core_->port(); }

std::size_t Listener::connections() const noexcept { return core_->service().connections.load(); }

std::size_t Listener::streams() const noexcept { return core_->service().streams.load(); }

void Listener::stop(milliseconds drain) { core_->stop(drain); }

}  // namespace expplat::server::http
