#include "src/ruleset/user_json.hpp"

#include <string>
#include <utility>
#include <vector>

namespace expplat::ruleset {

namespace {

[[nodiscard]] Value scalar(const Node& node) noexcept {
    switch (node.kind()) {
        case NodeKind::boolean: return Value(node.boolean());
        case NodeKind::integer: return Value(node.integer());
        case NodeKind::real: return Value(node.real());
        case NodeKind::string: return Value(node.text());
        case NodeKind::null:
        case NodeKind::array:
        case NodeKind::object: break;
    }
    return {};
}

/// Sets the attributes that an object holds, in text order, so that the last of two spellings wins.
class Flattening {
public:
    explicit Flattening(User& user) : user_(user) {}

    /// `without`: a member of the object that is no attribute.
    void add(const Node& attributes, std::string_view without = {}) {
        for (const Member& member : attributes.members()) {
            if (!without.empty() && member.name == without) continue;
            const std::size_t prefix = name_.size();
            name_ += member.name;
            if (member.value.kind() == NodeKind::object) {
                name_ += '.';
                add(member.value);  // at most as deep as the JSON is nested
            } else if (member.value.kind() != NodeKind::null) {
                set(member.value);
            }
            name_.resize(prefix);
        }
    }

    [[nodiscard]] bool all_fit() const noexcept { return all_fit_; }

private:
    void set(const Node& node) {
        if (name_ == "key" || name_.empty()) return;  // the one is the user's key, the other nobody can name
        if (node.kind() != NodeKind::array) {
            all_fit_ &= user_.set(name_, scalar(node));
            return;
        }
        list_.clear();
        for (const Node& item : node.items()) {
            if (scalar(item).kind() != ValueKind::null) list_.push_back(scalar(item));
        }
        all_fit_ &= user_.set(name_, Value(std::span<const Value>(list_)));
    }

    User& user_;
    std::string name_;
    std::vector<Value> list_;
    bool all_fit_ = true;
};

[[nodiscard]] Error refused(std::string_view what) {
    return {ErrorCode::invalid_argument, "user: " + std::string(what)};
}

[[nodiscard]] Error too_large() {
    return {ErrorCode::too_large, "user: more than " + std::to_string(limits::user_attributes) +
                                      " attributes, or names or strings that are too long"};
}

[[nodiscard]] User user_with_key(const Node* key) {
    return User(key != nullptr && key->kind() == NodeKind::string ? key->text() : std::string_view{});
}

[[nodiscard]] Result<User> user_of(const Node& node) {
    if (node.kind() != NodeKind::object) return refused("expected an object");
    if (node.has_faults()) return refused("a repeated member, or a number too large for a double");
    User user = user_with_key(node.find("key"));
    const Node* const attributes = node.find("attributes");
    if (attributes == nullptr || attributes->kind() == NodeKind::null) return user;
    if (attributes->kind() != NodeKind::object) return refused("expected an object or null as attributes");
    Flattening flattening(user);
    flattening.add(*attributes);
    if (!flattening.all_fit()) return too_large();
    return user;
}

}  // namespace

Result<User> parse_user(std::string_view text) {
    const Result<Document> document = parse_json(text);
    if (!document) return Error{ErrorCode::invalid_argument, "user: " + document.error().message};
    return user_of(document->root());
}

std::optional<User> read_user(const Node& node) {
    Result<User> user = user_of(node);
    if (!user) return std::nullopt;
    return std::move(*user);
}

Result<User> read_context(const Node& node) {
    if (node.kind() != NodeKind::object) return refused("expected an object");
    if (node.has_faults()) return refused("a repeated member, or a number too large for a double");
    User user = user_with_key(node.find("targetingKey"));
    Flattening flattening(user);
    flattening.add(node, "targetingKey");
    if (!flattening.all_fit()) return too_large();
    return user;
}

}  // namespace expplat::ruleset
