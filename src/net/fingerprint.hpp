// `fingerprint`: a short name for texts that must not be written down themselves, such as a key.
//
// Used to bind a file to what it was made from. SHA-256: nobody gets the texts back, and no two lists of texts have the same
// one. Pure; thread-safe.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace expplat::net {

/// 64 hexadecimal digits; which text ends where counts too. Empty where OpenSSL has no memory.
[[nodiscard]] std::string fingerprint(std::initializer_list<std::string_view> texts);

}  // namespace expplat::net
