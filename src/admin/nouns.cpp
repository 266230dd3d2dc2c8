#include "src/admin/nouns.hpp"

#include "expplat/base/json_text.hpp"

namespace expplat::admin {

namespace {

using ruleset::Node;
using ruleset::NodeKind;

std::optional<std::int64_t> time_of(const Node& object, std::string_view name) {
    const Node* const node = object.find(name);
    return node != nullptr && node->kind() == NodeKind::integer ? std::optional(node->integer())
                                                                : std::nullopt;
}

bool boolean_of(const Node& object, std::string_view name) {
    const Node* const node = object.find(name);
    return node != nullptr && node->kind() == NodeKind::boolean && node->boolean();
}

void append_text(std::string& out, std::string_view name, std::string_view text) {
    out.append(out.size() > 1 ? ",\"" : "\"").append(name).append("\":");
    append_json_string(out, text);
}

}  // namespace

std::optional<EntityKind> kind_of(std::string_view word) noexcept {
    for (std::size_t i = 0; i < ruleset::entity_kinds; ++i) {
        if (ruleset::word(static_cast<EntityKind>(i)) == word) return static_cast<EntityKind>(i);
    }
    return std::nullopt;
}

Configuration configuration_of(const Node& node) {
    const Node* const body = node.find("body");
    return {kind_of(text_of(node, "kind")).value_or(EntityKind::flag),
            text_of(node, "key"),
            text_of(node, "environment"),
            text_of(node, "state"),
            integer_of(node, "phase"),
            integer_of(node, "revision"),
            integer_of(node, "updated_ms"),
            body == nullptr ? std::string("{}") : ruleset::to_json(*body),
            ruleset::to_json(node)};
}

Entity entity_of(const Node& node) {
    Entity entity;
    entity.kind = kind_of(text_of(node, "kind")).value_or(EntityKind::flag);
    entity.key = text_of(node, "key");
    entity.name = text_of(node, "name");
    entity.description = text_of(node, "description");
    entity.owner = text_of(node, "owner");
    if (const Node* const tags = node.find("tags")) {
        for (const Node& tag : tags->items()) entity.tags.emplace_back(tag.text());
    }
    entity.client_visible = boolean_of(node, "client_visible");
    entity.archived = boolean_of(node, "archived");
    entity.revision = integer_of(node, "revision");
    entity.updated_ms = integer_of(node, "updated_ms");
    if (const Node* const configurations = node.find("configurations")) {
        for (const ruleset::Member& member : configurations->members()) {
            Configuration configuration = configuration_of(member.value);
            configuration.kind = entity.kind;
            configuration.key = entity.key;
            entity.configurations.push_back(std::move(configuration));
        }
    }
    entity.json = ruleset::to_json(node);
    return entity;
}

Key key_of(const Node& node) {
    return {text_of(node, "id"),         text_of(node, "kind"),       text_of(node, "name"),
            text_of(node, "hint"),       text_of(node, "key"),        integer_of(node, "created_ms"),
            time_of(node, "expires_ms"), time_of(node, "revoked_ms"), ruleset::to_json(node)};
}

std::string to_json(const Change& change) {
    std::string out = "{";
    append_text(out, "operation", change.operation);
    append_text(out, "kind", ruleset::word(change.kind));
    append_text(out, "key", change.key);
    append_text(out, "environment", change.environment);
    if (change.operation == "configure") out += ",\"body\":" + change.body;
    if (change.if_revision) out += ",\"if_revision\":" + std::to_string(*change.if_revision);
    if (change.new_phase) append_text(out, "new_phase", *change.new_phase);
    if (change.winner) append_text(out, "winner", *change.winner);
    return out + '}';
}

}  // namespace expplat::admin
