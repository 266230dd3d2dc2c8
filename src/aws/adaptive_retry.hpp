// `AdaptiveRetry`: AWS's adaptive retry mode: how fast a client may send, and whether a retry may still be paid for.
//
// Two state machines without clock. The rate limiter opens after the first throttling: it follows the measured rate
// down by 30 % and back up along a cubic curve, as TCP CUBIC does. The retry quota holds 500 tokens, which retries cost
// and successes give back. The owner (a sink) asks before it sends and says how each call ended; times are the owner's
// steady clock. Not thread-safe. Source: AWS SDKs and Tools Reference Guide, "Retry behavior" (adaptive mode); the
// constants are those that AWS's SDKs share.
#pragma once

#include <cstdint>

namespace expplat::aws {

class AdaptiveRetry {
public:
    static constexpr int quota_tokens = 500;
    static constexpr int retry_cost = 5;
    static constexpr int timeout_retry_cost = 10;

    /// 0: send now, the call is paid for. Else in how many milliseconds to ask again.
    [[nodiscard]] std::int64_t wait_before_sending_ms(std::int64_t now_ms);

    /// How long until `wait_before_sending_ms` would say 0; takes nothing.
    [[nodiscard]] std::int64_t expected_wait_ms(std::int64_t now_ms);

    /// A call has succeeded; `paid` is what `pay_for_retry` took for it, which it gives back (1 for a first try).
    void succeeded(std::int64_t now_ms, int paid = 0);
    /// AWS has refused a call because there were too many.
    void throttled(std::int64_t now_ms);
    /// A call has failed for another reason.
    void failed(std::int64_t now_ms);

    /// Takes the price of a retry; 0 where the quota has not that much: then wait as long as ever one waits.
    [[nodiscard]] int pay_for_retry(bool after_timeout);
    [[nodiscard]] int quota() const noexcept { return quota_; }

    /// Calls a second that may be sent; 0 while nothing limits them.
    [[nodiscard]] double rate_per_second() const noexcept { return limited_ ? fill_rate_ : 0; }

private:
    void refill(double now);
    void measure(double now);
    void set_rate(double now, double rate);
    void cap_rate(double now, double wanted);

    int quota_ = quota_tokens;

    // The bucket of calls that may be sent. Times are seconds.
    bool limited_ = false;
    double fill_rate_ = 0;
    double capacity_ = 0;
    double tokens_ = 0;
    double refilled_at_ = 0;

    // The measured rate: calls in half seconds, smoothed.
    double measured_rate_ = 0;
    double bucket_began_at_ = -1;
    double calls_in_bucket_ = 0;

    // The curve back up.
    double rate_before_throttling_ = 0;
    double throttled_at_ = 0;
};

}  // namespace expplat::aws
