// gzip: a body that is compressed before it is posted.
//
// Called by whatever sends much text (the HTTP sink, docs/PROTOCOL.md). Level 1: events are alike, and a client's core is
// worth more than its bytes. Pure; safe from many threads. Source: RFC 1952.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace expplat::net {

/// The text as one gzip member. Nothing where zlib refuses (no memory) or the text is over 1 GiB.
[[nodiscard]] std::optional<std::string> gzip(std::string_view text);

}  // namespace expplat::net
