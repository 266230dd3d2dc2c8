// Keys of software: `xp_server_prod_` and 49 characters, of which the last six are a checksum.
//
//     key  = "xp_" kind "_" [ environment "_" ] secret check
//     kind = "server" / "client" / "admin"      secret = 43 base62 digits (32 random bytes)
//     check = 6 base62 digits of the CRC-32 of everything before them
//
// Shown once when made and never stored: the store keeps a key's id (which is made from the key, so that a presented one
// can be looked up) and its SHA-256, enough for 256 random bits. The checksum tells a typing error from a guess and lets
// scanners of repositories find keys. Values and pure functions; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "expplat/base/result.hpp"
#include "server/auth/refusal.hpp"

namespace expplat::server::auth {

enum class KeyKind : std::uint8_t { server, client, admin };

[[nodiscard]] constexpr std::string_view name(KeyKind kind) noexcept {
    switch (kind) {
        case KeyKind::server: return "server";
        case KeyKind::client: return "client";
        case KeyKind::admin: return "admin";
    }
    return "unknown";
}

struct NewKey {
    std::string text;  // shown once
    std::string id;
    std::string sha256;  // 64 hexadecimal digits
};

/// `environment_id` may be empty for a key of kind admin alone; 1 to 64 of A-Z a-z 0-9 . - _ otherwise.
[[nodiscard]] Result<NewKey> make_api_key(KeyKind kind, std::string_view environment_id);

/// A key as somebody presents it: well-formed, not known yet.
struct PresentedKey {
    KeyKind kind = KeyKind::client;
    std::string environment_id;
    std::string id;  // to look it up by
    std::string sha256;
};
/// Refuses: too_large, malformed, mistyped.
[[nodiscard]] Judged<PresentedKey> read_api_key(std::string_view text);

/// A key as the store keeps it.
struct StoredKey {
    std::string id;
    std::string sha256;
    KeyKind kind = KeyKind::client;
    std::string project_id;      // empty: all projects (kind admin)
    std::string environment_id;  // empty: all environments (kind admin)
    std::optional<std::int64_t> expires_ms;
    std::optional<std::int64_t> revoked_ms;
};
/// Nothing where the presented key is that key and may be used; `stored` is null where none has its id. Refuses:
/// unknown_key, revoked, expired.
[[nodiscard]] std::optional<Refusal> check_key(const PresentedKey& presented, const StoredKey* stored,
                                               std::int64_t now_ms) noexcept;

/// `xp_server_ab12…`: the kind and the secret's first four characters, to tell keys apart in lists and logs.
[[nodiscard]] std::string redact_key(std::string_view text);
/// The text with each key in it redacted, whole or broken off: the last thing done to what is logged.
[[nodiscard]] std::string redact_keys_in(std::string_view text);

/// The capability in the path of a client's ruleset at the CDN: who knows it may read that object. An HMAC of the key's id
/// under a key derived from SECRET_KEY; 43 characters.
[[nodiscard]] Result<std::string> path_capability(std::string_view secret_key, std::string_view key_id);

}  // namespace expplat::server::auth
