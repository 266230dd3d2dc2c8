// `Throttle`: how many requests a key, a person or an address may make of this server.
//
// Asked by the gate for who has been recognised, and by a log-in for its address: so strangers fill no table with names of
// their own but by their addresses. The limits are `server/auth/rate_limit.hpp`'s. Safe from many threads: a look is a hash
// and a few additions under a lock, also on the listener's threads.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "server/auth/permission.hpp"
#include "server/auth/rate_limit.hpp"

namespace expplat::server::api {

class Throttle {
public:
    /// `steady_ms`: of a clock that does not go back.
    Throttle(const auth::RateLimits& limits, std::function<std::int64_t()> steady_ms)
        : limits_(limits), steady_ms_(std::move(steady_ms)) {}

    // Both throw `Refusal`, `too_many` with its time, where it is too much.
    void admit(const auth::Principal& principal);
    /// `address` as `auth::lockout_address` gives it.
    void admit_log_in(std::string_view address);

private:
    void take(auth::RateLimiter& limiter, std::string_view name, const std::optional<auth::RateLimit>& limit);

    const auth::RateLimits limits_;
    const std::function<std::int64_t()> steady_ms_;
    std::mutex mutex_;  // guards both tables
    auth::RateLimiter callers_;
    auth::RateLimiter addresses_;
};

}  // namespace expplat::server::api
