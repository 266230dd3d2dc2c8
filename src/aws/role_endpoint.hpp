// The two addresses that hand out credentials of the machine's own role: a container's and an EC2 instance's.
//
// Requests and the reading of answers, for `credential_lookup.hpp`, which sends them. Both answer with the same JSON
// object. An address is only asked where it cannot be somebody else's: see `container_request`. Pure; thread-safe.
// Sources: AWS SDKs and Tools Reference Guide, "Container credential provider" and "IMDS credential provider"; EC2 User
// Guide, "Use the Instance Metadata Service".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "expplat/base/result.hpp"
#include "src/aws/credentials.hpp"
#include "src/aws/surroundings.hpp"
#include "src/net/transport.hpp"

namespace expplat::aws {

inline constexpr std::size_t role_answer_bytes = 64 * 1024;
inline constexpr std::size_t authorization_token_bytes = 16 * 1024;
inline constexpr std::int64_t role_timeout_ms = 1'000;  // of one try: the address is on this machine
inline constexpr int role_tries = 2;
inline constexpr int instance_token_seconds = 21'600;

/// What AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or AWS_CONTAINER_CREDENTIALS_FULL_URI ask for; nothing where neither is
/// set. A full URI is https, or http to loopback, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23]: else
/// `invalid_argument`, since credentials and a token would cross a network in the clear. The token's file
/// (AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE) is read anew.
[[nodiscard]] Result<std::optional<net::Request>> container_request(const Surroundings& surroundings);

/// The instance's metadata service; nothing where AWS_EC2_METADATA_DISABLED says so. `invalid_argument` for an
/// AWS_EC2_METADATA_SERVICE_ENDPOINT that is no http URL.
[[nodiscard]] Result<std::optional<std::string>> instance_address(const Surroundings& surroundings);
[[nodiscard]] net::Request instance_token_request(const std::string& address);
/// `role` empty: asks which role the instance has.
[[nodiscard]] net::Request instance_role_request(const std::string& address, std::string_view token,
                                                 std::string_view role);
/// The instance's role in an answer: its first line; empty where that is no name.
[[nodiscard]] std::string read_instance_role(std::string_view body);

/// The credentials of either. `unauthorized`, or `network` for 5xx and what is none of their answers.
[[nodiscard]] Result<Credentials> read_role_answer(int status, std::string_view body,
                                                   const std::string& source);

}  // namespace expplat::aws
