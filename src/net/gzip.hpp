// `gzip`: a request's body, compressed.
//
// Used by whoever sends much (the HTTP sink), which adds `Content-Encoding: gzip` itself. Pure; thread-safe. The other
// way round is `content_decoder.hpp`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace expplat::net {

/// One gzip member (RFC 1952), at zlib's fastest level: event JSON shrinks to about a tenth, at some 300 MB/s. Nothing
/// where there is no memory.
[[nodiscard]] std::optional<std::string> gzip(std::string_view bytes);

}  // namespace expplat::net
