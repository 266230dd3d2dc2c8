// Every bound of the server's authentication, with its unit.
//
// Used by the files of this folder, by their tests and by whoever documents the server. Nothing that a stranger sends is
// read past one of these. Constants only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace expplat::server::auth::limits {

// Tokens.
inline constexpr std::size_t token_bytes = 16 * 1024;  // Cognito's own grow with the groups of a person
inline constexpr std::size_t token_header_bytes = 2 * 1024;
inline constexpr std::size_t token_json_depth = 8;
inline constexpr std::size_t key_id_bytes = 128;
inline constexpr std::size_t subject_bytes = 256;
inline constexpr std::size_t groups = 256;
inline constexpr std::size_t secret_key_characters = 32;  // at least
inline constexpr std::size_t secret_keys = 8;
inline constexpr std::size_t hmac_key_bytes = 32;  // at least: RFC 7518, 3.2
inline constexpr std::int64_t access_token_s = 15 * 60;
inline constexpr std::int64_t refresh_token_s = 14 * 24 * 60 * 60;
inline constexpr std::int64_t session_s = 30 * 24 * 60 * 60;  // from the log-in, however often it is renewed
inline constexpr std::int64_t clock_leeway_s = 60;

// Key sets.
inline constexpr std::size_t key_set_bytes = 64 * 1024;
inline constexpr std::size_t key_set_keys = 32;
inline constexpr int rsa_modulus_least_bits = 2048;
inline constexpr int rsa_modulus_most_bits = 8192;
inline constexpr std::uint64_t rsa_exponent_least = 65537;
inline constexpr std::size_t rsa_exponent_most_bytes = 4;

// Passwords.
inline constexpr std::size_t password_least_characters = 12;
inline constexpr std::size_t password_most_characters = 256;
inline constexpr std::size_t stored_password_bytes = 256;

// Keys of software.
inline constexpr std::size_t environment_id_bytes = 64;

// Tables that strangers fill.
inline constexpr std::size_t lockout_entries = 100'000;
inline constexpr std::size_t rate_limit_entries = 100'000;

}  // namespace expplat::server::auth::limits
