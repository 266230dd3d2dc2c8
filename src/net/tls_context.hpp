// `TlsContext`: what all TLS connections of a transport have in common: versions, authorities, and who is believed.
//
// TLS 1.2 or newer, every certificate verified against the system's authorities or a PEM file's, and against the name or
// address that was asked for. OpenSSL behind a face without it. Immutable; connections share it. Next: `connection.hpp`.
#pragma once

#include <memory>
#include <string>

#include "expplat/base/result.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace expplat::net {

/// What a connection says it will speak (RFC 7301).
enum class Alpn : bool { none, http };

class TlsContext {
public:
    /// `ca_file`: PEM certificates that are believed instead of the system's; empty: the system's. `not_found` where the
    /// file is not there, `invalid_argument` where it holds no certificate.
    [[nodiscard]] static Result<TlsContext> open(const std::string& ca_file, Alpn alpn = Alpn::http);

    [[nodiscard]] ssl_ctx_st* native() const noexcept { return context_.get(); }

    /// Makes a connection's TLS ask for `host` (SNI, where it is a name) and believe no certificate of another.
    [[nodiscard]] static bool expect_host(ssl_st* ssl, const std::string& host) noexcept;
    /// Why the certificate was not believed; empty where it was or none came.
    [[nodiscard]] static std::string refusal(const ssl_st* ssl);

private:
    struct Free {
        void operator()(ssl_ctx_st* context) const noexcept;
    };
    std::unique_ptr<ssl_ctx_st, Free> context_;
};

}  // namespace expplat::net
