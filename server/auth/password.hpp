// Passwords as they are stored: scrypt (RFC 7914), in a string that says its own cost,
// `$scrypt$ln=15,r=8,p=1$salt$hash` (the PHC string format; standard base64 without padding).
//
// Hashed when a password is set, verified at a log-in. One call takes 32 MiB and about 0.1 s of a core: the caller runs few
// at a time and never on a loop's thread. For an unknown person `verify_nobody` takes the same time. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "expplat/base/result.hpp"

namespace expplat::server::auth {

/// N = 2^log2_n. Stored strings may have any cost between the two bounds.
struct PasswordCost {
    std::uint32_t log2_n = 15;
    std::uint32_t r = 8;
    std::uint32_t p = 1;

    friend bool operator==(const PasswordCost&, const PasswordCost&) = default;
};
inline constexpr PasswordCost least_password_cost{10, 1, 1};
inline constexpr PasswordCost most_password_cost{20, 16, 4};  // and 512 MiB in all

/// The string to store, with a new random salt of 16 bytes. Fails with `invalid_argument` for a cost out of bounds or a
/// password of more than 1,024 bytes, with `unsupported` where OpenSSL refuses.
[[nodiscard]] Result<std::string> hash_password(std::string_view password, PasswordCost cost = {});

enum class PasswordMatch : std::uint8_t {
    no,
    yes,
    yes_but_rehash,  // of another cost than the current one: store a new hash of it
};

/// In constant time for strings of one cost. `no`, too, for a stored string that is none.
[[nodiscard]] PasswordMatch verify_password(std::string_view password, std::string_view stored,
                                            PasswordCost current = {});

/// Takes the time of `verify_password` and says `no`: for an e-mail that nobody has.
PasswordMatch verify_nobody(std::string_view password, PasswordCost current = {});

/// Whether the stored string is well-formed and of that cost.
[[nodiscard]] bool is_hashed_with(std::string_view stored, PasswordCost cost);

}  // namespace expplat::server::auth
