// AWS's Security Token Service: the two calls that make credentials for a role.
//
// Requests and the reading of answers, for `credential_lookup.hpp`, which sends them. The answers are XML, of which only
// the four texts inside `<Credentials>` and the code of an error are read; an answer is never quoted. Pure; thread-safe.
// Source: AWS Security Token Service API Reference.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "expplat/base/result.hpp"
#include "src/aws/credentials.hpp"
#include "src/aws/endpoint.hpp"
#include "src/aws/profile_plan.hpp"
#include "src/net/transport.hpp"

namespace expplat::aws {

inline constexpr std::size_t sts_answer_bytes = 64 * 1024;
inline constexpr std::size_t web_identity_token_bytes = 64 * 1024;

/// AssumeRole, signed with the credentials before. An empty session name becomes `expplat-<time>`.
[[nodiscard]] Result<net::Request> assume_role(const Endpoint& sts, const AssumedRole& role,
                                               const Credentials& with, std::int64_t unix_ms);

/// AssumeRoleWithWebIdentity: the token speaks for itself, nothing is signed.
[[nodiscard]] net::Request assume_role_with_web_identity(const Endpoint& sts, const WebIdentity& identity,
                                                         std::string_view token, std::int64_t unix_ms);

/// The credentials of an answer to either. `unauthorized` or `network` (5xx, or no answer of STS) with STS's code.
[[nodiscard]] Result<Credentials> read_sts_answer(int status, std::string_view body,
                                                  const std::string& role_arn);

}  // namespace expplat::aws
