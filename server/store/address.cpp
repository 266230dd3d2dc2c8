#include "server/store/address.hpp"

namespace expplat::server::store {

namespace {

/// Scheme, host and path of a URI.
std::string without_secrets(std::string_view uri) {
    const std::size_t scheme = uri.find("://");
    if (scheme == std::string_view::npos) return "postgres:";
    std::string_view rest = uri.substr(scheme + 3);
    rest = rest.substr(0, rest.find_first_of("?#"));
    // The last @: a password may hold one that nobody has encoded.
    if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) rest.remove_prefix(at + 1);
    return "postgres://" + std::string(rest);
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
    if (text.starts_with("sqlite:")) {
        const std::string path(text.substr(7));
        if (path.empty() || path.find('\0') != std::string::npos) {
            return Error{ErrorCode::invalid_argument,
                         "the database's address: `sqlite:` wants a path behind it"};
        }
        return Address{Kind::sqlite, path, "sqlite:" + path};
    }
    const bool is_uri = text.starts_with("postgres://") || text.starts_with("postgresql://");
    if (is_uri || text == "postgres:") {
        return Address{Kind::postgres, is_uri ? std::string(text) : std::string(), without_secrets(text)};
    }
    return Error{ErrorCode::invalid_argument,
                 "the database's address must begin with sqlite:, postgres:// or postgresql://, or be "
                 "postgres: alone"};
}

}  // namespace expplat::server::store
