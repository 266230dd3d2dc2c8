#include "server/auth/claims.hpp"

#include "server/auth/limits.hpp"
#include "src/ruleset/json.hpp"

namespace expplat::server::auth {

namespace {

using ruleset::Node;
using ruleset::NodeKind;

/// Beyond this a number of seconds is no date that anybody means (the year 9999), and sums cannot overflow.
constexpr std::int64_t latest_s = 253'402'300'799;

class ClaimReader {
public:
    explicit ClaimReader(const Node& object) : object_(object) {}

    void text(std::string_view name, std::string& out, bool is_required = false) {
        const Node* const node = object_.find(name);
        if (node == nullptr) {
            is_well_formed_ &= !is_required;
            return;
        }
        if (node->kind() != NodeKind::string) {
            is_well_formed_ = false;
            return;
        }
        out = node->text();
        is_well_formed_ &= !is_required || !out.empty();
    }

    std::optional<std::int64_t> number(std::string_view name, std::int64_t most, bool is_required = false) {
        const Node* const node = object_.find(name);
        if (node == nullptr) {
            is_well_formed_ &= !is_required;
            return std::nullopt;
        }
        if (node->kind() != NodeKind::integer || node->integer() < 0 || node->integer() > most) {
            is_well_formed_ = false;
            return std::nullopt;
        }
        return node->integer();
    }

    void texts(std::string_view name, std::vector<std::string>& out) {
        const Node* const node = object_.find(name);
        if (node == nullptr) return;
        if (node->kind() != NodeKind::array || node->items().size() > limits::groups) {
            is_well_formed_ = false;
            return;
        }
        for (const Node& item : node->items()) {
            is_well_formed_ &= item.kind() == NodeKind::string;
            out.emplace_back(item.text());
        }
    }

    bool is_true(std::string_view name) const {
        const Node* const node = object_.find(name);
        return node != nullptr && node->kind() == NodeKind::boolean && node->boolean();
    }

    [[nodiscard]] bool is_well_formed() const noexcept { return is_well_formed_; }

private:
    const Node& object_;
    bool is_well_formed_ = true;
};

}  // namespace

Judged<Claims> read_claims(std::string_view payload) {
    const auto document = ruleset::parse_json(payload, limits::token_bytes, limits::token_json_depth);
    if (!document || document->has_repeated_members()) return Refusal::malformed;
    if (document->root().kind() != NodeKind::object) return Refusal::malformed;
    ClaimReader reader(document->root());
    Claims claims;
    reader.text("iss", claims.issuer, true);
    reader.text("sub", claims.subject, true);
    reader.text("token_use", claims.use, true);
    reader.text("jti", claims.id);
    reader.text("aud", claims.audience);
    reader.text("client_id", claims.client_id);
    reader.text("username", claims.username);
    reader.text("cognito:username", claims.username);
    reader.text("email", claims.email);
    claims.is_email_verified = reader.is_true("email_verified");
    reader.texts("cognito:groups", claims.groups);
    claims.issued_at_s = reader.number("iat", latest_s, true).value_or(0);
    claims.expires_at_s = reader.number("exp", latest_s, true).value_or(0);
    claims.not_before_s = reader.number("nbf", latest_s);
    claims.authenticated_at_s = reader.number("auth_time", latest_s);
    claims.epoch = reader.number("epoch", INT64_MAX);
    if (!reader.is_well_formed() || claims.subject.size() > limits::subject_bytes) return Refusal::malformed;
    return claims;
}

std::optional<Refusal> check_times(const Claims& claims, std::int64_t now_s,
                                   std::int64_t expiry_leeway_s) noexcept {
    if (now_s >= claims.expires_at_s + expiry_leeway_s) return Refusal::expired;
    if (claims.issued_at_s > now_s + limits::clock_leeway_s) return Refusal::not_yet_valid;
    if (claims.not_before_s.value_or(0) > now_s + limits::clock_leeway_s) return Refusal::not_yet_valid;
    return std::nullopt;
}

}  // namespace expplat::server::auth
