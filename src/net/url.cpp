#include "src/net/url.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace expplat::net {

namespace {

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr bool is_letter_or_digit(char c) noexcept {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

/// RFC 9110, 5.6.2.
bool is_token(std::string_view text) noexcept {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return is_letter_or_digit(c) || marks.find(c) != std::string_view::npos;
    });
}

/// Visible ASCII: no space, no control character, and nothing that should have been percent-encoded.
bool is_visible(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

/// RFC 9110, 5.5: visible characters, spaces, tabs and bytes above ASCII.
bool is_field_value(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != '\x7f');
    });
}

Error refused(std::string_view why) { return {ErrorCode::invalid_argument, "the URL " + std::string(why)}; }

bool is_name(std::string_view host) noexcept {
    return !host.empty() && host.size() <= host_bytes && host.front() != '.' &&
           host.find("..") == std::string_view::npos && std::all_of(host.begin(), host.end(), [](char c) {
               return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_';
           });
}

bool is_ipv6(const std::string& host) noexcept {
    in6_addr address{};
    return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
    if (text.empty() || text.size() > 5) return std::nullopt;
    std::uint32_t port = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        port = port * 10 + static_cast<std::uint32_t>(c - '0');
    }
    if (port == 0 || port > 65'535) return std::nullopt;
    return static_cast<std::uint16_t>(port);
}

/// `host`, `host:port`, `[address]` or `[address]:port`.
Result<void> read_authority(std::string_view text, Url& url) {
    std::string_view port;
    bool with_port = false;
    if (!text.empty() && text.front() == '[') {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return refused("has an IPv6 address without its closing bracket");
        url.host = lowered(text.substr(1, end - 1));
        if (!is_ipv6(url.host)) return refused("has something in brackets that is no IPv6 address");
        port = text.substr(end + 1);
        with_port = !port.empty();
        if (with_port && port.front() != ':') return refused("has something between host and port");
        if (with_port) port.remove_prefix(1);
    } else {
        const std::size_t colon = text.find(':');
        with_port = colon != std::string_view::npos;
        url.host = lowered(text.substr(0, colon));
        if (with_port) port = text.substr(colon + 1);
        if (url.host.empty()) return refused("has no host");
        if (!is_name(url.host)) return refused("has a host that is no name and no address");
    }
    url.port = url.tls ? 443 : 80;
    if (!with_port || port.empty()) return {};  // `host:` is the default port, RFC 3986, 3.2.3
    const auto number = parse_port(port);
    if (!number) return refused("has a port that is no number from 1 to 65535");
    url.port = *number;
    return {};
}

struct Parts {
    bool tls = false;
    std::optional<std::string_view> user;
    std::string_view authority;
    std::string_view rest;  // from the first `/`, `?` or `#`
};

Result<Parts> split(std::string_view text, bool scheme_needed) {
    if (text.empty()) return refused("is empty");
    if (text.size() > url_bytes) return refused("is longer than 16 KiB");
    if (!is_visible(text)) return refused("has a space, a control character or a byte outside ASCII");
    Parts parts;
    const std::size_t scheme_end = text.find("://");
    if (scheme_end != std::string_view::npos) {
        const std::string_view scheme = text.substr(0, scheme_end);
        parts.tls = same_letters(scheme, "https");
        if (!parts.tls && !same_letters(scheme, "http")) return refused("is neither http:// nor https://");
        text.remove_prefix(scheme_end + 3);
    } else if (scheme_needed) {
        return refused("is neither http:// nor https://");
    }
    parts.authority = text.substr(0, text.find_first_of("/?#"));
    parts.rest = text.substr(parts.authority.size());
    if (const std::size_t at = parts.authority.rfind('@'); at != std::string_view::npos) {
        parts.user = parts.authority.substr(0, at);
        parts.authority.remove_prefix(at + 1);
    }
    return parts;
}

}  // namespace

bool same_letters(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

std::string lowered(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), lower);
    return result;
}

bool is_ip_literal(const std::string& host) noexcept {
    in_addr address{};
    return inet_pton(AF_INET, host.c_str(), &address) == 1 || is_ipv6(host);
}

std::string Url::authority() const {
    const bool brackets = host.find(':') != std::string::npos;
    return (brackets ? "[" + host + "]:" : host + ":") + std::to_string(port);
}

std::string Url::host_header() const {
    std::string text = authority();
    if (port == (tls ? 443 : 80)) text.resize(text.rfind(':'));
    return text;
}

Result<Url> parse_url(std::string_view text) {
    const auto parts = split(text, true);
    if (!parts) return parts.error();
    if (parts->user) return refused("has a user name or password, which belong into a header");
    Url url;
    url.tls = parts->tls;
    if (auto read = read_authority(parts->authority, url); !read) return read.error();
    const std::string_view target = parts->rest.substr(0, parts->rest.find('#'));
    url.target = target.empty() || target.front() == '?' ? "/" + std::string(target) : std::string(target);
    return url;
}

Result<Url> parse_proxy_url(std::string_view text) {
    const auto parts = split(text, false);
    if (!parts) return parts.error();
    if (!parts->rest.empty() && parts->rest != "/") return refused("has a path, and a proxy has none");
    Url url;
    url.tls = parts->tls;
    url.user = std::string(parts->user.value_or(""));
    if (auto read = read_authority(parts->authority, url); !read) return read.error();
    return url;
}

Result<void> check_head(const Request& request) {
    constexpr std::string_view own[] = {"Host",
                                        "Content-Length",
                                        "Connection",
                                        "Accept-Encoding",
                                        "Transfer-Encoding",
                                        "Proxy-Connection",
                                        "Proxy-Authorization",
                                        "Expect",
                                        "Upgrade",
                                        "TE"};
    if (!is_token(request.method)) return Error{ErrorCode::invalid_argument, "the method is no token"};
    if (request.method == "CONNECT") {
        return Error{ErrorCode::invalid_argument, "CONNECT is the transport's own"};
    }
    std::size_t bytes = 0;
    for (const Header& header : request.headers) {
        if (!is_token(header.name)) return Error{ErrorCode::invalid_argument, "a header's name is no token"};
        for (const std::string_view name : own) {
            if (same_letters(header.name, name)) {
                return Error{ErrorCode::invalid_argument,
                             "the header " + header.name + " is the transport's own"};
            }
        }
        if (!is_field_value(header.value)) {
            return Error{ErrorCode::invalid_argument,
                         "the value of the header " + header.name + " has a control character"};
        }
        bytes += header.name.size() + header.value.size() + 4;
    }
    if (bytes > request_head_bytes) {
        return Error{ErrorCode::invalid_argument, "the headers are longer than 64 KiB"};
    }
    return {};
}

}  // namespace expplat::net
