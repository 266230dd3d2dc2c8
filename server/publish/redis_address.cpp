#include "server/publish/redis_address.hpp"

#include <charconv>
#include <optional>

namespace expplat::server::publish {
namespace {

[[nodiscard]] Error refused(std::string_view why) {
    return {ErrorCode::invalid_argument, "the address " + std::string(why)};
}

[[nodiscard]] std::optional<unsigned> digit_of(char c) noexcept {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    const char lower = static_cast<char>(c | 0x20);
    if (lower >= 'a' && lower <= 'f') return static_cast<unsigned>(lower - 'a' + 10);
    return std::nullopt;
}

/// Percent-encoding undone (RFC 3986, 2.1).
[[nodiscard]] std::optional<std::string> decoded(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            result += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const auto high = digit_of(text[i + 1]), low = digit_of(text[i + 2]);
        if (!high || !low) return std::nullopt;
        result += static_cast<char>(*high * 16 + *low);
        i += 2;
    }
    return result;
}

}  // namespace

Result<RedisAddress> RedisAddress::parse(std::string_view text) {
    const bool tls = text.starts_with("rediss://");
    if (!tls && !text.starts_with("redis://")) return refused("must begin with redis:// or rediss://");
    text.remove_prefix(text.find("://") + 3);
    std::string_view authority = text.substr(0, text.find_first_of("/?#"));
    std::string_view path = text.substr(authority.size());

    RedisAddress address;
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
        const std::string_view who = authority.substr(0, at);
        authority.remove_prefix(at + 1);
        const std::size_t colon = who.find(':');
        if (colon == std::string_view::npos) return refused("has a user and no password");
        const auto user = decoded(who.substr(0, colon)), password = decoded(who.substr(colon + 1));
        if (!user || !password) return refused("has a `%` that begins no percent-encoded byte");
        if (password->empty()) return refused("has an empty password");
        address.user = *user;
        address.password = *password;
    }
    // The port of the scheme, where none is written behind the host (and its brackets).
    std::string with_port = (tls ? "https://" : "http://") + std::string(authority);
    const std::size_t colon = authority.rfind(':');
    const std::size_t bracket = authority.rfind(']');
    if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket))
        with_port += ":6379";
    const Result<net::Url> url = net::parse_url(with_port);
    if (!url || authority.ends_with(':')) return refused("has a host or a port that is none");
    address.url = *url;

    if (path.starts_with('/')) path.remove_prefix(1);
    if (path.empty()) return address;
    const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), address.database);
    if (error != std::errc() || end != path.data() + path.size() || address.database > redis_database_most)
        return refused("must end after the database's number, 0 to 65535");
    return address;
}

}  // namespace expplat::server::publish
