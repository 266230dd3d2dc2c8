#include "src/aws/adaptive_retry.hpp"

#include <algorithm>
#include <cmath>

namespace expplat::aws {

namespace {

constexpr double beta = 0.7;            // what is left of the rate after a throttling
constexpr double scale = 0.4;           // of the cubic curve
constexpr double smoothing = 0.8;       // weight of the newest half second
constexpr double bucket_seconds = 0.5;  // in which calls are counted
constexpr double least_rate = 0.5;      // calls a second
constexpr double least_capacity = 1;

[[nodiscard]] double seconds(std::int64_t ms) noexcept { return static_cast<double>(ms) / 1000.0; }

/// Where on the curve the old rate is met again.
[[nodiscard]] double window_seconds(double rate) noexcept { return std::cbrt(rate * (1 - beta) / scale); }

}  // namespace

std::int64_t AdaptiveRetry::expected_wait_ms(std::int64_t now_ms) {
    if (!limited_) return 0;
    refill(seconds(now_ms));
    if (tokens_ >= 1) return 0;
    return static_cast<std::int64_t>(std::ceil((1 - tokens_) / fill_rate_ * 1000.0));
}

std::int64_t AdaptiveRetry::wait_before_sending_ms(std::int64_t now_ms) {
    const std::int64_t wait_ms = expected_wait_ms(now_ms);
    if (wait_ms == 0 && limited_) tokens_ -= 1;
    return wait_ms;
}

void AdaptiveRetry::succeeded(std::int64_t now_ms, int paid) {
    quota_ = std::min(quota_tokens, quota_ + std::max(paid, 1));
    const double now = seconds(now_ms);
    measure(now);
    if (!limited_) return;
    const double since = now - throttled_at_ - window_seconds(rate_before_throttling_);
    cap_rate(now, scale * since * since * since + rate_before_throttling_);
}

void AdaptiveRetry::throttled(std::int64_t now_ms) {
    const double now = seconds(now_ms);
    measure(now);
    const double rate = limited_ ? std::min(measured_rate_, fill_rate_) : measured_rate_;
    rate_before_throttling_ = rate;
    throttled_at_ = now;
    if (!limited_) refilled_at_ = now;
    limited_ = true;
    cap_rate(now, rate * beta);
}

void AdaptiveRetry::failed(std::int64_t now_ms) { measure(seconds(now_ms)); }

int AdaptiveRetry::pay_for_retry(bool after_timeout) {
    const int cost = after_timeout ? timeout_retry_cost : retry_cost;
    if (quota_ < cost) return 0;
    quota_ -= cost;
    return cost;
}

void AdaptiveRetry::refill(double now) {
    tokens_ = std::min(capacity_, tokens_ + std::max(now - refilled_at_, 0.0) * fill_rate_);
    refilled_at_ = now;
}

void AdaptiveRetry::measure(double now) {
    const double bucket = std::floor(now / bucket_seconds) * bucket_seconds;
    if (bucket_began_at_ < 0) bucket_began_at_ = bucket;
    calls_in_bucket_ += 1;
    if (bucket <= bucket_began_at_) return;
    const double rate = calls_in_bucket_ / (bucket - bucket_began_at_);
    measured_rate_ = rate * smoothing + measured_rate_ * (1 - smoothing);
    calls_in_bucket_ = 0;
    bucket_began_at_ = bucket;
}

/// Never more than twice what is really sent: an idle client does not save up a burst.
void AdaptiveRetry::cap_rate(double now, double wanted) {
    set_rate(now, std::min(wanted, 2 * measured_rate_));
}

void AdaptiveRetry::set_rate(double now, double rate) {
    refill(now);
    fill_rate_ = std::max(rate, least_rate);
    capacity_ = std::max(rate, least_capacity);
    tokens_ = std::min(tokens_, capacity_);
}

}  // namespace expplat::aws
