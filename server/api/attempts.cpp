#include "server/api/attempts.hpp"

#include <string>

#include "server/domain/problem.hpp"

namespace expplat::server::api {

void Attempts::begin(std::string_view account, std::string_view address) {
    const std::scoped_lock lock(mutex_);
    const std::int64_t wait_ms = lockout_.begin(account, address, steady_ms_());
    if (wait_ms <= 0) return;
    throw domain::Refusal(
        {.type = domain::ProblemType::too_many,
         .detail = "Too many log-ins have failed; again in " + std::to_string((wait_ms + 999) / 1000) + " s.",
         .retry_after_ms = wait_ms});
}

void Attempts::failed(std::string_view account, std::string_view address) {
    const std::scoped_lock lock(mutex_);
    lockout_.failed(account, address, steady_ms_());
}

void Attempts::succeeded(std::string_view account, std::string_view address) {
    const std::scoped_lock lock(mutex_);
    lockout_.succeeded(account, address);
}

}  // namespace expplat::server::api
