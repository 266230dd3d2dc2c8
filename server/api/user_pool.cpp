#include "server/api/user_pool.hpp"

#include <utility>

#include "server/domain/problem.hpp"

namespace expplat::server::api {

namespace {

using domain::ProblemType;
using domain::Refusal;

/// A pool that cannot be reached is asked again soon: nobody comes in without it.
constexpr auth::JwksCacheTimes times{.retry_ms = 10'000};

[[noreturn]] void refuse() {
    throw Refusal(ProblemType::unauthorized, "A valid key or a token of the user pool is needed.");
}

}  // namespace

UserPool::UserPool(auth::CognitoPool pool, Fetch fetch, std::function<std::int64_t()> now_ms,
                   std::function<void(const std::string&)> log)
    : pool_(std::move(pool)),
      fetch_(std::move(fetch)),
      now_ms_(std::move(now_ms)),
      log_(std::move(log)),
      cache_(times) {}

auth::CognitoPerson UserPool::judge(std::string_view token) {
    const auth::Judged<auth::CompactJws> jws = pool_.read(token);
    if (!jws) refuse();
    const auto find = [&] {
        const std::scoped_lock lock(mutex_);
        return cache_.find(jws->key_id, now_ms_());
    };
    auth::JwksCache::Found found = find();
    if (found.fetch) {
        fetch();
        found = find();
    }
    if (found.set == nullptr || (found.key == nullptr && found.is_awaited))
        throw Refusal(ProblemType::unavailable, "the keys of the user pool are not there (yet)");
    const auth::Judged<auth::CognitoPerson> person = pool_.judge(*jws, found.key, now_ms_());
    if (!person) refuse();
    return *person;
}

void UserPool::refresh() {
    {
        const std::scoped_lock lock(mutex_);
        if (!cache_.is_due(now_ms_())) return;
    }
    fetch();
}

void UserPool::fetch() {
    const Result<std::string> bytes = fetch_(pool_.key_set_url());
    Result<void> adopted;
    {
        const std::scoped_lock lock(mutex_);
        if (bytes) adopted = cache_.adopt(*bytes, now_ms_());
        else cache_.fail(now_ms_());
    }
    if (!bytes) log_("the user pool's key set: " + bytes.error().message);
    else if (!adopted) log_("the user pool's key set: " + adopted.error().message);
}

}  // namespace expplat::server::api
