// A signed token in its compact form (RFC 7515, 7.1), read as strictly as the standard allows.
//
// `read_compact` is the first stage of judging any token, ours (token.hpp) or Cognito's (cognito.hpp): exactly three parts,
// canonical base64url, a header that is a JSON object without repeated members, the one algorithm that the caller pins, a
// key id, and nothing that asks to trust a key of the token's own. The payload is bytes that nobody may believe before
// one of the keys has verified them. Values and pure functions; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "expplat/base/result.hpp"
#include "server/auth/refusal.hpp"
#include "server/auth/rsa_key.hpp"

namespace expplat::server::auth {

enum class Algorithm : std::uint8_t { hs256, rs256 };

[[nodiscard]] constexpr std::string_view name(Algorithm algorithm) noexcept {
    return algorithm == Algorithm::hs256 ? "HS256" : "RS256";
}

/// What a token says, not verified yet.
struct CompactJws {
    Algorithm algorithm = Algorithm::rs256;
    std::string key_id;       // `kid`, 1 to `limits::key_id_bytes` bytes
    std::string signed_text;  // header and payload as they were sent
    std::string payload;
    std::string signature;
};

/// Refuses: too_large, malformed, algorithm, header.
[[nodiscard]] Judged<CompactJws> read_compact(std::string_view token, Algorithm pinned);

/// A key of HS256: 32 bytes or more (RFC 7518, 3.2). Immutable; thread-safe.
class HmacKey {
public:
    [[nodiscard]] static Result<HmacKey> make(std::string bytes);
    /// The signature as bytes; fails with `unsupported` where OpenSSL refuses.
    [[nodiscard]] Result<std::string> sign(std::string_view text) const;

private:
    explicit HmacKey(std::string bytes) : bytes_(std::move(bytes)) {}
    std::string bytes_;
};

/// False, too, for a token of the other algorithm: a key is never used for what it is not.
[[nodiscard]] bool is_signed_by(const CompactJws& jws, const HmacKey& key);
[[nodiscard]] bool is_signed_by(const CompactJws& jws, const RsaKey& key) noexcept;

/// The compact form of a payload. Fails with `unsupported` where OpenSSL refuses.
[[nodiscard]] Result<std::string> write_compact(std::string_view payload, std::string_view key_id,
                                                const HmacKey& key);

}  // namespace expplat::server::auth
