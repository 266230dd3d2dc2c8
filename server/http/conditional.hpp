// What a request asks for beside its path: a certain version of the thing, a form of it, a language of its errors.
//
// Pure functions; thread-safe. Source: RFC 9110, sections 12 and 13.
#pragma once

#include <string_view>

#include "server/http/message.hpp"

namespace expplat::server::http {

/// An `If-None-Match` names this entity tag, by the weak comparison: the answer is 304.
[[nodiscard]] bool none_match_names(std::string_view if_none_match, std::string_view etag) noexcept;

/// An `If-Match` allows a change of what has this entity tag, by the strong comparison. Empty: there was no such header, and
/// everything is allowed.
[[nodiscard]] bool match_allows(std::string_view if_match, std::string_view etag) noexcept;

/// An answer of 200 with an entity tag that the request's `If-None-Match` names becomes 304, where it is one to GET or HEAD that
/// may be kept at all (`no-store`).
void shorten_if_known(const Request& request, Response& response);

/// How much an `Accept` wants a media type (`application/json`), 0 ... 1000; 1000 for all where it is empty. The most
/// particular range counts.
[[nodiscard]] int quality_of(std::string_view accept, std::string_view type) noexcept;

}  // namespace expplat::server::http
