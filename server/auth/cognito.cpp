#include "server/auth/cognito.hpp"

#include <algorithm>

#include "server/auth/limits.hpp"

namespace expplat::server::auth {

namespace {

bool is_lower_or_digit(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_letter_or_digit(char c) noexcept { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }

/// The region of a pool's id, `REGION_NAME`; empty where it is none.
std::string_view region_of(std::string_view pool) noexcept {
    const std::size_t cut = pool.find('_');
    if (cut == std::string_view::npos || pool.size() > 55) return {};
    const std::string_view region = pool.substr(0, cut);
    const std::string_view rest = pool.substr(cut + 1);
    const bool is_region = !region.empty() && std::all_of(region.begin(), region.end(), [](char c) {
        return is_lower_or_digit(c) || c == '-';
    });
    const bool is_rest = !rest.empty() && std::all_of(rest.begin(), rest.end(), is_letter_or_digit);
    return is_region && is_rest ? region : std::string_view();
}

}  // namespace

Result<CognitoPool> CognitoPool::open(CognitoConfig config) {
    const std::string_view region = region_of(config.user_pool_id);
    if (region.empty()) {
        return Error{ErrorCode::invalid_argument,
                     "COGNITO_USER_POOL_ID is not of the form REGION_NAME: " + config.user_pool_id};
    }
    const bool has_empty = std::any_of(config.client_ids.begin(), config.client_ids.end(),
                                       [](const std::string& id) { return id.empty(); });
    if (config.client_ids.empty() || has_empty) {
        return Error{ErrorCode::invalid_argument, "COGNITO_CLIENT_ID is not set"};
    }
    CognitoPool pool(std::move(config));
    const std::string& id = pool.config_.user_pool_id;
    pool.issuer_ = "https://cognito-idp." + std::string(region_of(id)) + ".amazonaws.com/" + id;
    if (!pool.config_.endpoint.empty()) pool.emulator_ = pool.config_.endpoint + '/' + id;
    return pool;
}

std::string CognitoPool::key_set_url() const {
    return (emulator_.empty() ? issuer_ : emulator_) + "/.well-known/jwks.json";
}

Judged<CompactJws> CognitoPool::read(std::string_view token) const {
    return read_compact(token, Algorithm::rs256);
}

Judged<CognitoPerson> CognitoPool::judge(const CompactJws& jws, const RsaKey* key,
                                         std::int64_t now_ms) const {
    if (key == nullptr) return Refusal::unknown_key;
    if (!is_signed_by(jws, *key)) return Refusal::signature;
    const auto claims = read_claims(jws.payload);
    if (!claims) return claims.refusal();
    const bool is_of_emulator = !emulator_.empty() && claims->issuer == emulator_;
    if (claims->issuer != issuer_ && !is_of_emulator) return Refusal::issuer;
    const bool is_id = claims->use == "id";
    if (!is_id && claims->use != "access") return Refusal::use;
    if (!is_client(is_id ? claims->audience : claims->client_id)) return Refusal::audience;
    if (const auto refusal = check_times(*claims, now_ms / 1000, limits::clock_leeway_s)) return *refusal;
    CognitoPerson person;
    person.subject = claims->subject;
    person.username = claims->username;
    if (is_id && claims->is_email_verified) person.email = claims->email;
    person.roles = roles_of(claims->groups);
    person.issued_at_s = claims->issued_at_s;
    person.expires_at_s = claims->expires_at_s;
    return person;
}

bool CognitoPool::is_client(const std::string& id) const noexcept {
    return std::find(config_.client_ids.begin(), config_.client_ids.end(), id) != config_.client_ids.end();
}

std::vector<std::string> CognitoPool::roles_of(const std::vector<std::string>& groups) const {
    std::vector<std::string> roles;
    for (const CognitoConfig::GroupRole& row : config_.roles) {
        const bool is_member = std::find(groups.begin(), groups.end(), row.group) != groups.end();
        const bool is_new = std::find(roles.begin(), roles.end(), row.role) == roles.end();
        if (is_member && is_new) roles.push_back(row.role);
    }
    return roles;
}

}  // namespace expplat::server::auth
