#include "server/auth/jws.hpp"

#include <array>
#include <optional>

#include "expplat/base/json_text.hpp"
#include "server/auth/base64.hpp"
#include "server/auth/limits.hpp"
#include "server/auth/secret.hpp"
#include "src/ruleset/json.hpp"

namespace expplat::server::auth {

namespace {

using ruleset::Node;
using ruleset::NodeKind;

/// Members that bring a key along, say where to fetch one, or change what is signed (RFC 7515, 4.1; RFC 7797).
constexpr std::array<std::string_view, 6> refused_members{"crit", "b64", "jwk", "jku", "x5c", "x5u"};

std::optional<Refusal> read_header(std::string_view text, Algorithm pinned, std::string& key_id) {
    const auto document = ruleset::parse_json(text, limits::token_header_bytes, limits::token_json_depth);
    if (!document || document->has_repeated_members()) return Refusal::malformed;
    const Node& header = document->root();
    if (header.kind() != NodeKind::object) return Refusal::malformed;
    const Node* const algorithm = header.find("alg");
    if (algorithm == nullptr || algorithm->kind() != NodeKind::string) return Refusal::malformed;
    if (algorithm->text() != name(pinned)) return Refusal::algorithm;
    for (const std::string_view member : refused_members) {
        if (header.find(member) != nullptr) return Refusal::header;
    }
    const Node* const type = header.find("typ");
    if (type != nullptr && type->kind() != NodeKind::string) return Refusal::malformed;
    const Node* const id = header.find("kid");
    if (id == nullptr || id->kind() != NodeKind::string) return Refusal::malformed;
    if (id->text().empty() || id->text().size() > limits::key_id_bytes) return Refusal::malformed;
    key_id = id->text();
    return std::nullopt;
}

}  // namespace

Judged<CompactJws> read_compact(std::string_view token, Algorithm pinned) {
    if (token.size() > limits::token_bytes) return Refusal::too_large;
    const std::size_t first = token.find('.');
    if (first == std::string_view::npos) return Refusal::malformed;
    const std::size_t second = token.find('.', first + 1);
    if (second == std::string_view::npos) return Refusal::malformed;
    // A third dot is no digit of base64url: it is refused with the signature.
    const auto header = decode_base64(token.substr(0, first));
    auto payload = decode_base64(token.substr(first + 1, second - first - 1));
    auto signature = decode_base64(token.substr(second + 1));
    if (!header || !payload || !signature || signature->empty()) return Refusal::malformed;
    CompactJws jws;
    if (const auto refusal = read_header(*header, pinned, jws.key_id)) return *refusal;
    jws.algorithm = pinned;
    jws.signed_text = token.substr(0, second);
    jws.payload = *std::move(payload);
    jws.signature = *std::move(signature);
    return jws;
}

Result<HmacKey> HmacKey::make(std::string bytes) {
    if (bytes.size() < limits::hmac_key_bytes) {
        return Error{ErrorCode::invalid_argument,
                     "a key of HS256 has 32 bytes or more; this one has " + std::to_string(bytes.size())};
    }
    return HmacKey(std::move(bytes));
}

Result<std::string> HmacKey::sign(std::string_view text) const {
    const auto mac = aws::hmac_sha256(octets_of(bytes_), text);
    if (!mac) return Error{ErrorCode::unsupported, "OpenSSL refuses HMAC-SHA256"};
    return std::string(text_of(*mac));
}

bool is_signed_by(const CompactJws& jws, const HmacKey& key) {
    if (jws.algorithm != Algorithm::hs256) return false;
    const auto expected = key.sign(jws.signed_text);
    return expected && is_equal_in_constant_time(*expected, jws.signature);
}

bool is_signed_by(const CompactJws& jws, const RsaKey& key) noexcept {
    return jws.algorithm == Algorithm::rs256 && key.verifies_rs256(jws.signed_text, jws.signature);
}

Result<std::string> write_compact(std::string_view payload, std::string_view key_id, const HmacKey& key) {
    std::string header = R"({"alg":"HS256","typ":"JWT","kid":)";
    append_json_string(header, key_id);
    header += '}';
    std::string token = encode_base64(header) + '.' + encode_base64(payload);
    const auto signature = key.sign(token);
    if (!signature) return signature.error();
    return token + '.' + encode_base64(*signature);
}

}  // namespace expplat::server::auth
