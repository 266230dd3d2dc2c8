#include "server/api/throttle.hpp"

#include <string>

#include "server/domain/problem.hpp"

namespace expplat::server::api {

void Throttle::admit(const auth::Principal& principal) {
    switch (principal.kind) {
        case auth::PrincipalKind::server_key: return take(callers_, principal.id, limits_.server);
        case auth::PrincipalKind::client_key: return take(callers_, principal.id, limits_.client);
        case auth::PrincipalKind::admin_key: return take(callers_, principal.id, limits_.admin);
        case auth::PrincipalKind::person: return take(callers_, principal.id, limits_.person);
    }
}

void Throttle::admit_log_in(std::string_view address) { take(addresses_, address, limits_.log_in); }

void Throttle::take(auth::RateLimiter& limiter, std::string_view name,
                    const std::optional<auth::RateLimit>& limit) {
    if (!limit) return;
    const std::int64_t now_ms = steady_ms_();
    auth::RateAnswer answer;
    {
        const std::scoped_lock lock(mutex_);
        answer = limiter.take(name, *limit, now_ms);
    }
    if (answer.is_allowed) return;
    throw domain::Refusal({.type = domain::ProblemType::too_many,
                           .detail = "Too many requests: at most " + std::to_string(limit->per_second) +
                                     " a second, and " + std::to_string(limit->burst) + " at once.",
                           .retry_after_ms = answer.retry_after_ms});
}

}  // namespace expplat::server::api
