// When to fetch an issuer's key set, and the keys in the meantime: a state machine that does no I/O.
//
// The loop of the server asks `is_due` on its tick and `find` for each token; where either says so it fetches the address
// of the set and hands over the bytes (`adopt`) or the failure (`fail`). A token with an unknown key id asks for at most one
// fetch a minute, so that a stranger cannot have us hammer the issuer. Keys in use stay when a fetch fails. Not
// thread-safe: one strand or lock owns it; what `find` returns may be used anywhere.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>

#include "expplat/base/result.hpp"
#include "server/auth/jwks.hpp"

namespace expplat::server::auth {

struct JwksCacheTimes {
    std::int64_t refresh_ms = 6 * 60 * 60 * 1000;  // age at which a set is fetched again
    std::int64_t unknown_key_ms = 60 * 1000;       // least time between two fetches that unknown ids ask for
    std::int64_t retry_ms = 60 * 1000;             // after a failure
    std::int64_t fetch_ms = 30 * 1000;             // a fetch of which nothing is heard has failed
};

class JwksCache {
public:
    explicit JwksCache(JwksCacheTimes times = {}) : times_(times) {}

    struct Found {
        std::shared_ptr<const Jwks> set;  // keeps `key` alive
        const RsaKey* key = nullptr;      // null where the id is unknown
        bool fetch = false;               // the caller fetches now; it is told so once
        bool is_awaited = false;          // unknown, and somebody else fetches: worth another try
    };
    /// The key of that id. Where it is unknown and a fetch may be made, that fetch has begun with this answer.
    [[nodiscard]] Found find(std::string_view key_id, std::int64_t now_ms);
    /// True where the set is absent or old and a fetch may be made, which then has begun with this answer.
    [[nodiscard]] bool is_due(std::int64_t now_ms);

    /// The bytes of a fetch. Refused ones (the error says why) count as a failure: the old keys stay.
    Result<void> adopt(std::string_view bytes, std::int64_t now_ms);
    void fail(std::int64_t now_ms) noexcept;

    [[nodiscard]] bool is_ready() const noexcept { return set_ != nullptr; }

private:
    static constexpr std::int64_t long_ago = std::numeric_limits<std::int64_t>::min() / 2;

    bool begin(std::int64_t now_ms, std::int64_t interval_ms) noexcept;

    JwksCacheTimes times_;
    std::shared_ptr<const Jwks> set_;
    bool is_fetching_ = false;
    std::int64_t begun_ms_ = long_ago;    // the newest fetch
    std::int64_t adopted_ms_ = long_ago;  // the set in use
    std::int64_t failed_ms_ = long_ago;   // the newest failure
};

}  // namespace expplat::server::auth
