#include "server/auth/lockout.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "src/net/url.hpp"

namespace expplat::server::auth {

namespace {

std::uint32_t pending_of(const LockoutState& state, const LockoutPolicy& policy,
                         std::int64_t now_ms) noexcept {
    return now_ms - state.begun_ms < policy.attempt_ms ? state.pending : 0;
}

bool is_forgotten(const LockoutState& state, const LockoutPolicy& policy, std::int64_t now_ms) noexcept {
    return now_ms - state.failed_ms >= policy.forget_ms;
}

}  // namespace

std::int64_t wait_ms(const LockoutState& state, const LockoutPolicy& policy, std::int64_t now_ms) noexcept {
    const std::uint32_t failures = is_forgotten(state, policy, now_ms) ? 0 : state.failures;
    const std::uint32_t pending = pending_of(state, policy, now_ms);
    // One attempt is always let through, after its wait.
    const std::int64_t crowd_ms = pending > 0 && failures + pending >= policy.failures ? policy.crowd_ms : 0;
    if (failures < policy.failures || policy.failures == 0) return crowd_ms;
    std::int64_t lock_ms = policy.first_lock_ms;
    for (std::uint32_t i = policy.failures; i < failures && lock_ms < policy.longest_lock_ms; ++i)
        lock_ms *= 2;
    const std::int64_t until_ms = state.failed_ms + std::min(lock_ms, policy.longest_lock_ms);
    return std::max(crowd_ms, until_ms - now_ms);
}

LockoutState after_begin(const LockoutState& state, const LockoutPolicy& policy,
                         std::int64_t now_ms) noexcept {
    LockoutState next = state;
    next.pending = pending_of(state, policy, now_ms) + 1;
    next.begun_ms = now_ms;
    return next;
}

LockoutState after_failure(const LockoutState& state, const LockoutPolicy& policy,
                           std::int64_t now_ms) noexcept {
    constexpr std::uint32_t most_failures = 1'000'000;
    LockoutState next = after_success(state);
    next.failures = is_forgotten(state, policy, now_ms) ? 1 : std::min(state.failures + 1, most_failures);
    next.failed_ms = now_ms;
    return next;
}

LockoutState after_success(const LockoutState& state) noexcept {
    LockoutState next = state;
    if (next.pending > 0) --next.pending;
    return next;
}

std::int64_t Lockout::begin(std::string_view account, std::string_view address, std::int64_t now_ms) {
    const std::string account_name = lockout_account(account);
    const std::string address_name = lockout_address(address);
    std::int64_t longest_ms = 0;
    if (const LockoutState* const state = accounts_.find(account_name))
        longest_ms = wait_ms(*state, account_policy_, now_ms);
    if (const LockoutState* const state = addresses_.find(address_name))
        longest_ms = std::max(longest_ms, wait_ms(*state, address_policy_, now_ms));
    if (longest_ms > 0) return longest_ms;
    LockoutState& of_account = accounts_.at(account_name);
    of_account = after_begin(of_account, account_policy_, now_ms);
    LockoutState& of_address = addresses_.at(address_name);
    of_address = after_begin(of_address, address_policy_, now_ms);
    return 0;
}

void Lockout::failed(std::string_view account, std::string_view address, std::int64_t now_ms) {
    LockoutState& of_account = accounts_.at(lockout_account(account));
    of_account = after_failure(of_account, account_policy_, now_ms);
    LockoutState& of_address = addresses_.at(lockout_address(address));
    of_address = after_failure(of_address, address_policy_, now_ms);
}

void Lockout::succeeded(std::string_view account, std::string_view address) {
    accounts_.erase(lockout_account(account));
    const std::string address_name = lockout_address(address);
    LockoutState& state = addresses_.at(address_name);
    state = after_success(state);
    if (state.failures == 0 && state.pending == 0) addresses_.erase(address_name);
}

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
