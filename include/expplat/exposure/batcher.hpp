// `Batcher`: when a batch leaves: by count, by bytes or by age, whichever comes first; after a failure, later.
//
// A state machine: it is told what is queued and the time, and answers with what to do; the client's loop does it. No
// I/O, no clock, no lock. Source: EVENTS.md, "Producing".
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "expplat/base/limits.hpp"

namespace expplat::exposure {

class Batcher {
public:
    struct Action {
        bool send = false;
        std::int64_t wait_ms = 0;  // where not `send`: look again after so long, or when the queue grows
    };

    explicit Batcher(std::size_t batch_events = limits::batch_events,
                     std::int64_t batch_age_ms = limits::batch_age_ms,
                     std::size_t batch_bytes = limits::batch_bytes) noexcept
        : batch_events_(batch_events), batch_age_ms_(batch_age_ms), batch_bytes_(batch_bytes) {}

    /// `now_ms` is a steady time, `queued_bytes` the texts of what is queued. Call it whenever something was queued and when `wait_ms` has passed.
    [[nodiscard]] Action next(std::size_t queued, std::int64_t now_ms,
                              std::size_t queued_bytes = 0) noexcept {
        if (queued == 0) {
            waiting_since_ms_ = -1;
            return {false, batch_age_ms_};
        }
        if (waiting_since_ms_ < 0) waiting_since_ms_ = now_ms;
        if (now_ms < retry_at_ms_) return {false, retry_at_ms_ - now_ms};
        const std::int64_t age_ms = now_ms - waiting_since_ms_;
        if (queued >= batch_events_ || queued_bytes >= batch_bytes_ || age_ms >= batch_age_ms_)
            return {true, 0};
        return {false, batch_age_ms_ - age_ms};
    }

    /// A batch was acknowledged or given up.
    void succeeded() noexcept {
        waiting_since_ms_ = -1;
        retry_at_ms_ = 0;
        failures_ = 0;
    }

    /// A batch must be offered again: wait 100 ms, doubled at each failure up to 20 s.
    void failed(std::int64_t now_ms) noexcept {
        retry_at_ms_ = now_ms + std::min<std::int64_t>(20'000, std::int64_t{100} << std::min(failures_, 8));
        ++failures_;
    }

private:
    std::size_t batch_events_;
    std::int64_t batch_age_ms_;
    std::size_t batch_bytes_;
    std::int64_t waiting_since_ms_ = -1;
    std::int64_t retry_at_ms_ = 0;
    int failures_ = 0;
};

}  // namespace expplat::exposure
