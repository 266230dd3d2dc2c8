// Where a service of AWS is: the URL, the region and the name that requests to it are signed with.
//
// Asked once when a client of a service is opened. A pure function of what the program says and of an environment that
// the caller looks up (tests give a map). Thread-safe. Sources: AWS SDKs and Tools Reference Guide, "Service-specific
// endpoints" and "Dual-stack and FIPS endpoints"; the services' endpoint rules in botocore. Next: `sigv4.hpp`.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "expplat/base/result.hpp"

namespace expplat::aws {

struct Service {
    std::string_view name;              // of the host and of the signature: `secretsmanager`
    std::string_view environment_name;  // after `AWS_ENDPOINT_URL_`: `SECRETS_MANAGER`
    bool plain_name_is_fips_in_gov = false;  // `kinesis.us-gov-west-1.amazonaws.com` is the FIPS endpoint
    bool is_s3 = false;                 // has dual-stack hosts of its own pattern, and no FIPS in China
};

namespace services {
inline constexpr Service kinesis{"kinesis", "KINESIS", true};
inline constexpr Service dynamodb{"dynamodb", "DYNAMODB", true};
inline constexpr Service s3{"s3", "S3", false, true};
inline constexpr Service secrets_manager{"secretsmanager", "SECRETS_MANAGER"};
inline constexpr Service sts{"sts", "STS", true};
}  // namespace services

/// The value of an environment variable; nothing where it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// What the program says. What it leaves open, the environment says.
struct EndpointChoice {
    std::string region;                  // else AWS_REGION, AWS_DEFAULT_REGION
    std::string url;                     // else AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, else by region
    std::optional<bool> use_fips;        // else AWS_USE_FIPS_ENDPOINT, else no
    std::optional<bool> use_dual_stack;  // else AWS_USE_DUALSTACK_ENDPOINT, else no
};

struct Endpoint {
    std::string url;                  // `https://kinesis.us-east-1.amazonaws.com`, never with a slash at the end
    std::string region;               // of the signature
    std::string_view signing_name;    // of the signature
    std::string_view partition_name;  // `aws-us-gov`: ARNs begin with it
};

/// `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true` passes the environment's URLs over. An empty variable counts as not set.
/// `invalid_argument`: no region and none in the environment, one that is no host label, a URL that is not
/// http://HOST or https://HOST, a switch that is neither `true` nor `false`, a URL together with FIPS or dual-stack.
/// `unsupported`: S3 with FIPS in China.
[[nodiscard]] Result<Endpoint> resolve_endpoint(const Service& service, const EndpointChoice& choice,
                                                const Environment& environment);

}  // namespace expplat::aws
