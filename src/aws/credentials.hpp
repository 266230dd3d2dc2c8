// `Credentials`: whom requests are signed as, and until when that holds.
//
// Made by the places that `credential_chain.hpp` looks at, read by the typed clients just before they sign. A plain
// value; all of it but `access_key_id`, `source` and the time is secret and is neither logged nor put into a message.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "src/aws/sigv4.hpp"

namespace expplat::aws {

struct Credentials {
    std::string access_key_id;
    std::string secret_access_key;
    std::string session_token;                      // empty for a permanent key
    std::optional<std::int64_t> expires_unix_ms{};  // nothing: they do not expire
    std::string source{};                           // where they are from, for messages

    /// Views that live as long as this.
    [[nodiscard]] SigningCredentials signing() const noexcept {
        return {access_key_id, secret_access_key, session_token};
    }
    /// The same key, wherever it is from.
    [[nodiscard]] bool is_same_key(const Credentials& other) const noexcept {
        return access_key_id == other.access_key_id && secret_access_key == other.secret_access_key &&
               session_token == other.session_token;
    }
};

}  // namespace expplat::aws
