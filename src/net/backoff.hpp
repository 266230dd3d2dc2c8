// `Backoff`: how long to wait before the next try: full jitter, and what a server asked for in `Retry-After`.
//
// A state machine without clock: its owner waits. Every retry loop of the library has one. The random source is the
// owner's, and must differ between processes, or a fleet that lost its server comes back as one. Not thread-safe.
// Sources: AWS Architecture Blog, "Exponential Backoff And Jitter"; RFC 9110, 10.2.3.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string_view>

#include "src/net/http_date.hpp"

namespace expplat::net {

inline constexpr std::int64_t backoff_first_ms = 100;         // the longest wait after the first failure
inline constexpr std::int64_t backoff_most_ms = 20'000;       // the longest wait after any
inline constexpr std::int64_t retry_after_most_ms = 300'000;  // a server's longer wish is cut to this

class Backoff {
public:
    /// Both are taken into 1 ms ... 1 h, and `most_ms` is never below `first_ms`.
    explicit constexpr Backoff(std::int64_t first_ms = backoff_first_ms,
                               std::int64_t most_ms = backoff_most_ms) noexcept
        : first_ms_(std::clamp<std::int64_t>(first_ms, 1, longest_ms)),
          most_ms_(std::clamp<std::int64_t>(most_ms, first_ms_, longest_ms)) {}

    /// A try has failed: how long to wait before the next. Uniform over 0 ... `ceiling_ms()`, which then doubles; behind
    /// `at_least_ms` (a server's `Retry-After`), so that clients who were told the same time do not all come at it.
    template <std::uniform_random_bit_generator Random>
    [[nodiscard]] std::int64_t next_ms(Random& random, std::int64_t at_least_ms = 0) {
        // 32 random bits scaled to the range: of the 20,001 values of the default none is more likely than another by
        // more than 5 in a million.
        static_assert(Random::min() == 0 && Random::max() >= std::numeric_limits<std::uint32_t>::max() &&
                          (Random::max() & (Random::max() + 1)) == 0,
                      "a generator of at least 32 whole bits");
        const auto bits = static_cast<std::uint64_t>(random() & std::numeric_limits<std::uint32_t>::max());
        const std::uint64_t values = static_cast<std::uint64_t>(ceiling_ms()) + 1;
        if (failures_ < most_doublings) ++failures_;
        return std::max<std::int64_t>(at_least_ms, 0) + static_cast<std::int64_t>((bits * values) >> 32);
    }

    /// A try has succeeded.
    constexpr void reset() noexcept { failures_ = 0; }

    /// The longest wait that `next_ms` may draw now.
    [[nodiscard]] constexpr std::int64_t ceiling_ms() const noexcept {
        return std::min(most_ms_, first_ms_ << failures_);
    }

private:
    static constexpr std::int64_t longest_ms = 3'600'000;
    static constexpr int most_doublings = 22;  // from 1 ms past `longest_ms`

    std::int64_t first_ms_;
    std::int64_t most_ms_;
    int failures_ = 0;
};

/// The wait that a `Retry-After` asks for: whole seconds, or an HTTP date seen from `now_unix_ms`. Never below 0 or over
/// `most_ms`; nothing where the value is neither.
[[nodiscard]] constexpr std::optional<std::int64_t> parse_retry_after(
    std::string_view value, std::int64_t now_unix_ms, std::int64_t most_ms = retry_after_most_ms) noexcept {
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    if (value.empty()) return std::nullopt;
    if (const auto date = parse_http_date(value)) {
        return std::clamp<std::int64_t>(*date * 1000 - now_unix_ms, 0, most_ms);
    }
    constexpr std::int64_t many_seconds = 1'000'000'000;
    std::int64_t seconds = 0;
    for (const char c : value) {
        if (c < '0' || c > '9') return std::nullopt;
        seconds = std::min(seconds * 10 + (c - '0'), many_seconds);
    }
    return std::min(seconds * 1000, most_ms);
}

}  // namespace expplat::net
