#include "src/client/delivery.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "expplat/base/limits.hpp"

namespace expplat::runtime {

namespace {

constexpr std::int64_t overflow_log_ms = 60'000;

std::mt19937_64 seeded() {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
}

}  // namespace

Delivery::Delivery(std::unique_ptr<exposure::EventSink> sink, exposure::EventQueue& queue,
                   const Config& config, std::shared_ptr<const Clock> clock)
    : queue_(queue),
      clock_(std::move(clock)),
      logger_(config.logger),
      batch_events_(config.batch_events),
      sink_(std::move(sink)),
      batcher_(config.batch_events, config.batch_age_ms),
      random_(seeded()) {}

std::int64_t Delivery::step(bool everything) {
    const std::scoped_lock step_lock(delivering_);
    log_overflow();
    for (;;) {
        std::size_t waiting = 0;
        {
            const std::scoped_lock lock(mutex_);
            if (abandoned_) return limits::batch_age_ms;
            waiting = waiting_;
        }
        const std::size_t queued = waiting + queue_.size();
        const exposure::Batcher::Action action = batcher_.next(queued, clock_->steady_ms(), queue_.bytes());
        if (queued == 0 || (!action.send && !everything)) return action.wait_ms;
        if (waiting == 0) take_batch();
        if (!offer()) return batcher_.next(queued, clock_->steady_ms()).wait_ms;
    }
}

/// What a full queue dropped is logged once a minute.
void Delivery::log_overflow() {
    const std::uint64_t refused = queue_.totals().refused;
    const std::int64_t now_ms = clock_->steady_ms();
    if (refused == logged_refused_ ||
        (logged_refused_ > 0 && now_ms - overflow_logged_at_ms_ < overflow_log_ms))
        return;
    if (logger_) {
        logger_(LogLevel::warning, "events: the queue was full, " +
                                       std::to_string(refused - logged_refused_) + " more were dropped, " +
                                       std::to_string(refused) + " in all");
    }
    logged_refused_ = refused;
    overflow_logged_at_ms_ = now_ms;
}

void Delivery::take_batch() {
    const std::scoped_lock lock(mutex_);
    queue_.take(batch_, batch_events_, limits::batch_bytes,
                [this](std::int64_t time_ms) { return make_id(time_ms); });
    waiting_ = batch_.size();
}

/// True where the sink settled at least one event.
bool Delivery::offer() {
    const std::span<const exposure::Event> rest(batch_.events.data() + (batch_.size() - waiting_), waiting_);
    exposure::Report result;
    sink_->send(rest, [&result](exposure::Report report) { result = std::move(report); });
    const std::size_t settled = rest.size() - result.retry.size();
    {
        const std::scoped_lock lock(mutex_);
        counts_.acknowledged += settled - result.rejected.size();
        counts_.dead_lettered += result.rejected.size();
        waiting_ -= settled;
        ++counts_.batches;
        if (waiting_ > 0) ++counts_.failed;
    }
    if (settled == rest.size()) batcher_.succeeded();
    else batcher_.failed(clock_->steady_ms());
    if (!result.message.empty() && logger_) logger_(LogLevel::warning, "events: " + result.message);
    return settled > 0;
}

bool Delivery::idle() const {
    const std::scoped_lock lock(mutex_);
    return waiting_ == 0 && queue_.size() == 0;
}

void Delivery::abandon() {
    const std::scoped_lock lock(mutex_);
    abandoned_ = true;
}

Delivery::Counts Delivery::counts(exposure::EventQueue::Totals& totals) const {
    const std::scoped_lock lock(mutex_);
    totals = queue_.totals();
    Counts counts = counts_;
    if (abandoned_) counts.dropped_shutdown = totals.accepted - counts.acknowledged - counts.dead_lettered;
    return counts;
}

void Delivery::reset_after_fork() {
    batch_ = {};
    waiting_ = 0;
    counts_ = {};
    logged_refused_ = 0;
    random_ = seeded();
}

/// UUIDv7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then random.
exposure::EventId Delivery::make_id(std::int64_t time_ms) {
    exposure::EventId id;
    const auto time = static_cast<std::uint64_t>(time_ms);
    const std::uint64_t words[2] = {random_(), random_()};
    for (std::size_t i = 0; i < 6; ++i) id[i] = static_cast<std::uint8_t>(time >> (40 - 8 * i));
    for (std::size_t i = 6; i < 16; ++i) id[i] = static_cast<std::uint8_t>(words[i / 8] >> (8 * (i % 8)));
    id[6] = static_cast<std::uint8_t>((id[6] & 0x0F) | 0x70);
    id[8] = static_cast<std::uint8_t>((id[8] & 0x3F) | 0x80);
    return id;
}

}  // namespace expplat::runtime
