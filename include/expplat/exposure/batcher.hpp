// `Batcher`: when a batch leaves: by count, by bytes or by age, whichever comes first.
//
// A state machine: it is told what is queued and the time, and answers with what to do; the client's loop does it. No
// I/O, no clock, no lock. Nobody stamps the queue: an event is taken to be as old as it can be, having come after the last
// look that did not see it, so that none waits for longer than the age. Source: EVENTS.md, "Producing".
#pragma once

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

    /// `now_ms` is a steady time, `queued_bytes` the texts of what is queued. Call it whenever something was queued and
    /// when `wait_ms` has passed.
    [[nodiscard]] Action next(std::size_t queued, std::int64_t now_ms,
                              std::size_t queued_bytes = 0) noexcept {
        if (queued == 0) oldest_ms_ = now_ms;  // what will be queued will be younger
        if (oldest_ms_ < 0) oldest_ms_ = now_ms;
        newest_seen_ms_ = now_ms;
        seen_ = queued;
        if (queued == 0) return {false, batch_age_ms_};
        const std::int64_t age_ms = now_ms - oldest_ms_;
        if (queued >= batch_events_ || queued_bytes >= batch_bytes_ || age_ms >= batch_age_ms_)
            return {true, 0};
        return {false, batch_age_ms_ - age_ms};
    }

    /// So many were taken out, oldest first, since the last look.
    void took(std::size_t count) noexcept {
        if (count >= seen_) oldest_ms_ = newest_seen_ms_;
        seen_ -= count < seen_ ? count : seen_;
    }

private:
    std::size_t batch_events_;
    std::int64_t batch_age_ms_;
    std::size_t batch_bytes_;
    std::int64_t oldest_ms_ = -1;      // no queued event came before; -1: not known yet
    std::int64_t newest_seen_ms_ = 0;  // the last look
    std::size_t seen_ = 0;             // what it saw and is still queued
};

}  // namespace expplat::exposure
