// Digests over OpenSSL: SHA-256 and HMAC for signatures, MD5 for the trailer of KPL records.
//
// Used inside this layer and by the server's authentication. Nothing where OpenSSL refuses: it has no memory, or (MD5) the host's configuration has
// no provider with the algorithm left. Pure; thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace expplat::aws {

using Sha256 = std::array<unsigned char, 32>;
using Md5 = std::array<unsigned char, 16>;

[[nodiscard]] std::optional<Sha256> sha256(std::string_view bytes) noexcept;
[[nodiscard]] std::optional<Sha256> hmac_sha256(std::span<const unsigned char> key,
                                                std::string_view bytes) noexcept;
/// No protection against anybody; also served on a host in FIPS mode.
[[nodiscard]] std::optional<Md5> md5(std::string_view bytes) noexcept;

/// Lower-case hexadecimal digits.
[[nodiscard]] std::string hex(std::span<const unsigned char> bytes);

}  // namespace expplat::aws
