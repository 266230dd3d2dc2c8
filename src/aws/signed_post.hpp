// A signed POST to a service's endpoint: how the services that take queries or JSON are called.
//
// Made by the typed calls (`sts.hpp`, `kinesis.hpp`) and handed to a `net::Transport`. Pure; thread-safe. Next:
// `sigv4.hpp` makes the signature.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/base/result.hpp"
#include "src/aws/credentials.hpp"
#include "src/aws/endpoint.hpp"
#include "src/net/transport.hpp"

namespace expplat::aws {

/// The `Host` that a transport sends for a URL: without the port that its scheme has anyway.
[[nodiscard]] std::string_view host_of(std::string_view url) noexcept;

/// A POST to the endpoint's root (or to the path that its URL has), with `headers` and all that signing adds. Fails as
/// `sign_headers` does.
[[nodiscard]] Result<net::Request> signed_post(const Endpoint& endpoint, const Credentials& credentials,
                                               std::vector<net::Header> headers, std::string body,
                                               std::int64_t unix_ms);

}  // namespace expplat::aws
