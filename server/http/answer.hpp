// How an answer looks on the wire: the head of a response, in the form that its asker takes.
//
// Called by `connection.cpp` for every answer; decides on compression, and keeps the fields to itself that frame the
// message (Content-Length, Transfer-Encoding, Connection, Date, X-Request-Id). Pure. Sources: RFC 9110 (6.6.1, 8.4, 9.3.2,
// 12.5.3), RFC 9112 (6), RFC 9457.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "server/http/message.hpp"

namespace expplat::server::http {

/// Smaller bodies are not worth compressing.
inline constexpr std::size_t compressed_from_bytes = 1024;
/// Larger ones that are made for one request take too long for it: they go as they are.
inline constexpr std::size_t compressed_up_to_bytes = std::size_t{1} << 20;

struct AnswerForm {
    std::string_view id;           // of the request
    std::string_view date;         // as HTTP writes it
    std::string_view more_fields;  // with their line ends
    bool http_1_0 = false;
    bool head_only = false;  // the answer to HEAD
    bool close = false;      // the connection goes after it
    bool gzip = false;       // its asker takes gzip
    bool stream = false;     // the body has no end yet
};

/// Appends the head to `out`; returns the body that follows it, or null.
[[nodiscard]] SharedText write_head(std::string& out, const Response& response, const AnswerForm& form);

/// Compresses the body where its asker takes that and it is worth it: by who has time for it (a worker, say), so that the
/// listener's thread has not to.
void compress_beforehand(Response& response, const Request& request);

/// An answer that the listener makes itself: a problem document. `detail` has no character that JSON escapes.
[[nodiscard]] Response refusal(unsigned status, std::string_view detail);

/// Whether text of that Content-Type shrinks.
[[nodiscard]] bool is_compressible(std::string_view content_type) noexcept;

}  // namespace expplat::server::http
