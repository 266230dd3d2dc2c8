// Log-ins that fail again and again have to wait: per account and per address, each time longer.
//
// `Lockout` is asked before a password is looked at (an attempt that must wait costs no scrypt) and told how it went. The
// state of one name is the value `LockoutState` with pure functions, so that a store can keep it. Time is given. Not
// thread-safe; its owner holds a lock.
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
};

struct LockoutState {
    std::uint32_t failures = 0;
    std::int64_t failed_ms = 0;  // the newest failure

    friend bool operator==(const LockoutState&, const LockoutState&) = default;
};

/// How long that name must still wait, ms; 0 where it may try.
[[nodiscard]] std::int64_t wait_ms(const LockoutState& state, const LockoutPolicy& policy,
                                   std::int64_t now_ms) noexcept;
[[nodiscard]] LockoutState after_failure(const LockoutState& state, const LockoutPolicy& policy,
                                         std::int64_t now_ms) noexcept;

class Lockout {
public:
    explicit Lockout(LockoutPolicy policy = {}, std::size_t entries = limits::lockout_entries)
        : policy_(policy), accounts_(entries), addresses_(entries) {}

    /// How long an attempt on that account from that address must still wait, ms; 0 where it may be made.
    [[nodiscard]] std::int64_t wait_ms(std::string_view account, std::string_view address,
                                       std::int64_t now_ms) const;
    void failed(std::string_view account, std::string_view address, std::int64_t now_ms);
    /// The account begins anew. The address does not: whoever owns one account could try the others with it.
    void succeeded(std::string_view account);

private:
    LockoutPolicy policy_;
    BoundedTable<LockoutState> accounts_;
    BoundedTable<LockoutState> addresses_;
};

/// The name under which an address is counted: an IPv4 address itself, of an IPv6 address the network of 64 bits, which is
/// what one household or server gets; other text as it is.
[[nodiscard]] std::string lockout_address(std::string_view address);
/// The name under which an account is counted: the e-mail address in lower case (ASCII).
[[nodiscard]] std::string lockout_account(std::string_view email);

}  // namespace expplat::server::auth
