// Where a service of AWS is: the URL, the region and the name that requests to it are signed with.
//
// Asked once when a client of a service is opened. A pure function of what the program says and of an environment that
// the caller looks up (tests give a map). Thread-safe. Sources: AWS SDKs and Tools Reference Guide, "Service-specific
// endpoints" and "Dual-stack and FIPS endpoints"; the services' endpoint rules in botocore. Next: `sigv4.hpp`.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "expplat/base/result.hpp"

namespace expplat::aws {

/// How AWS names the FIPS hosts of a service.
enum class FipsHosts : std::uint8_t {
    everywhere,    // `secretsmanager-fips.us-gov-west-1.amazonaws.com`
    plain_in_gov,  // `kinesis.us-gov-west-1.amazonaws.com` is one, elsewhere `kinesis-fips...`
    none_in_china,
};

/// How AWS names the dual-stack hosts of a service.
enum class DualStackHosts : std::uint8_t {
    own_suffix,  // `kinesis.us-east-1.api.aws`
    own_infix,   // `s3.dualstack.us-east-1.amazonaws.com`
    plain,       // the plain hosts are dual-stack; in the isolated and European partitions `own_suffix`
};

struct Service {
    std::string_view name;              // of the host and of the signature: `secretsmanager`
    std::string_view environment_name;  // after `AWS_ENDPOINT_URL_`: `SECRETS_MANAGER`
    FipsHosts fips = FipsHosts::everywhere;
    DualStackHosts dual_stack = DualStackHosts::own_suffix;
};

namespace services {
inline constexpr Service kinesis{"kinesis", "KINESIS", FipsHosts::plain_in_gov};
inline constexpr Service dynamodb{"dynamodb", "DYNAMODB", FipsHosts::plain_in_gov};
inline constexpr Service s3{"s3", "S3", FipsHosts::none_in_china, DualStackHosts::own_infix};
inline constexpr Service secrets_manager{"secretsmanager", "SECRETS_MANAGER", FipsHosts::everywhere,
                                         DualStackHosts::plain};
inline constexpr Service sts{"sts", "STS", FipsHosts::plain_in_gov};
}  // namespace services

/// The value of an environment variable; nothing where it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// What the program says. What it leaves open, the environment says.
struct EndpointChoice {
    std::string region{};            // else AWS_REGION, AWS_DEFAULT_REGION
    std::string url{};               // else AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, else by region
    std::optional<bool> use_fips{};  // else AWS_USE_FIPS_ENDPOINT, else no
    std::optional<bool> use_dual_stack{};  // else AWS_USE_DUALSTACK_ENDPOINT, else no
};

struct Endpoint {
    std::string url;     // `https://kinesis.us-east-1.amazonaws.com`, never with a slash at the end
    std::string region;  // of the signature
    std::string_view signing_name;    // of the signature
    std::string_view partition_name;  // `aws-us-gov`: ARNs begin with it
};

/// `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true` passes the environment's URLs over. An empty variable counts as not set.
/// `invalid_argument`: no region and none in the environment, one that is no host label, a URL that is not
/// http://HOST or https://HOST, a switch that is neither `true` nor `false`, a URL together with FIPS or dual-stack.
/// `unsupported`: FIPS where the service has no such host.
[[nodiscard]] Result<Endpoint> resolve_endpoint(const Service& service, const EndpointChoice& choice,
                                                const Environment& environment);

}  // namespace expplat::aws
