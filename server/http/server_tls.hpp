// `open_server_tls`: what all TLS connections of a listener have in common: its certificate, its key, and the versions.
//
// TLS 1.2 or newer, HTTP/1.1 by ALPN, no renegotiation. Called once by `listener.cpp`; connections share the context,
// which nobody changes. OpenSSL behind a face without its headers.
#pragma once

#include <memory>
#include <string>

#include "expplat/base/result.hpp"

struct ssl_ctx_st;

namespace expplat::server::http {

/// Of two PEM files, the certificate's with its chain. `invalid_argument` where they cannot be read or do not belong
/// together.
[[nodiscard]] Result<std::shared_ptr<ssl_ctx_st>> open_server_tls(const std::string& certificate_file,
                                                                  const std::string& private_key_file);

}  // namespace expplat::server::http
