#include "server/auth/password.hpp"

#include <openssl/evp.h>

#include <charconv>
#include <optional>

#include "server/auth/base64.hpp"
#include "server/auth/limits.hpp"
#include "server/auth/secret.hpp"

namespace expplat::server::auth {

namespace {

constexpr std::size_t salt_bytes = 16;
constexpr std::size_t hash_bytes = 32;
constexpr std::size_t most_bytes = 4 * limits::password_most_characters;  // a character has at most 4
constexpr std::uint64_t most_memory_bytes = std::uint64_t{512} << 20;

struct StoredPassword {
    PasswordCost cost;
    std::string salt;
    std::string hash;
};

std::uint64_t memory_bytes(const PasswordCost& cost) noexcept {
    return (std::uint64_t{128} * cost.r << cost.log2_n) + std::uint64_t{128} * cost.r * cost.p;
}

bool is_in_bounds(const PasswordCost& cost) noexcept {
    const auto is_between = [](std::uint32_t value, std::uint32_t least, std::uint32_t most) {
        return value >= least && value <= most;
    };
    return is_between(cost.log2_n, least_password_cost.log2_n, most_password_cost.log2_n) &&
           is_between(cost.r, least_password_cost.r, most_password_cost.r) &&
           is_between(cost.p, least_password_cost.p, most_password_cost.p) &&
           memory_bytes(cost) <= most_memory_bytes;
}

std::optional<std::string> scrypt(std::string_view password, std::string_view salt,
                                  const PasswordCost& cost) {
    std::string hash(hash_bytes, '\0');
    // OpenSSL counts a little more than the formula: twice of it is no bound that matters.
    const int done =
        EVP_PBE_scrypt(password.data(), password.size(), reinterpret_cast<const unsigned char*>(salt.data()),
                       salt.size(), std::uint64_t{1} << cost.log2_n, cost.r, cost.p, 2 * memory_bytes(cost),
                       reinterpret_cast<unsigned char*>(hash.data()), hash.size());
    if (done != 1) return std::nullopt;
    return hash;
}

/// Takes `prefix` and the text up to `end` (the rest where it is not there) off the front of `text`.
std::optional<std::string_view> take(std::string_view& text, std::string_view prefix, char end) {
    if (!text.starts_with(prefix)) return std::nullopt;
    text.remove_prefix(prefix.size());
    const std::size_t cut = std::min(text.find(end), text.size());
    const std::string_view taken = text.substr(0, cut);
    text.remove_prefix(std::min(cut + 1, text.size()));
    return taken;
}

/// Decimal, without a leading zero or a sign.
std::optional<std::uint32_t> take_number(std::string_view& text, std::string_view prefix, char end) {
    const auto digits = take(text, prefix, end);
    if (!digits || digits->empty() || digits->front() == '0') return std::nullopt;
    std::uint32_t value = 0;
    const auto [stop, error] = std::from_chars(digits->data(), digits->data() + digits->size(), value);
    if (error != std::errc() || stop != digits->data() + digits->size()) return std::nullopt;
    return value;
}

std::string write(const StoredPassword& stored) {
    return "$scrypt$ln=" + std::to_string(stored.cost.log2_n) + ",r=" + std::to_string(stored.cost.r) +
           ",p=" + std::to_string(stored.cost.p) + '$' + encode_base64(stored.salt, Alphabet::standard) +
           '$' + encode_base64(stored.hash, Alphabet::standard);
}

std::optional<StoredPassword> read(std::string_view text) {
    if (text.size() > limits::stored_password_bytes) return std::nullopt;
    std::string_view rest = text;
    const auto log2_n = take_number(rest, "$scrypt$ln=", ',');
    const auto r = log2_n ? take_number(rest, "r=", ',') : std::nullopt;
    const auto p = r ? take_number(rest, "p=", '$') : std::nullopt;
    if (!p) return std::nullopt;
    StoredPassword stored{{*log2_n, *r, *p}, {}, {}};
    const auto salt = decode_base64(*take(rest, "", '$'), Alphabet::standard);
    const auto hash = decode_base64(rest, Alphabet::standard);
    if (!salt || salt->size() < 8 || !hash || hash->size() != hash_bytes || !is_in_bounds(stored.cost)) {
        return std::nullopt;
    }
    stored.salt = *salt;
    stored.hash = *hash;
    if (write(stored) != text) return std::nullopt;  // one value has one spelling
    return stored;
}

}  // namespace

Result<std::string> hash_password(std::string_view password, PasswordCost cost) {
    if (!is_in_bounds(cost))
        return Error{ErrorCode::invalid_argument, "a cost of scrypt is out of its bounds"};
    if (password.size() > most_bytes) {
        return Error{ErrorCode::invalid_argument, "a password has 1,024 bytes at most"};
    }
    auto salt = random_bytes(salt_bytes);
    if (!salt) return salt.error();
    const auto hash = scrypt(password, *salt, cost);
    if (!hash) return Error{ErrorCode::unsupported, "OpenSSL refuses scrypt, or there is no memory for it"};
    return write({cost, *std::move(salt), *hash});
}

PasswordMatch verify_password(std::string_view password, std::string_view stored, PasswordCost current) {
    const auto parsed = read(stored);
    // A person whose stored string is broken cannot be told from one who is not there.
    if (!parsed) return verify_nobody(password, current);
    if (password.size() > most_bytes) return PasswordMatch::no;
    const auto hash = scrypt(password, parsed->salt, parsed->cost);
    if (!hash || !is_equal_in_constant_time(*hash, parsed->hash)) return PasswordMatch::no;
    return parsed->cost == current ? PasswordMatch::yes : PasswordMatch::yes_but_rehash;
}

PasswordMatch verify_nobody(std::string_view password, PasswordCost current) {
    if (password.size() > most_bytes || !is_in_bounds(current)) return PasswordMatch::no;
    const auto hash = scrypt(password, std::string_view("nobody has this "), current);
    // The comparison is made for its time; no password has a hash of zeros.
    const bool is_zero = hash && is_equal_in_constant_time(*hash, std::string(hash_bytes, '\0'));
    static_cast<void>(is_zero);
    return PasswordMatch::no;
}

bool is_hashed_with(std::string_view stored, PasswordCost cost) {
    const auto parsed = read(stored);
    return parsed && parsed->cost == cost;
}

}  // namespace expplat::server::auth
