// `RedisAddress`: REDIS_URL taken apart: where Redis is, and who asks there.
//
// Read once by the program's settings; `redis_link.hpp` connects to it. No message repeats the URL, which may hold a
// password. A value. Source: the URL schemes `redis` and `rediss` as IANA has them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "expplat/base/result.hpp"
#include "src/net/url.hpp"

namespace expplat::server::publish {

inline constexpr std::uint32_t redis_database_most = 65'535;

struct RedisAddress {
    net::Url url;          // host, port, and whether TLS is spoken
    std::string user;      // empty: Redis's `default`
    std::string password;  // empty: none is sent
    std::uint32_t database = 0;

    /// `redis://[[user]:password@]host[:port][/database]`, `rediss://` with TLS; user and password may be percent-encoded.
    /// `invalid_argument` that says what is wrong.
    [[nodiscard]] static Result<RedisAddress> parse(std::string_view text);
};

}  // namespace expplat::server::publish
