#include "server/auth/jwks.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "server/auth/base64.hpp"
#include "server/auth/limits.hpp"
#include "src/ruleset/json.hpp"

namespace expplat::server::auth {

namespace {

using ruleset::Node;
using ruleset::NodeKind;

Error unfit_set(std::string why) {
    return {ErrorCode::invalid_argument, "JSON Web Key Set: " + std::move(why)};
}

std::string_view text_member(const Node& object, std::string_view name) {
    const Node* const node = object.find(name);
    return node != nullptr && node->kind() == NodeKind::string ? node->text() : std::string_view();
}

/// Whether a member, where it is there, says `wanted`.
bool allows(const Node& key, std::string_view member, std::string_view wanted) {
    return key.find(member) == nullptr || text_member(key, member) == wanted;
}

bool allows_verifying(const Node& key) {
    const Node* const operations = key.find("key_ops");
    if (operations == nullptr) return true;
    return std::any_of(operations->items().begin(), operations->items().end(), [](const Node& operation) {
        return operation.kind() == NodeKind::string && operation.text() == "verify";
    });
}

std::optional<RsaKey> read_key(const Node& key) {
    if (text_member(key, "kty") != "RSA" || !allows(key, "use", "sig") || !allows(key, "alg", "RS256") ||
        !allows_verifying(key)) {
        return std::nullopt;
    }
    const auto modulus = decode_base64(text_member(key, "n"));
    const auto exponent = decode_base64(text_member(key, "e"));
    if (!modulus || !exponent) return std::nullopt;
    auto made = RsaKey::make(*modulus, *exponent);
    if (!made) return std::nullopt;
    return *std::move(made);
}

}  // namespace

Result<Jwks> Jwks::read(std::string_view text) {
    const auto document = ruleset::parse_json(text, limits::key_set_bytes, limits::token_json_depth);
    if (!document) {
        if (document.error().code == ErrorCode::too_large) return document.error();
        return unfit_set(document.error().message);
    }
    if (document->has_repeated_members()) return unfit_set("a member is repeated");
    const Node* const keys = document->root().find("keys");
    if (keys == nullptr || keys->kind() != NodeKind::array) return unfit_set("it has no array `keys`");
    if (keys->items().size() > limits::key_set_keys) {
        return Error{ErrorCode::too_large, "JSON Web Key Set: more than 32 keys"};
    }
    Jwks set;
    std::set<std::string_view> ids;
    for (const Node& key : keys->items()) {
        if (key.kind() != NodeKind::object) return unfit_set("a key is no object");
        if (text_member(key, "kty") == "oct") return unfit_set("a symmetric key is in it");
        const std::string_view id = text_member(key, "kid");
        if (!id.empty() && !ids.insert(id).second) return unfit_set("two keys have one id");
        auto made = id.empty() || id.size() > limits::key_id_bytes ? std::nullopt : read_key(key);
        if (made) set.keys_.push_back({std::string(id), *std::move(made)});
        else ++set.left_out_;
    }
    if (set.keys_.empty()) return unfit_set("none of its keys is fit for RS256");
    return set;
}

const RsaKey* Jwks::find(std::string_view key_id) const noexcept {
    const auto found =
        std::find_if(keys_.begin(), keys_.end(), [&](const Entry& entry) { return entry.id == key_id; });
    return found == keys_.end() ? nullptr : &found->key;
}

}  // namespace expplat::server::auth
