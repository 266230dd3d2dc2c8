#include "src/aws/endpoint.hpp"

#include <algorithm>
#include <utility>

#include "src/aws/partition.hpp"

namespace expplat::aws {

namespace {

[[nodiscard]] Error invalid(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

/// The variable's value; empty where it is not set.
[[nodiscard]] std::string read(const Environment& environment, const std::string& name) {
    return environment ? environment(name).value_or(std::string()) : std::string();
}

[[nodiscard]] Result<bool> read_switch(const Environment& environment, const std::string& name) {
    std::string value = read(environment, name);
    for (char& c : value) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    if (value == "true") return true;
    if (value.empty() || value == "false") return false;
    return invalid(name + " must be true or false");
}

/// A URL and who gave it.
struct GivenUrl {
    std::string url;
    std::string source;
};

/// The URL that stands in for the service's own; empty where there is none.
[[nodiscard]] Result<GivenUrl> find_url(const Service& service, const EndpointChoice& choice,
                                        const Environment& environment) {
    if (!choice.url.empty()) return GivenUrl{choice.url, "the configured endpoint"};
    const Result<bool> ignored = read_switch(environment, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    if (!ignored) return ignored.error();
    if (*ignored) return GivenUrl{};
    const std::string for_all = "AWS_ENDPOINT_URL";
    for (const std::string& name : {for_all + '_' + std::string(service.environment_name), for_all}) {
        std::string url = read(environment, name);
        if (!url.empty()) return GivenUrl{std::move(url), name};
    }
    return GivenUrl{};
}

/// The URL without slashes at its end; refused where it is not http or https with a host, or has more than a path.
[[nodiscard]] Result<std::string> check_url(GivenUrl given) {
    std::string& url = given.url;
    while (url.ends_with('/')) url.pop_back();
    std::string_view rest = url;
    if (rest.starts_with("https://")) rest.remove_prefix(8);
    else if (rest.starts_with("http://")) rest.remove_prefix(7);
    else return invalid(given.source + " is no http:// or https:// URL with a host");
    const std::string_view authority = rest.substr(0, rest.find('/'));
    if (authority.empty() || authority.front() == ':') {
        return invalid(given.source + " is no http:// or https:// URL with a host");
    }
    const bool printable =
        std::all_of(rest.begin(), rest.end(), [](char c) { return c > ' ' && c < '\x7F'; });
    if (!printable || rest.find_first_of("?#@\\") != std::string_view::npos) {
        return invalid(given.source + " must be a scheme, a host, a port and a path, and no more");
    }
    return std::move(url);
}

[[nodiscard]] Result<std::string> find_region(const EndpointChoice& choice, const Environment& environment) {
    std::string region = choice.region;
    if (region.empty()) region = read(environment, "AWS_REGION");
    if (region.empty()) region = read(environment, "AWS_DEFAULT_REGION");
    if (region.empty()) {
        return invalid(
            "no AWS region: it is not configured, and neither AWS_REGION nor AWS_DEFAULT_REGION is set");
    }
    if (!is_region(region)) return invalid("`" + region + "` is no AWS region");
    return region;
}

/// The plain hosts of a service of the kind `plain` are dual-stack. (FIPS hosts in China, which its rules name and AWS
/// does not have, are no exception from the suffix.)
[[nodiscard]] bool plain_is_dual_stack(const Partition& partition, bool use_fips) noexcept {
    return partition.name == "aws" || partition.name == "aws-us-gov" ||
           (partition.name == "aws-cn" && !use_fips);
}

[[nodiscard]] std::string regional_url(const Service& service, std::string_view region,
                                       const Partition& partition, bool use_fips, bool use_dual_stack) {
    const bool plain_is_fips =
        service.fips == FipsHosts::plain_in_gov && partition.name == "aws-us-gov" && !use_dual_stack;
    const bool has_infix = use_dual_stack && service.dual_stack == DualStackHosts::own_infix;
    const bool is_plain =
        service.dual_stack == DualStackHosts::plain && plain_is_dual_stack(partition, use_fips);
    std::string url = "https://";
    url += service.name;
    if (use_fips && !plain_is_fips) url += "-fips";
    url += '.';
    if (has_infix) url += "dualstack.";
    url += region;
    url += '.';
    url += use_dual_stack && !has_infix && !is_plain ? partition.dual_stack_dns_suffix : partition.dns_suffix;
    return url;
}

}  // namespace

Result<Endpoint> resolve_endpoint(const Service& service, const EndpointChoice& choice,
                                  const Environment& environment) {
    Result<std::string> region = find_region(choice, environment);
    if (!region) return region.error();
    const Result<bool> use_fips =
        choice.use_fips ? Result<bool>(*choice.use_fips) : read_switch(environment, "AWS_USE_FIPS_ENDPOINT");
    if (!use_fips) return use_fips.error();
    const Result<bool> use_dual_stack = choice.use_dual_stack
                                            ? Result<bool>(*choice.use_dual_stack)
                                            : read_switch(environment, "AWS_USE_DUALSTACK_ENDPOINT");
    if (!use_dual_stack) return use_dual_stack.error();
    Result<GivenUrl> given = find_url(service, choice, environment);
    if (!given) return given.error();

    const Partition& partition = partition_of(*region);
    Endpoint endpoint;
    endpoint.signing_name = service.name;
    endpoint.partition_name = partition.name;
    if (!given->url.empty()) {
        if (*use_fips || *use_dual_stack) {
            return invalid(given->source + " cannot be combined with a FIPS or dual-stack endpoint");
        }
        Result<std::string> url = check_url(std::move(*given));
        if (!url) return url.error();
        endpoint.url = std::move(*url);
    } else {
        if (*use_fips && service.fips == FipsHosts::none_in_china && partition.name == "aws-cn") {
            return Error{ErrorCode::unsupported,
                         std::string(service.name) + " has no FIPS endpoints in the partition aws-cn"};
        }
        endpoint.url = regional_url(service, *region, partition, *use_fips, *use_dual_stack);
    }
    endpoint.region = std::move(*region);
    return endpoint;
}

}  // namespace expplat::aws
