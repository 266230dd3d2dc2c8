// AWS Signature Version 4: what a request must carry so that AWS believes who sent it.
//
// Called by every typed call of this layer just before it sends: `sign_headers` for a request, `sign_query` for a URL
// that somebody else will use. The answer also holds the canonical request, which AWS quotes when signatures differ; it
// may hold a session token, so it is never logged. Pure; thread-safe. Source: AWS IAM User Guide, "AWS Signature
// Version 4 for API requests". Next: `src/net` sends the request.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/base/result.hpp"

namespace expplat::aws {

/// What stands for the payload's hash where the payload is not signed (S3 over TLS).
inline constexpr std::string_view unsigned_payload = "UNSIGNED-PAYLOAD";
/// The hash of no bytes.
inline constexpr std::string_view empty_payload_hash =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The hash of a body, as `SignableRequest::payload_hash` wants it. `unsupported` where OpenSSL refuses.
[[nodiscard]] Result<std::string> payload_hash(std::string_view body);

struct HeaderView {
    std::string_view name;
    std::string_view value;
};

struct Header {
    std::string name;
    std::string value;
};

/// A request as it will be sent, but for what signing adds.
struct SignableRequest {
    std::string_view method;                // `POST`
    std::string_view path = "/";            // as on the request line, without the query
    std::string_view query{};               // as on the request line, without the `?`; escapes must be whole
    std::span<const HeaderView> headers{};  // with `Host`, and all that must not be changed on the way
    std::string_view payload_hash = empty_payload_hash;
};

struct SigningCredentials {
    std::string_view access_key_id;
    std::string_view secret_access_key;
    std::string_view session_token{};  // empty for a permanent key
};

struct SigningContext {
    SigningCredentials credentials;
    std::string_view region;         // `us-east-1`
    std::string_view service;        // the signing name: `kinesis`
    std::int64_t unix_seconds = 0;   // AWS refuses what is five minutes off
    bool normalize_path = true;      // `/a/../b//c` is signed as `/b/c`; off for S3
    bool double_encode_path = true;  // the path's own `%` is escaped once more; off for S3
    bool sign_session_token = true;  // off: the token is added after signing (a few old services)
};

struct Signed {
    std::string canonical_request;
    std::string string_to_sign;
    std::string signature;
    std::vector<Header> headers;  // to add to the request (`sign_headers`)
    std::string query;            // to send in place of the request's (`sign_query`)
};

enum class ContentHeader : bool { absent, present };

/// Signs in the `Authorization` header. `present` also sends and signs `x-amz-content-sha256`, as S3 requires.
/// `invalid_argument` for a request, key or scope that cannot be signed, and says why.
[[nodiscard]] Result<Signed> sign_headers(const SignableRequest& request, const SigningContext& context,
                                          ContentHeader content_header = ContentHeader::absent);

inline constexpr std::int64_t longest_signed_url_seconds = 604'800;  // seven days

/// Signs in the query: the URL is good for `expires_seconds`, 1 to 604,800.
[[nodiscard]] Result<Signed> sign_query(const SignableRequest& request, const SigningContext& context,
                                        std::int64_t expires_seconds);

}  // namespace expplat::aws
