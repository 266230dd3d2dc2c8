#include "server/auth/lockout.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "src/net/url.hpp"

namespace expplat::server::auth {

std::int64_t wait_ms(const LockoutState& state, const LockoutPolicy& policy, std::int64_t now_ms) noexcept {
    if (state.failures < policy.failures || policy.failures == 0) return 0;
    std::int64_t lock_ms = policy.first_lock_ms;
    for (std::uint32_t i = policy.failures; i < state.failures && lock_ms < policy.longest_lock_ms; ++i) {
        lock_ms *= 2;
    }
    const std::int64_t until_ms = state.failed_ms + std::min(lock_ms, policy.longest_lock_ms);
    return std::max<std::int64_t>(0, until_ms - now_ms);
}

LockoutState after_failure(const LockoutState& state, const LockoutPolicy& policy,
                           std::int64_t now_ms) noexcept {
    constexpr std::uint32_t most_failures = 1'000'000;
    const bool is_forgotten = now_ms - state.failed_ms >= policy.forget_ms;
    return {is_forgotten ? 1 : std::min(state.failures + 1, most_failures), now_ms};
}

std::int64_t Lockout::wait_ms(std::string_view account, std::string_view address, std::int64_t now_ms) const {
    std::int64_t longest_ms = 0;
    for (const LockoutState* state :
         {accounts_.find(lockout_account(account)), addresses_.find(lockout_address(address))}) {
        if (state != nullptr) longest_ms = std::max(longest_ms, auth::wait_ms(*state, policy_, now_ms));
    }
    return longest_ms;
}

void Lockout::failed(std::string_view account, std::string_view address, std::int64_t now_ms) {
    for (LockoutState* state :
         {&accounts_.at(lockout_account(account)), &addresses_.at(lockout_address(address))}) {
        *state = after_failure(*state, policy_, now_ms);
    }
}

void Lockout::succeeded(std::string_view account) { accounts_.erase(lockout_account(account)); }

std::string lockout_address(std::string_view address) {
    const std::string text(address);
    std::array<unsigned char, 16> octets{};
    if (inet_pton(AF_INET6, text.c_str(), octets.data()) != 1) return text;
    const bool is_mapped =
        std::all_of(octets.begin(), octets.begin() + 10, [](unsigned char o) { return o == 0; }) &&
        octets[10] == 0xFF && octets[11] == 0xFF;
    std::array<char, INET6_ADDRSTRLEN> out{};
    if (is_mapped) {
        inet_ntop(AF_INET, octets.data() + 12, out.data(), out.size());
        return out.data();
    }
    std::fill(octets.begin() + 8, octets.end(), static_cast<unsigned char>(0));
    inet_ntop(AF_INET6, octets.data(), out.data(), out.size());
    return std::string(out.data()) + "/64";
}

std::string lockout_account(std::string_view email) { return net::lowered(email); }

}  // namespace expplat::server::auth
