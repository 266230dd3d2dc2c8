// How many requests a key may make: a token bucket a name, in this process.
//
// `TokenBucket` is the state machine (a value and one pure function; a shared store can keep it just as well), `RateLimiter`
// a bounded table of them. Counted in thousandths, so that slow rates lose nothing. Time is given, of a clock that does not
// go back. Not thread-safe; its owner holds a lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "expplat/base/result.hpp"
#include "server/auth/bounded_table.hpp"
#include "server/auth/limits.hpp"

namespace expplat::server::auth {

struct RateLimit {
    std::uint32_t per_second = 100;
    std::uint32_t burst = 200;  // what may come at once
};

struct TokenBucket {
    std::int64_t thousandths = 0;
    std::optional<std::int64_t> filled_ms;  // when `thousandths` was right; nothing: full
};

struct RateAnswer {
    bool is_allowed = false;
    std::uint32_t remaining = 0;  // requests that could follow at once
    std::int64_t retry_after_ms =
        0;  // where it is not allowed: when it would be; -1: never, it is above the burst
};

/// Takes `cost` requests out of the bucket, or none of them.
[[nodiscard]] RateAnswer take(TokenBucket& bucket, const RateLimit& limit, std::int64_t now_ms,
                              std::uint32_t cost = 1) noexcept;

/// What each kind of caller may ask of one server; nothing: as much as it likes.
struct RateLimits {
    /// A fleet shares one key, and what it asks for most costs microseconds: this stops what runs wild, not what is many.
    std::optional<RateLimit> server = RateLimit{50'000, 100'000};
    std::optional<RateLimit> client = RateLimit{10'000, 20'000};  // its users share it
    std::optional<RateLimit> admin = RateLimit{200, 1'000};
    std::optional<RateLimit> person = RateLimit{200, 1'000};
    std::optional<RateLimit> log_in = RateLimit{5, 50};  // of an address

    static constexpr std::uint32_t most = 10'000'000;  // a second, and at once

    /// Changes to the defaults, `server=PER_SECOND/BURST` or `server=off`, by commas; names as above, `log-in`. `off`
    /// alone: no limits. Errors: `invalid_argument` for what is none.
    [[nodiscard]] static Result<RateLimits> parse(std::string_view text);
};

class RateLimiter {
public:
    explicit RateLimiter(std::size_t entries = limits::rate_limit_entries) : buckets_(entries) {}

    [[nodiscard]] RateAnswer take(std::string_view name, const RateLimit& limit, std::int64_t now_ms,
                                  std::uint32_t cost = 1) {
        return auth::take(buckets_.at(name), limit, now_ms, cost);
    }

private:
    BoundedTable<TokenBucket> buckets_;
};

}  // namespace expplat::server::auth
