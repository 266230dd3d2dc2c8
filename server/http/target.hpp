// `parse_target`: a request's target, `/a%20b?c=d`, as decoded segments and query members.
//
// Called by `request_reader.cpp` for every request, so that routes compare plain text and nothing is decoded twice. What
// could name another path to somebody else on the way (`..`, `//`) is refused. A path is split before it is decoded: `%2F` is
// a slash within a segment, as keys of flags may have one, and never leads anywhere else.
// Pure; safe on any bytes. Sources: RFC 9112 (3.2), RFC 3986; the form encoding of queries is that of the URL Standard.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "expplat/base/result.hpp"

namespace expplat::server::http {

inline constexpr std::size_t query_members = 100;

struct Target {
    std::vector<std::string> segments;  // none for `/` and `*`
    std::vector<std::pair<std::string, std::string>> query;
};

/// Of the origin form (`/path?query`), of the absolute form, of which the path and the query are kept, and `*` for
/// OPTIONS. `invalid_argument` with words for who asked: an empty segment but a last one, `.`, `..`, an encoded slash or
/// control byte, an escape that is none, text that is not UTF-8, a fragment, or more than `query_members`.
[[nodiscard]] Result<Target> parse_target(std::string_view method, std::string_view target);

}  // namespace expplat::server::http
