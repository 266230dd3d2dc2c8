#include "server/auth/token.hpp"

#include <algorithm>

#include "expplat/base/json_text.hpp"
#include "server/auth/base64.hpp"
#include "server/auth/claims.hpp"
#include "server/auth/secret.hpp"

namespace expplat::server::auth {

namespace {

constexpr std::string_view signing_purpose = "expplat token signing 1";
constexpr std::string_view key_id_purpose = "expplat token key id 1";
constexpr std::size_t key_id_octets = 9;
constexpr std::size_t token_id_octets = 16;

void append_member(std::string& json, std::string_view member, std::string_view value) {
    json += json.empty() ? '{' : ',';
    append_json_string(json, member);
    json += ':';
    append_json_string(json, value);
}

void append_member(std::string& json, std::string_view member, std::int64_t value) {
    json += ',';
    append_json_string(json, member);
    json += ':' + std::to_string(value);
}

}  // namespace

Result<TokenAuthority> TokenAuthority::open(const TokenConfig& config) {
    const auto refuse = [](std::string why) { return Error{ErrorCode::invalid_argument, std::move(why)}; };
    if (config.secrets.empty()) return refuse("SECRET_KEY is not set");
    if (config.secrets.size() > limits::secret_keys) return refuse("SECRET_KEY lists more than 8 secrets");
    if (config.issuer.empty() || config.audience.empty())
        return refuse("a token has an issuer and an audience");
    if (config.access_s <= 0 || config.refresh_s <= 0 || config.session_s <= 0)
        return refuse("a token's time is above 0 s");
    TokenAuthority authority;
    for (const std::string& secret : config.secrets) {
        const auto signing = derive_key(secret, signing_purpose);
        const auto naming = derive_key(secret, key_id_purpose);
        if (!signing) return signing.error();
        if (!naming) return naming.error();
        auto key = HmacKey::make(std::string(text_of(*signing)));
        if (!key) return key.error();
        std::string id = encode_base64(text_of(*naming).substr(0, key_id_octets));
        for (const SigningKey& other : authority.keys_) {
            if (other.id == id) return refuse("SECRET_KEY lists a secret twice");
        }
        authority.keys_.push_back({std::move(id), *std::move(key)});
    }
    authority.config_ = config;
    authority.config_.secrets.clear();
    return authority;
}

Result<IssuedToken> TokenAuthority::issue(TokenUse use, std::string_view person_id, std::int64_t epoch,
                                          std::int64_t now_ms,
                                          std::optional<std::int64_t> session_began_s) const {
    if (person_id.empty() || person_id.size() > limits::subject_bytes || epoch < 0) {
        return Error{ErrorCode::invalid_argument,
                     "a token needs a person's id of 1 to 256 bytes and an epoch"};
    }
    const auto random = random_bytes(token_id_octets);
    if (!random) return random.error();
    const std::int64_t now_s = now_ms / 1000;
    IssuedToken token;
    token.id = encode_base64(*random);
    const std::int64_t began_s = session_began_s.value_or(now_s);
    token.expires_at_s = std::min(now_s + (use == TokenUse::access ? config_.access_s : config_.refresh_s),
                                  began_s + config_.session_s);
    std::string payload;
    append_member(payload, "iss", config_.issuer);
    append_member(payload, "aud", config_.audience);
    append_member(payload, "sub", person_id);
    append_member(payload, "token_use", name(use));
    append_member(payload, "jti", token.id);
    append_member(payload, "iat", now_s);
    append_member(payload, "nbf", now_s);
    append_member(payload, "exp", token.expires_at_s);
    append_member(payload, "auth_time", began_s);
    append_member(payload, "epoch", epoch);
    payload += '}';
    auto text = write_compact(payload, keys_.front().id, keys_.front().key);
    if (!text) return text.error();
    token.text = *std::move(text);
    return token;
}

Judged<TokenBearer> TokenAuthority::judge(std::string_view token, TokenUse use, std::int64_t now_ms) const {
    const auto jws = read_compact(token, Algorithm::hs256);
    if (!jws) return jws.refusal();
    const auto key = std::find_if(keys_.begin(), keys_.end(),
                                  [&](const SigningKey& candidate) { return candidate.id == jws->key_id; });
    if (key == keys_.end()) return Refusal::unknown_key;
    if (!is_signed_by(*jws, key->key)) return Refusal::signature;
    const auto claims = read_claims(jws->payload);
    if (!claims) return claims.refusal();
    if (claims->issuer != config_.issuer) return Refusal::issuer;
    if (claims->audience != config_.audience) return Refusal::audience;
    if (claims->use != name(use)) return Refusal::use;
    if (claims->id.empty() || !claims->epoch || !claims->not_before_s) return Refusal::malformed;
    if (const auto refusal = check_times(*claims, now_ms / 1000, 0)) return *refusal;
    // Tokens of before sessions were bounded have none: theirs begins with them.
    const std::int64_t began_s = claims->authenticated_at_s.value_or(claims->issued_at_s);
    if (now_ms / 1000 >= began_s + config_.session_s) return Refusal::expired;
    return TokenBearer{claims->subject,     claims->id,           *claims->epoch,
                       claims->issued_at_s, claims->expires_at_s, began_s};
}

std::optional<Refusal> check_epoch(const TokenBearer& bearer, std::int64_t current_epoch) noexcept {
    if (bearer.epoch != current_epoch) return Refusal::logged_out;
    return std::nullopt;
}

}  // namespace expplat::server::auth
