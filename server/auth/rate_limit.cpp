#include "server/auth/rate_limit.hpp"

#include <algorithm>

namespace expplat::server::auth {

RateAnswer take(TokenBucket& bucket, const RateLimit& limit, std::int64_t now_ms,
                std::uint32_t cost) noexcept {
    const std::int64_t full = std::int64_t{limit.burst} * 1000;
    const std::int64_t per_ms = limit.per_second;  // thousandths
    if (!bucket.filled_ms) bucket = {full, now_ms};
    const std::int64_t elapsed_ms = std::max<std::int64_t>(0, now_ms - *bucket.filled_ms);
    const std::int64_t missing = std::max<std::int64_t>(0, full - bucket.thousandths);
    // Compared before it is multiplied: a long silence cannot overflow.
    const bool is_full = per_ms > 0 && elapsed_ms >= (missing + per_ms - 1) / per_ms;
    bucket.thousandths = is_full ? full : std::min(full, bucket.thousandths + elapsed_ms * per_ms);
    bucket.filled_ms = std::max(*bucket.filled_ms, now_ms);

    const std::int64_t wanted = std::int64_t{cost} * 1000;
    RateAnswer answer;
    answer.is_allowed = wanted <= bucket.thousandths;
    if (answer.is_allowed) bucket.thousandths -= wanted;
    else if (wanted > full || per_ms == 0) answer.retry_after_ms = -1;
    else answer.retry_after_ms = (wanted - bucket.thousandths + per_ms - 1) / per_ms;
    answer.remaining = static_cast<std::uint32_t>(bucket.thousandths / 1000);
    return answer;
}

}  // namespace expplat::server::auth
