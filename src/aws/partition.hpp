// AWS's partitions: which one a region belongs to, and the names of its hosts.
//
// Read by `endpoint.hpp` to make a service's address. A region that no row knows is of the partition `aws`, so that a
// new region works before this table is changed. Pure; constexpr. Source: botocore, data/partitions.json.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

namespace expplat::aws {

struct Partition {
    std::string_view name;
    std::string_view dns_suffix;
    std::string_view dual_stack_dns_suffix;             // of hosts that IPv6 reaches too
    std::span<const std::string_view> region_prefixes;  // `us` of `us-east-1`
};

namespace detail {
inline constexpr std::string_view aws_regions[] = {"us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"};
inline constexpr std::string_view aws_cn_regions[] = {"cn"};
inline constexpr std::string_view aws_us_gov_regions[] = {"us-gov"};
inline constexpr std::string_view aws_eusc_regions[] = {"eusc-de"};
inline constexpr std::string_view aws_iso_regions[] = {"us-iso"};
inline constexpr std::string_view aws_iso_b_regions[] = {"us-isob"};
inline constexpr std::string_view aws_iso_e_regions[] = {"eu-isoe"};
inline constexpr std::string_view aws_iso_f_regions[] = {"us-isof"};
}  // namespace detail

inline constexpr Partition partitions[] = {
    {"aws", "amazonaws.com", "api.aws", detail::aws_regions},
    {"aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn", detail::aws_cn_regions},
    {"aws-us-gov", "amazonaws.com", "api.aws", detail::aws_us_gov_regions},
    {"aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu", detail::aws_eusc_regions},
    {"aws-iso", "c2s.ic.gov", "api.aws.ic.gov", detail::aws_iso_regions},
    {"aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud", detail::aws_iso_b_regions},
    {"aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", detail::aws_iso_e_regions},
    {"aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov", detail::aws_iso_f_regions},
};

/// True for what can be a label of a host name: a region must be one before it is put into an address.
[[nodiscard]] constexpr bool is_region(std::string_view region) noexcept {
    constexpr std::size_t host_label_bytes = 63;
    if (region.empty() || region.size() > host_label_bytes) return false;
    if (region.front() == '-' || region.back() == '-') return false;
    return std::all_of(region.begin(), region.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

/// The partition of a region: `us-gov-west-1` is a prefix, a word and a number.
[[nodiscard]] constexpr const Partition& partition_of(std::string_view region) noexcept {
    const std::size_t number = region.rfind('-');
    const std::size_t word =
        number == std::string_view::npos || number == 0 ? number : region.rfind('-', number - 1);
    if (word == std::string_view::npos) return partitions[0];
    const std::string_view prefix = region.substr(0, word);
    for (const Partition& partition : partitions) {
        const auto prefixes = partition.region_prefixes;
        if (std::find(prefixes.begin(), prefixes.end(), prefix) != prefixes.end()) return partition;
    }
    return partitions[0];
}

}  // namespace expplat::aws
