// What a profile of the shared files asks for: where its first credentials are, and the roles to assume from there.
//
// `plan_profile` follows `source_profile` to its end and answers with a plan that `credential_lookup.hpp` performs;
// `with_profile` lets what else a profile says (region, endpoints, FIPS) stand for variables that are not set. Pure;
// thread-safe. Source: AWS SDKs and Tools Reference Guide, "Assume role credential provider" and "Service-specific
// endpoints".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "expplat/base/result.hpp"
#include "src/aws/credentials.hpp"
#include "src/aws/profile_file.hpp"

namespace expplat::aws {

inline constexpr std::size_t profile_chain_profiles = 10;  // of `source_profile` after `source_profile`

/// A role that STS is asked for with the credentials before it.
struct AssumedRole {
    std::string arn;
    std::string session_name{};      // empty: one is made
    std::string external_id{};       // empty: none
    std::string duration_seconds{};  // empty: STS's own, one hour; digits
};

/// A role that STS is asked for with a token in a file (EKS, OIDC).
struct WebIdentity {
    std::string token_path;
    std::string role_arn;
    std::string session_name{};  // empty: one is made
};

struct ProfilePlan {
    enum class Base : std::uint8_t { none, keys, environment, container, instance, web_identity };

    Base base = Base::none;
    std::string why;                 // there is none: what the profile has not
    Credentials keys;                // `keys`
    WebIdentity web_identity;        // `web_identity`
    std::vector<AssumedRole> roles;  // in the order in which they are assumed
};

/// A profile that is not there, or asks for nothing, is a plan with the base `none`. `invalid_argument`: a profile that
/// contradicts itself, names one that is not there, or comes back to itself; `unsupported`: AWS IAM Identity Center
/// (SSO), `credential_process`, `login_session`, multi-factor devices.
[[nodiscard]] Result<ProfilePlan> plan_profile(const Profiles& profiles, const std::string& name);

/// Variables that are set, and for those that are not what the profile says, where it says it.
[[nodiscard]] Environment with_profile(Environment environment, const Profiles& profiles,
                                       const std::string& name);

/// The profile that counts: the one that the program names, else AWS_PROFILE, else `default`.
[[nodiscard]] std::string profile_name(const std::string& named, const Surroundings& surroundings);

}  // namespace expplat::aws
