// Base64 without padding, as tokens (the URL alphabet) and stored passwords (the standard one) write bytes.
//
// Reading is canonical: no padding, no character outside the alphabet, no bit set that no byte uses, so that one value has
// one spelling. Used by the files of this folder. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace expplat::server::auth {

enum class Alphabet : std::uint8_t { url, standard };  // RFC 4648: 5 and 4

[[nodiscard]] std::string encode_base64(std::string_view bytes, Alphabet alphabet = Alphabet::url);
[[nodiscard]] std::string encode_base64(std::span<const unsigned char> bytes,
                                        Alphabet alphabet = Alphabet::url);
/// Nothing where the text is not what `encode_base64` writes.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text,
                                                       Alphabet alphabet = Alphabet::url);

}  // namespace expplat::server::auth
