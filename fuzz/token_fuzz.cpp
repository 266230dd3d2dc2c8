// Feeds the readers of what strangers present to the server: tokens, claims, key sets, keys of software, stored passwords.
//
// The input's first byte says what reads the rest. What must hold of every input is in the `check_` functions; a failure
// aborts.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/require.hpp"
#include "server/auth/api_key.hpp"
#include "server/auth/base64.hpp"
#include "server/auth/claims.hpp"
#include "server/auth/jwks.hpp"
#include "server/auth/jws.hpp"
#include "server/auth/limits.hpp"
#include "server/auth/lockout.hpp"
#include "server/auth/password.hpp"
#include "server/auth/password_rules.hpp"

namespace {

using namespace expplat::server::auth;

void check_claims(std::string_view payload) {
    const auto claims = read_claims(payload);
    if (!claims) return;
    REQUIRE(!claims->issuer.empty() && !claims->subject.empty() && !claims->use.empty());
    REQUIRE(claims->groups.size() <= limits::groups && claims->expires_at_s >= 0);
    const auto refusal = check_times(*claims, claims->expires_at_s, 0);
    REQUIRE(refusal.has_value());
}

/// What is read is what was sent: no second spelling of a token is taken.
void check_token(std::string_view text) {
    for (const Algorithm algorithm : {Algorithm::hs256, Algorithm::rs256}) {
        const auto jws = read_compact(text, algorithm);
        if (!jws) continue;
        REQUIRE(!jws->key_id.empty() && jws->key_id.size() <= limits::key_id_bytes);
        REQUIRE(std::count(text.begin(), text.end(), '.') == 2);
        REQUIRE(jws->signed_text + '.' + encode_base64(jws->signature) == text);
        REQUIRE(text.find('.' + encode_base64(jws->payload) + '.') != std::string_view::npos);
        check_claims(jws->payload);
    }
}

void check_key_set(std::string_view text) {
    const auto set = Jwks::read(text);
    if (!set) return;
    REQUIRE(set->size() >= 1 && set->size() + set->left_out() <= limits::key_set_keys);
}

void check_api_key(std::string_view text) {
    const std::string redacted = redact_keys_in(text);
    const auto key = read_api_key(text);
    if (!key) return;
    REQUIRE(key->id == key->sha256.substr(0, 16));
    REQUIRE(redacted == redact_key(text));
    REQUIRE(redacted.find(text.substr(text.rfind('_') + 1, 5)) == std::string::npos);
}

void check_stored(std::string_view text) {
    (void)is_hashed_with(text, {});
    for (const Alphabet alphabet : {Alphabet::url, Alphabet::standard}) {
        const auto bytes = decode_base64(text, alphabet);
        if (bytes) REQUIRE(encode_base64(*bytes, alphabet) == text);
        REQUIRE(decode_base64(encode_base64(text, alphabet), alphabet) == text);
    }
}

void check_log_in(std::string_view text) {
    const auto checked = check_new_password(text, "kim@example.com");
    if (checked) REQUIRE(text.size() >= limits::password_least_characters);
    REQUIRE(lockout_address(lockout_account(text)).size() <= std::max<std::size_t>(text.size(), 50));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    switch (bytes[0] % 6) {
        case 0: check_token(text); break;
        case 1: check_claims(text); break;
        case 2: check_key_set(text); break;
        case 3: check_api_key(text); break;
        case 4: check_stored(text); break;
        case 5: check_log_in(text); break;
    }
    return 0;
}
