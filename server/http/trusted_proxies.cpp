#include "server/http/trusted_proxies.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "server/http/field.hpp"

namespace expplat::server::http {

namespace {

constexpr unsigned mapped_bits = 96;  // of an IPv4 address among those of IPv6: ::ffff:0:0/96
constexpr unsigned address_bits = 128;

struct Address {
    Octets octets{};
    bool is_v4 = false;
};

[[nodiscard]] std::optional<Address> address_of(std::string_view text) noexcept {
    std::array<char, INET6_ADDRSTRLEN> copy{};  // ends with a zero
    if (text.size() >= copy.size()) return std::nullopt;
    std::ranges::copy(text, copy.begin());
    Address address;
    if (::inet_pton(AF_INET, copy.data(), &address.octets[12]) == 1) {
        address.octets[10] = address.octets[11] = 0xFF;
        address.is_v4 = true;
        return address;
    }
    if (::inet_pton(AF_INET6, copy.data(), address.octets.data()) == 1) return address;
    return std::nullopt;
}

[[nodiscard]] std::string text_of(const Octets& octets) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const bool is_mapped =
        std::all_of(octets.begin(), octets.begin() + 10, [](unsigned char octet) { return octet == 0; }) &&
        octets[10] == 0xFF && octets[11] == 0xFF;
    if (is_mapped) ::inet_ntop(AF_INET, &octets[12], text.data(), text.size());
    else ::inet_ntop(AF_INET6, octets.data(), text.data(), text.size());
    return text.data();
}

/// With or without a port, as proxies write it: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
[[nodiscard]] std::optional<Address> node_of(std::string_view text) noexcept {
    const auto is_port = [](std::string_view rest) {
        return rest.empty() || (rest.size() > 1 && rest.size() <= 6 && rest.front() == ':' &&
                                rest.find_first_not_of("0123456789", 1) == std::string_view::npos);
    };
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos || !is_port(text.substr(end + 1))) return std::nullopt;
        const std::optional<Address> address = address_of(text.substr(1, end - 1));
        return address && !address->is_v4 ? address : std::nullopt;
    }
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos) {
        if (!is_port(text.substr(colon))) return std::nullopt;
        text = text.substr(0, colon);
    }
    return address_of(text);
}

/// The first `bits` of an address.
[[nodiscard]] Octets masked(const Octets& octets, unsigned bits) noexcept {
    Octets kept{};
    for (std::size_t i = 0; i < octets.size(); ++i) {
        const unsigned before = static_cast<unsigned>(i) * 8;
        const unsigned of_this = bits <= before ? 0 : std::min(bits - before, 8u);
        kept[i] = static_cast<unsigned char>(octets[i] & (0xFF00u >> of_this));
    }
    return kept;
}

}  // namespace

Result<TrustedProxies> TrustedProxies::parse(std::string_view list) {
    TrustedProxies proxies;
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(','), list.size());
        const std::string_view member = trim(list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
        const auto refuse = [member](const char* why) {
            return Error{ErrorCode::invalid_argument, '`' + std::string(member) + "` " + why};
        };
        const std::size_t slash = member.find('/');
        const std::optional<Address> address = address_of(member.substr(0, slash));
        if (!address) return refuse("is no address or prefix (192.0.2.7, 10.0.0.0/8, 2001:db8::/32)");
        unsigned bits = address_bits;
        if (slash != std::string_view::npos) {
            const std::string_view length = member.substr(slash + 1);
            const unsigned most = address->is_v4 ? address_bits - mapped_bits : address_bits;
            const auto [stop, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
            if (error != std::errc() || stop != length.data() + length.size() || bits > most)
                return refuse("has no good length behind its slash");
            if (address->is_v4) bits += mapped_bits;
        }
        if (masked(address->octets, bits) != address->octets) return refuse("has bits beyond its length");
        if (proxies.networks_.size() >= networks_most) return refuse("is one too many");
        proxies.networks_.push_back({address->octets, bits});
    }
    return proxies;
}

bool TrustedProxies::contains(const Octets& address) const noexcept {
    return std::ranges::any_of(
        networks_, [&](const Network& network) { return masked(address, network.bits) == network.prefix; });
}

bool TrustedProxies::contains(std::string_view address) const noexcept {
    const std::optional<Address> read = address_of(address);
    return read && contains(read->octets);
}

std::string TrustedProxies::client_of(std::string_view peer, std::string_view forwarded_for) const {
    if (trim(forwarded_for).empty() || !contains(peer)) return std::string(peer);
    Octets client{};
    for (;;) {
        const std::size_t comma = forwarded_for.rfind(',');
        const std::size_t begin = comma == std::string_view::npos ? 0 : comma + 1;
        const std::optional<Address> node = node_of(trim(forwarded_for.substr(begin)));
        if (!node) return std::string(peer);
        client = node->octets;
        if (comma == std::string_view::npos || !contains(client)) return text_of(client);
        forwarded_for = forwarded_for.substr(0, comma);
    }
}

bool is_loopback(std::string_view address) noexcept {
    static const TrustedProxies loopback = *TrustedProxies::parse("127.0.0.0/8,::1");
    return loopback.contains(address);
}

}  // namespace expplat::server::http
