// `Session`: a log-in that is kept: whose, at which server, and its two tokens.
//
// Made by `expplat login`, kept in a file for its owner alone, renewed by `client.hpp`, ended by `expplat logout`. A value; the
// tokens are secrets and in no message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "expplat/base/result.hpp"

namespace expplat::admin {

inline constexpr std::size_t session_bytes = std::size_t{64} << 10;

struct Session {
    std::string url;  // of the server, without a slash at its end
    std::string email;
    std::string access_token;
    std::int64_t expires_ms = 0;
    std::string refresh_token;
    std::int64_t refresh_expires_ms = 0;
};

/// The body of `/sessions` and `/sessions/refresh`. Error: `invalid_argument` where it is none.
[[nodiscard]] Result<Session> parse_session(std::string_view answer, const std::string& url);

/// `$XDG_CONFIG_HOME/expplat/session.json`, else `$HOME/.config/expplat/session.json`; empty where there is neither.
[[nodiscard]] std::string session_path();

/// Nothing where there is no file. Error: `io`, or `invalid_argument` for a file that is no session.
[[nodiscard]] Result<std::optional<Session>> load_session(const std::string& path);
/// Mode 0600, in a folder that is made where it is not there (0700). Error `io`.
[[nodiscard]] Result<void> save_session(const std::string& path, const Session& session);
/// Also where there is none. Error `io`.
[[nodiscard]] Result<void> remove_session(const std::string& path);

}  // namespace expplat::admin
