#include "src/net/proxy.hpp"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <utility>

namespace expplat::net {

namespace {

int digit_of(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// A password in a URL is percent-encoded; what is no escape stays as it is.
std::string unescaped(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && digit_of(text[i + 1]) >= 0 &&
            digit_of(text[i + 2]) >= 0) {
            result += static_cast<char>(digit_of(text[i + 1]) * 16 + digit_of(text[i + 2]));
            i += 2;
        } else {
            result += text[i];
        }
    }
    return result;
}

Result<Proxy> read_proxy(std::string_view text, std::string_view where) {
    const std::string from = " (" + std::string(where) + ")";
    if (const std::size_t end = text.find("://"); end != std::string_view::npos) {
        if (const auto scheme = lowered(text.substr(0, end)); scheme != "http") {
            return Error{ErrorCode::unsupported, "a proxy of the kind `" + scheme.substr(0, 16) +
                                                     "://` is not supported, only `http://`" + from};
        }
    }
    auto url = parse_proxy_url(text);
    if (!url) return Error{ErrorCode::invalid_argument, "the proxy: " + url.error().message + from};
    Proxy proxy{url->host, url->port, {}};
    if (!url->user.empty()) {
        std::string user = unescaped(url->user);
        if (user.find(':') == std::string::npos) user += ':';
        proxy.authorization = "Basic " + base64(user);
    }
    return proxy;
}

/// An address of either family as bytes; 0 of them where the text is none.
struct Address {
    std::array<unsigned char, 16> bytes{};
    int bits = 0;
};

Address read_address(const std::string& text) noexcept {
    Address address;
    if (inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) address.bits = 32;
    else if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) address.bits = 128;
    return address;
}

/// Whether the address lies in a network written `address/bits`.
bool is_in_network(const std::string& host, const std::string& network) noexcept {
    const std::size_t slash = network.find('/');
    if (slash == std::string::npos) return false;
    const Address address = read_address(host);
    const Address base = read_address(network.substr(0, slash));
    int bits = 0;
    const auto [end, error] =
        std::from_chars(network.data() + slash + 1, network.data() + network.size(), bits);
    if (error != std::errc{} || end != network.data() + network.size()) return false;
    if (address.bits == 0 || address.bits != base.bits || bits < 0 || bits > base.bits) return false;
    for (int bit = 0; bit < bits; ++bit) {
        const auto byte = static_cast<std::size_t>(bit / 8);
        const int mask = 0x80 >> (bit % 8);
        if ((address.bytes[byte] & mask) != (base.bytes[byte] & mask)) return false;
    }
    return true;
}

}  // namespace

std::string base64(std::string_view bytes) {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            text += i + k <= bytes.size() ? letters[group >> (18 - 6 * k) & 63u] : '=';
        }
    }
    return text;
}

Result<ProxyRules> ProxyRules::read(const std::string& setting, const Environment& environment) {
    ProxyRules rules;
    if (setting == "none") return rules;
    const auto first_of =
        [&](std::initializer_list<const char*> names) -> std::pair<std::string, std::string> {
        for (const char* name : names) {
            if (auto value = environment(name); value && !value->empty()) return {name, std::move(*value)};
        }
        return {};
    };
    if (!setting.empty()) {
        auto proxy = read_proxy(setting, "the setting");
        if (!proxy) return proxy.error();
        rules.http_ = *proxy;
        rules.https_ = std::move(*proxy);
    } else {
        for (const bool tls : {false, true}) {
            const auto [name, value] =
                tls ? first_of({"https_proxy", "HTTPS_PROXY"}) : first_of({"http_proxy"});
            if (value.empty()) continue;
            auto proxy = read_proxy(value, "the environment's " + name);
            if (!proxy) return proxy.error();
            (tls ? rules.https_ : rules.http_) = std::move(*proxy);
        }
    }
    const std::string list = lowered(first_of({"no_proxy", "NO_PROXY"}).second);
    for (std::size_t begin = 0; begin < list.size();) {
        const std::size_t end = std::min(list.find_first_of(", \t", begin), list.size());
        std::string entry = list.substr(begin, end - begin);
        if (entry.size() > 1 && entry.front() == '[' && entry.back() == ']')
            entry = entry.substr(1, entry.size() - 2);
        if (!entry.empty() && entry.front() == '.') entry.erase(0, 1);
        if (!entry.empty()) rules.exceptions_.push_back(std::move(entry));
        begin = end + 1;
    }
    return rules;
}

bool ProxyRules::is_excepted(const std::string& host) const noexcept {
    for (const std::string& entry : exceptions_) {
        if (entry == "*" || host == entry || is_in_network(host, entry)) return true;
        if (host.size() > entry.size() && host.ends_with(entry) &&
            host[host.size() - entry.size() - 1] == '.' && !is_ip_literal(host)) {
            return true;
        }
    }
    return false;
}

const Proxy* ProxyRules::find(const Url& url) const noexcept {
    const auto& proxy = url.tls ? https_ : http_;
    return !proxy || is_excepted(url.host) ? nullptr : &*proxy;
}

}  // namespace expplat::net
