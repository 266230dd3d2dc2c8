// `Outage`: whether the receiver takes anything at all, so that nothing hammers it while it does not.
//
// Asked by `Delivery` before it hands a parcel to the sink. After a parcel of which nothing was taken everybody waits, with
// full jitter; then one parcel goes ahead alone, and the others follow when something of it was taken. A state machine:
// no clock, no I/O. Not thread-safe. Next: `src/net/backoff.hpp`.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>

#include "src/net/backoff.hpp"

namespace expplat::runtime {

class Outage {
public:
    /// Numbers the outages, so that what was sent before one began does not lengthen it.
    using Number = std::uint32_t;

    /// A parcel may be sent now.
    [[nodiscard]] bool may_send(std::int64_t now_ms) const noexcept {
        return !lasting_ || (!probing_ && now_ms >= until_ms_);
    }
    /// How long until `may_send` has to be asked again; 0: it may now.
    [[nodiscard]] std::int64_t wait_ms(std::int64_t now_ms) const noexcept {
        if (!lasting_) return 0;
        if (probing_) return std::numeric_limits<std::int64_t>::max();  // until the answer comes
        return std::max<std::int64_t>(until_ms_ - now_ms, 0);
    }
    /// A parcel is sent; the result goes back with what became of it.
    [[nodiscard]] Number sent() noexcept {
        probing_ = lasting_;
        return number_;
    }
    /// Something of a parcel was taken.
    void ended() noexcept {
        lasting_ = probing_ = false;
        backoff_.reset();
    }
    /// Nothing of a parcel was taken. `retry_after_ms` is what the receiver asked for.
    void failed(Number sent, std::int64_t now_ms, std::int64_t retry_after_ms, std::mt19937_64& random) {
        if (sent != number_) {  // it was under way when others failed
            if (lasting_) until_ms_ = std::max(until_ms_, now_ms + retry_after_ms);
            return;
        }
        ++number_;
        lasting_ = true;
        probing_ = false;
        until_ms_ = now_ms + std::max<std::int64_t>(1, backoff_.next_ms(random, retry_after_ms));
    }
    /// The next parcel need not wait: a last try before the end.
    void hurry() noexcept { until_ms_ = std::numeric_limits<std::int64_t>::min(); }

private:
    net::Backoff backoff_;
    std::int64_t until_ms_ = 0;
    Number number_ = 0;
    bool lasting_ = false;
    bool probing_ = false;
};

}  // namespace expplat::runtime
