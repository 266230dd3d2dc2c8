#include "src/client/loop.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "src/sinks/callback_sink.hpp"
#include "src/sinks/file_sink.hpp"

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
    if (recorder_ == nullptr) return {};
    Result<std::unique_ptr<exposure::EventSink>> sink = open_sink();
    if (!sink) return sink.error();
    delivery_ = std::make_unique<Delivery>(std::move(*sink), recorder_->queue(), config_, clock_);
    return {};
}

Result<std::unique_ptr<exposure::EventSink>> Loop::open_sink() {
    switch (config_.sink.kind()) {
        case Sink::Kind::file:
            return sinks::FileSink::open(config_.sink.file_settings().path, {config_.project});
        case Sink::Kind::custom:
            if (!config_.sink.callback())
                return Error{ErrorCode::invalid_argument, "Sink::custom was given no function"};
            return std::unique_ptr<exposure::EventSink>(
                std::make_unique<sinks::CallbackSink>(config_.sink.callback()));
        case Sink::Kind::http:
        case Sink::Kind::kinesis:
        case Sink::Kind::none: break;
    }
    return Error{ErrorCode::unsupported, "this build has no network sinks"};
}

bool Loop::has_work() const noexcept {
    return delivery_ != nullptr || config_.source.watch_interval_ms() > 0;
}

std::int64_t Loop::step(bool everything) {
    std::int64_t wait_ms = idle_ms;
    if (delivery_ != nullptr) wait_ms = std::min(wait_ms, delivery_->step(everything));
    if (config_.source.watch_interval_ms() > 0) wait_ms = std::min(wait_ms, watch(clock_->steady_ms()));
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
    std::unique_lock lock(waking_);
    woke_.wait_for(lock, std::chrono::milliseconds(wait_ms), [this] { return woken_; });
    woken_ = false;
}

void Loop::wake() noexcept {
    {
        const std::scoped_lock lock(waking_);
        woken_ = true;
    }
    woke_.notify_one();
}

bool Loop::idle() const { return delivery_ == nullptr || delivery_->idle(); }

void Loop::stop() {
    if (delivery_ != nullptr) delivery_->abandon();
}

void Loop::add_to(Stats& stats) const {
    if (delivery_ == nullptr) return;
    exposure::EventQueue::Totals totals;
    const Delivery::Counts counts = delivery_->counts(totals);
    stats.deduplicated = recorder_->deduplicated();
    stats.acknowledged = counts.acknowledged;
    stats.dead_lettered = counts.dead_lettered;
    stats.dropped_queue_full = totals.refused;
    stats.dropped_shutdown = counts.dropped_shutdown;
    stats.in_flight = totals.accepted - counts.acknowledged - counts.dead_lettered - counts.dropped_shutdown;
    stats.recorded = stats.deduplicated + totals.accepted + totals.refused;
    stats.batches = counts.batches;
    stats.failed_deliveries = counts.failed;
}

void Loop::abandon_after_fork() noexcept {}

}  // namespace expplat::runtime
