#include "src/client/loop.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <string_view>
#include <utility>

#include "src/client/parts.hpp"
#include "src/sync/attempt.hpp"

namespace expplat::runtime {

namespace {
/// How long the loop sleeps where nothing is due and nothing wakes it.
constexpr std::int64_t idle_ms = 1'000;
}  // namespace

Loop::Loop(const Config& config, Rules& rules, Recorder* recorder, std::shared_ptr<const Clock> clock)
    : config_(config), rules_(rules), recorder_(recorder), clock_(std::move(clock)) {}

Loop::~Loop() = default;

Result<std::unique_ptr<Loop>> Loop::open(const Config& config, Rules& rules, Recorder* recorder,
                                         const std::shared_ptr<const Clock>& clock) {
    std::unique_ptr<Loop> loop(new Loop(config, rules, recorder, clock));
    if (const Result<void> started = loop->start(); !started) return started.error();
    return loop;
}

std::unique_ptr<Loop> Loop::without_work(const Config& config, Rules& rules,
                                         const std::shared_ptr<const Clock>& clock) {
    return std::unique_ptr<Loop>(new Loop(config, rules, nullptr, clock));
}

Result<void> Loop::start() {
    watched_at_ms_ = clock_->steady_ms();
    Result<std::unique_ptr<net::HttpTransport>> transport = open_transport(config_);
    if (!transport) return transport.error();
    transport_ = std::move(*transport);
    if (config_.source.kind() == Source::Kind::server) {
        if (Result<void> followed = follow(); !followed) return followed;
    }
    if (recorder_ == nullptr) return {};
    Result<std::unique_ptr<Delivery>> delivery =
        open_delivery(config_, recorder_->queue(), transport_.get(), clock_, [this] { wake(); });
    if (!delivery) return delivery.error();
    delivery_ = std::move(*delivery);
    return {};
}

Result<void> Loop::follow() {
    sync::FollowerSettings settings = follower_settings(config_);
    if (std::string why = sync::unusable(settings); !why.empty())
        return Error{ErrorCode::invalid_argument, std::move(why)};
    sync::Adopter adopter;
    adopter.put = [this](std::string_view json) { return rules_.put(json); };
    adopter.patch = [this](std::string_view json) { return rules_.patch(json); };
    adopter.version = [this] { return rules_.server_version(); };
    follower_ = std::make_unique<sync::Follower>(std::move(settings), *transport_, std::move(adopter),
                                                 std::random_device{}());
    follower_->on_change([this](const sync::FollowerStatus& status) { hear(status); });
    return {};
}

void Loop::hear(const sync::FollowerStatus& status) {
    State contact = State::connecting;
    if (status.state == sync::FollowerState::unauthorized) contact = State::unauthorized;
    else if (status.contact == sync::Contact::current) contact = State::ready;
    else if (status.contact == sync::Contact::lost) contact = State::stale;
    Following following = Following::none;
    if (status.state == sync::FollowerState::streaming) following = Following::streaming;
    if (status.state == sync::FollowerState::polling) following = Following::polling;
    rules_.set_contact(contact, following, status.error);
}

bool Loop::has_work() const noexcept {
    return follower_ != nullptr || delivery_ != nullptr || config_.source.watch_interval_ms() > 0;
}

std::int64_t Loop::step(bool everything) {
    std::int64_t wait_ms = idle_ms;
    const std::int64_t now_ms = clock_->steady_ms();
    if (follower_ != nullptr) {
        wait_ms = std::min(wait_ms, follower_->step(now_ms, clock_->unix_ms()));
        connections_.store(follower_->status().connections, std::memory_order_relaxed);
        wait_ms = std::min(wait_ms, rules_.keep_cache(now_ms));
    }
    if (delivery_ != nullptr) wait_ms = std::min(wait_ms, delivery_->step(everything));
    if (config_.source.watch_interval_ms() > 0) wait_ms = std::min(wait_ms, watch(now_ms));
    return std::max<std::int64_t>(wait_ms, 0);
}

std::int64_t Loop::watch(std::int64_t now_ms) {
    const std::int64_t interval_ms = config_.source.watch_interval_ms();
    const std::int64_t due_in_ms = watched_at_ms_ + interval_ms - now_ms;
    if (due_in_ms > 0) return due_in_ms;
    watched_at_ms_ = now_ms;
    rules_.watch();
    return interval_ms;
}

void Loop::wait(std::int64_t wait_ms) {
    if (transport_ != nullptr) {
        transport_->poll(wait_ms);
        return;
    }
    std::unique_lock lock(waking_);
    woke_.wait_for(lock, std::chrono::milliseconds(wait_ms), [this] { return woken_; });
    woken_ = false;
}

void Loop::wake() noexcept {
    if (transport_ != nullptr) {
        transport_->wake();
        return;
    }
    {
        const std::scoped_lock lock(waking_);
        woken_ = true;
    }
    woke_.notify_one();
}

bool Loop::idle() const { return delivery_ == nullptr || delivery_->idle(); }
std::uint64_t Loop::mark() const { return delivery_ == nullptr ? 0 : delivery_->mark(); }
bool Loop::is_settled(std::uint64_t mark) const {
    return delivery_ == nullptr || delivery_->is_settled(mark);
}

void Loop::hurry() noexcept {
    if (delivery_ != nullptr) delivery_->hurry();
}

void Loop::stop() {
    if (follower_ != nullptr) follower_->stop();
    if (delivery_ != nullptr) delivery_->abandon();
    rules_.flush_cache();
}

void Loop::add_to(Stats& stats) const {
    stats.stream_connections = connections_.load(std::memory_order_relaxed);
    if (delivery_ == nullptr) return;
    const Delivery::Counts counts = delivery_->counts();
    stats.deduplicated = recorder_->deduplicated();
    stats.recorded = stats.deduplicated + counts.totals.accepted + counts.totals.refused;
    stats.adopted = counts.adopted;
    stats.acknowledged = counts.acknowledged;
    stats.spooled = counts.spooled;
    stats.dead_lettered = counts.dead_lettered;
    stats.dropped_queue_full = counts.totals.refused;
    stats.dropped_shutdown = counts.dropped_shutdown;
    stats.dropped_spool = counts.dropped_spool;
    stats.in_flight = counts.in_flight;
    stats.batches = counts.batches;
    stats.failed_deliveries = counts.failed;
}

void Loop::abandon_after_fork() noexcept {
    if (transport_ != nullptr) transport_->abandon_after_fork();
    if (delivery_ != nullptr) delivery_->disown();
}

}  // namespace expplat::runtime
