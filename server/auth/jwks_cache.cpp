#include "server/auth/jwks_cache.hpp"

namespace expplat::server::auth {

bool JwksCache::begin(std::int64_t now_ms, std::int64_t interval_ms) noexcept {
    if (is_fetching_ && now_ms - begun_ms_ < times_.fetch_ms) return false;
    if (now_ms - begun_ms_ < interval_ms || now_ms - failed_ms_ < times_.retry_ms) return false;
    is_fetching_ = true;
    begun_ms_ = now_ms;
    return true;
}

JwksCache::Found JwksCache::find(std::string_view key_id, std::int64_t now_ms) {
    Found found;
    found.set = set_;
    if (set_ != nullptr) found.key = set_->find(key_id);
    if (found.key == nullptr) {
        found.fetch = begin(now_ms, times_.unknown_key_ms);
        found.is_awaited = !found.fetch && is_fetching_ && now_ms - begun_ms_ < times_.fetch_ms;
    }
    return found;
}

bool JwksCache::is_due(std::int64_t now_ms) {
    return now_ms - adopted_ms_ >= times_.refresh_ms && begin(now_ms, 0);
}

Result<void> JwksCache::adopt(std::string_view bytes, std::int64_t now_ms) {
    auto set = Jwks::read(bytes);
    if (!set) {
        fail(now_ms);
        return set.error();
    }
    set_ = std::make_shared<const Jwks>(*std::move(set));
    is_fetching_ = false;
    adopted_ms_ = now_ms;
    return {};
}

void JwksCache::fail(std::int64_t now_ms) noexcept {
    is_fetching_ = false;
    failed_ms_ = now_ms;
}

}  // namespace expplat::server::auth
