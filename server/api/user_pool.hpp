// `UserPool`: people who come in by their Amazon Cognito user pool instead of by a password.
//
// Asked by the gate for each token that is no key's. It keeps the pool's key set: fetched when the program starts, again
// when it is old, and when a token names a key that is not in it, at most once a minute however many such tokens come.
// Who asks for a key while it is fetched is told to come again. Safe from many threads; on the workers' alone, as it may
// fetch. The judgement is `server/auth/cognito.hpp`'s.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "expplat/base/result.hpp"
#include "server/auth/cognito.hpp"
#include "server/auth/jwks_cache.hpp"

namespace expplat::server::api {

class UserPool {
public:
    /// The body that the address answers; may wait some seconds.
    using Fetch = std::function<Result<std::string>(const std::string& url)>;

    UserPool(auth::CognitoPool pool, Fetch fetch, std::function<std::int64_t()> now_ms,
             std::function<void(const std::string& line)> log);

    [[nodiscard]] const std::string& issuer() const noexcept { return pool_.issuer(); }
    /// Throws `Refusal`: `unauthorized`, or `unavailable` where the keys are not there.
    [[nodiscard]] auth::CognitoPerson judge(std::string_view token);
    /// Fetches the key set where that is due.
    void refresh();

private:
    void fetch();

    const auth::CognitoPool pool_;
    const Fetch fetch_;
    const std::function<std::int64_t()> now_ms_;
    const std::function<void(const std::string&)> log_;
    std::mutex mutex_;  // guards the cache
    auth::JwksCache cache_;
};

}  // namespace expplat::server::api
