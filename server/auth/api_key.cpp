#include "server/auth/api_key.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "server/auth/base64.hpp"
#include "server/auth/limits.hpp"
#include "server/auth/secret.hpp"

namespace expplat::server::auth {

namespace {

constexpr std::string_view prefix = "xp_";
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t secret_digits = 43;  // 62^43 > 2^256
constexpr std::size_t check_digits = 6;    // 62^6 > 2^32
constexpr std::size_t most_key_bytes =
    prefix.size() + 7 + limits::environment_id_bytes + 1 + secret_digits + check_digits;
constexpr std::size_t id_digits = 16;
constexpr std::string_view base62_digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::array kinds{KeyKind::server, KeyKind::client, KeyKind::admin};

bool is_base62(char c) noexcept { return base62_digits.find(c) != std::string_view::npos; }
bool is_of_id(char c) noexcept { return is_base62(c) || c == '-' || c == '.' || c == '_'; }

/// The big-endian number in base 62, filled with zeros to `digits`.
std::string base62(std::string number, std::size_t digits) {
    std::string text(digits, '0');
    for (auto digit = text.rbegin(); digit != text.rend(); ++digit) {
        unsigned remainder = 0;
        for (char& c : number) {
            const unsigned value = remainder << 8 | static_cast<unsigned char>(c);
            c = static_cast<char>(value / 62);
            remainder = value % 62;
        }
        *digit = base62_digits[remainder];
    }
    return text;
}

std::string check_of(std::string_view text) {
    const auto crc = static_cast<std::uint32_t>(
        crc32(0, reinterpret_cast<const unsigned char*>(text.data()), static_cast<unsigned>(text.size())));
    const std::string octets{static_cast<char>(crc >> 24), static_cast<char>(crc >> 16),
                             static_cast<char>(crc >> 8), static_cast<char>(crc)};
    return base62(octets, check_digits);
}

/// Both come from one digest: 64 bits of it name the key, all of it are compared.
std::optional<std::string> digest_of(std::string_view text) {
    const auto digest = aws::sha256(text);
    if (!digest) return std::nullopt;
    return aws::hex(*digest);
}

bool is_environment_id(std::string_view id) noexcept {
    return !id.empty() && id.size() <= limits::environment_id_bytes &&
           std::all_of(id.begin(), id.end(), is_of_id);
}

std::optional<KeyKind> kind_at(std::string_view text) noexcept {
    for (const KeyKind kind : kinds) {
        if (text.starts_with(name(kind)) && text.substr(name(kind).size()).starts_with('_')) return kind;
    }
    return std::nullopt;
}

/// Where the secret of a key begins that the text begins with, or may have begun with.
std::size_t secret_start(std::string_view key) noexcept { return key.rfind('_') + 1; }

}  // namespace

Result<NewKey> make_api_key(KeyKind kind, std::string_view environment_id) {
    if (environment_id.empty() ? kind != KeyKind::admin : !is_environment_id(environment_id)) {
        return Error{ErrorCode::invalid_argument,
                     "a key needs an environment's id of 1 to 64 characters of A-Z a-z 0-9 . - _"};
    }
    auto secret = random_bytes(secret_bytes);
    if (!secret) return secret.error();
    NewKey key;
    key.text = std::string(prefix) + std::string(name(kind)) + '_';
    if (!environment_id.empty()) key.text += std::string(environment_id) + '_';
    key.text += base62(*std::move(secret), secret_digits);
    key.text += check_of(key.text);
    const auto digest = digest_of(key.text);
    if (!digest) return Error{ErrorCode::unsupported, "OpenSSL refuses SHA-256"};
    key.id = digest->substr(0, id_digits);
    key.sha256 = *digest;
    return key;
}

Judged<PresentedKey> read_api_key(std::string_view text) {
    if (text.size() > most_key_bytes) return Refusal::too_large;
    if (!text.starts_with(prefix)) return Refusal::malformed;
    const std::string_view rest = text.substr(prefix.size());
    const auto kind = kind_at(rest);
    if (!kind) return Refusal::malformed;
    const std::size_t middle = prefix.size() + name(*kind).size() + 1;
    const std::size_t start = secret_start(text);
    const std::string_view secret = text.substr(start);
    if (secret.size() != secret_digits + check_digits ||
        !std::all_of(secret.begin(), secret.end(), is_base62)) {
        return Refusal::malformed;
    }
    PresentedKey key;
    key.kind = *kind;
    if (start > middle) key.environment_id = text.substr(middle, start - 1 - middle);
    if (start > middle || *kind != KeyKind::admin) {
        if (!is_environment_id(key.environment_id)) return Refusal::malformed;
    }
    const std::string_view checked = text.substr(0, text.size() - check_digits);
    if (check_of(checked) != text.substr(checked.size())) return Refusal::mistyped;
    const auto digest = digest_of(text);
    if (!digest) return Refusal::unavailable;
    key.id = digest->substr(0, id_digits);
    key.sha256 = *digest;
    return key;
}

std::optional<Refusal> check_key(const PresentedKey& presented, const StoredKey* stored,
                                 std::int64_t now_ms) noexcept {
    if (stored == nullptr || !is_equal_in_constant_time(presented.sha256, stored->sha256) ||
        presented.kind != stored->kind || presented.environment_id != stored->environment_id) {
        return Refusal::unknown_key;
    }
    if (stored->revoked_ms && now_ms >= *stored->revoked_ms) return Refusal::revoked;
    if (stored->expires_ms && now_ms >= *stored->expires_ms) return Refusal::expired;
    return std::nullopt;
}

std::string redact_key(std::string_view text) {
    constexpr std::size_t shown = 4;
    const auto kind = text.starts_with(prefix) ? kind_at(text.substr(prefix.size())) : std::nullopt;
    if (!kind) return "…";
    const std::string_view secret = text.substr(secret_start(text));
    std::string redacted = std::string(prefix) + std::string(name(*kind)) + '_';
    // Of what is too short for a secret nothing is shown.
    if (secret.size() >= secret_digits) redacted += secret.substr(0, shown);
    return redacted + "…";
}

std::string redact_keys_in(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t start = text.find(prefix);
        if (start == std::string_view::npos) break;
        out += text.substr(0, start);
        text.remove_prefix(start);
        if (!kind_at(text.substr(prefix.size()))) {
            out += prefix;
            text.remove_prefix(prefix.size());
            continue;
        }
        const auto end = std::find_if_not(text.begin(), text.end(), is_of_id);
        const auto size = static_cast<std::size_t>(end - text.begin());
        out += redact_key(text.substr(0, size));
        text.remove_prefix(size);
    }
    out += text;
    return out;
}

Result<std::string> path_capability(std::string_view secret_key, std::string_view key_id) {
    const auto key = derive_key(secret_key, "expplat path capability 1");
    if (!key) return key.error();
    const auto mac = aws::hmac_sha256(*key, key_id);
    if (!mac) return Error{ErrorCode::unsupported, "OpenSSL refuses HMAC-SHA256"};
    return encode_base64(*mac);
}

}  // namespace expplat::server::auth
