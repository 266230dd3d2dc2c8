// `Clock`: the seam through which everything reads time, so that tests own it.
//
// Two verbs, both in milliseconds: the wall clock stamps events, the steady one measures ages. The system's
// clocks are read coarsely (about 3 ns, good to some milliseconds). Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>

#if defined(__linux__)
#include <time.h>
#endif

namespace expplat {

class Clock {
public:
    virtual ~Clock() = default;
    /// Milliseconds since 1970, UTC.
    [[nodiscard]] virtual std::int64_t unix_ms() const noexcept = 0;
    /// Milliseconds since some start; never goes back.
    [[nodiscard]] virtual std::int64_t steady_ms() const noexcept = 0;
};

class SystemClock final : public Clock {
public:
    [[nodiscard]] std::int64_t unix_ms() const noexcept override {
#if defined(__linux__)
        return read(CLOCK_REALTIME_COARSE);
#else
        return std::chrono::duration_cast<std::chrono::milliseconds>(
                   std::chrono::system_clock::now().time_since_epoch())
            .count();
#endif
    }
    [[nodiscard]] std::int64_t steady_ms() const noexcept override {
#if defined(__linux__)
        return read(CLOCK_MONOTONIC_COARSE);
#else
        return std::chrono::duration_cast<std::chrono::milliseconds>(
                   std::chrono::steady_clock::now().time_since_epoch())
            .count();
#endif
    }

private:
#if defined(__linux__)
    static std::int64_t read(clockid_t clock) noexcept {
        timespec now{};
        clock_gettime(clock, &now);
        return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
    }
#endif
};

}  // namespace expplat
