#include "src/aws/credential_chain.hpp"

#include <utility>

namespace expplat::aws {

CredentialChain::~CredentialChain() {
    if (lookup_ != nullptr) lookup_->cancel();
}

void CredentialChain::get(std::int64_t now_unix_ms, Done done) {
    now_unix_ms_ = now_unix_ms;
    if (kept_) {
        if (!kept_->expires_unix_ms) return done(*kept_);
        const std::int64_t left_ms = *kept_->expires_unix_ms - now_unix_ms;
        const bool has_just_failed = now_unix_ms < next_renewal_unix_ms_;
        if (left_ms > credential_reserve_ms || (left_ms > 0 && has_just_failed)) {
            const Credentials kept = *kept_;  // a look-up may end at once
            if (left_ms <= credential_renewal_ms && !has_just_failed && lookup_ == nullptr) look_up();
            return done(kept);
        }
    }
    waiting_.push_back(std::move(done));
    if (lookup_ == nullptr) look_up();
}

void CredentialChain::expire(const Credentials& refused) {
    if (kept_ && kept_->is_same_key(refused)) kept_.reset();
}

void CredentialChain::look_up() {
    // The look-up may end within `start`, so it is kept alive here and by its own handlers.
    const auto lookup =
        std::make_shared<CredentialLookup>(settings_, transport_, now_unix_ms_,
                                           [this](Result<Credentials> result) { settle(std::move(result)); });
    lookup_ = lookup;
    lookup->start();
}

void CredentialChain::settle(Result<Credentials> result) {
    lookup_.reset();
    if (result) {
        kept_ = *result;
        next_renewal_unix_ms_ = 0;
    } else if (kept_ && kept_->expires_unix_ms && *kept_->expires_unix_ms > now_unix_ms_) {
        next_renewal_unix_ms_ = now_unix_ms_ + credential_retry_ms;
        result = *kept_;
    } else {
        kept_.reset();
    }
    // A caller may ask again, or destroy this.
    const std::vector<Done> waiting = std::exchange(waiting_, {});
    for (const Done& done : waiting) done(result);
}

}  // namespace expplat::aws
