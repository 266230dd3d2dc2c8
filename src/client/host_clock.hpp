// `HostClock`: the steady clock of a client whose program owns time (`Client::poll(now)`).
//
// Until the program has named a time it is the system's clock; from then on steady time stands still between two polls, and
// goes on by what lies between the times that the program names. Wall time is always the system's. Thread-safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "expplat/base/clock.hpp"

namespace expplat::runtime {

class HostClock final : public Clock {
public:
    [[nodiscard]] std::int64_t unix_ms() const noexcept override { return system_.unix_ms(); }
    [[nodiscard]] std::int64_t steady_ms() const noexcept override {
        const std::int64_t named = named_ms_.load(std::memory_order_relaxed);
        return named != unnamed ? named : system_.steady_ms();
    }

    /// A time before the last one is taken for the last one. One thread at a time.
    void set(std::chrono::steady_clock::time_point now) noexcept {
        const std::int64_t now_ms =
            std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
        const std::int64_t before = named_ms_.load(std::memory_order_relaxed);
        if (before == unnamed) offset_ms_ = system_.steady_ms() - now_ms;
        named_ms_.store(std::max(before, now_ms + offset_ms_), std::memory_order_relaxed);
    }

private:
    static constexpr std::int64_t unnamed = INT64_MIN;

    SystemClock system_;
    std::int64_t offset_ms_ = 0;  // from the program's time to the system's, so that ages go on
    std::atomic<std::int64_t> named_ms_{unnamed};
};

}  // namespace expplat::runtime
