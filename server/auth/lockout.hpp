// Log-ins that fail again and again have to wait: per account and per address, each time longer.
//
// `Lockout` is asked before a password is looked at (an attempt that must wait costs no scrypt) and told how the attempt
// ended. Attempts under way count as failures until then, so that many at once are no more than a few in turn. The state of
// one name is the value `LockoutState` with pure functions, so that a store can keep it. Time is given, of a clock that does
// not go back. Not thread-safe; its owner holds a lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/auth/bounded_table.hpp"
#include "server/auth/limits.hpp"

namespace expplat::server::auth {

struct LockoutPolicy {
    std::uint32_t failures = 5;              // free ones; the last of them locks
    std::int64_t first_lock_ms = 30 * 1000;  // doubled by each failure that follows
    std::int64_t longest_lock_ms = 60 * 60 * 1000;
    std::int64_t forget_ms = 24 * 60 * 60 * 1000;  // without a failure for so long, all is forgotten
    std::int64_t attempt_ms = 60 * 1000;           // an attempt of which nothing is heard has ended
    std::int64_t crowd_ms = 1000;                  // the wait where only attempts under way are in the way
};

struct LockoutState {
    std::uint32_t failures = 0;
    std::uint32_t pending = 0;   // attempts under way
    std::int64_t failed_ms = 0;  // the newest failure
    std::int64_t begun_ms = 0;   // the newest attempt under way

    friend bool operator==(const LockoutState&, const LockoutState&) = default;
};

/// How long that name must still wait, ms; 0 where it may try.
[[nodiscard]] std::int64_t wait_ms(const LockoutState& state, const LockoutPolicy& policy,
                                   std::int64_t now_ms) noexcept;
/// One attempt more under way, which `wait_ms` allowed; ended by one of the two below.
[[nodiscard]] LockoutState after_begin(const LockoutState& state, const LockoutPolicy& policy,
                                       std::int64_t now_ms) noexcept;
[[nodiscard]] LockoutState after_failure(const LockoutState& state, const LockoutPolicy& policy,
                                         std::int64_t now_ms) noexcept;
/// The attempt is no failure; the failures before it stay.
[[nodiscard]] LockoutState after_success(const LockoutState& state) noexcept;

/// Many people share an address, of an office or behind a carrier's translation: it has many more free failures.
inline constexpr LockoutPolicy address_policy{.failures = 100};

class Lockout {
public:
    explicit Lockout(LockoutPolicy accounts = {}, LockoutPolicy addresses = address_policy,
                     std::size_t entries = limits::lockout_entries)
        : account_policy_(accounts), address_policy_(addresses), accounts_(entries), addresses_(entries) {}

    /// Begins an attempt on that account from that address, or says how long it must still wait, ms: 0 where it has begun,
    /// and then ends with `failed` or `succeeded` (or, of which nothing is heard, after `LockoutPolicy::attempt_ms`).
    [[nodiscard]] std::int64_t begin(std::string_view account, std::string_view address, std::int64_t now_ms);
    void failed(std::string_view account, std::string_view address, std::int64_t now_ms);
    /// The account begins anew. The address does not: whoever owns one account could try the others with it.
    void succeeded(std::string_view account, std::string_view address);

private:
    LockoutPolicy account_policy_;
    LockoutPolicy address_policy_;
    BoundedTable<LockoutState> accounts_;
    BoundedTable<LockoutState> addresses_;
};

/// The name under which an address is counted: an IPv4 address itself, of an IPv6 address the network of 64 bits, which is
/// what one household or server gets; other text as it is.
[[nodiscard]] std::string lockout_address(std::string_view address);
/// The name under which an account is counted: the e-mail address in lower case (ASCII).
[[nodiscard]] std::string lockout_account(std::string_view email);

}  // namespace expplat::server::auth
