// What gives everybody the same for a long time: `Entities::stale`, and how it is seen from a body.
#include "server/domain/entities.hpp"
#include "server/domain/json_object.hpp"
#include "server/domain/tables/projects.hpp"

namespace expplat::server::domain {

namespace {

using ruleset::Node;
using ruleset::NodeKind;

bool is_zero(const Node& weight) { return weight.real() == 0; }

/// The only variant that a serve can give.
std::optional<std::string> only_variant(const Node& serve) {
    if (serve.kind() == NodeKind::string) return std::string(serve.text());
    const Node* split = serve.kind() == NodeKind::array ? &serve : serve.find("split");
    if (split == nullptr) return std::nullopt;
    std::optional<std::string> only;
    for (const Node& share : split->items()) {
        const Node* weight = share.find("weight");
        if (weight == nullptr || is_zero(*weight)) continue;
        if (only) return std::nullopt;
        only = std::string(text_member(share, "variant"));
    }
    // Who has no unit gets another answer than the split's: such a split is judged by its weights alone.
    return only;
}

std::optional<std::string> served_by_flag(const Node& body) {
    const std::string off(text_member(body, "off"));
    const Node* enabled = body.find("enabled");
    if (enabled != nullptr && !enabled->boolean()) return off;
    const Node* fallback = body.find("default");
    const std::optional<std::string> only = fallback == nullptr ? std::nullopt : only_variant(*fallback);
    if (!only) return std::nullopt;
    if (const Node* targets = body.find("targets"); targets != nullptr) {
        for (const ruleset::Member& target : targets->members()) {
            if (target.name != *only && !target.value.items().empty()) return std::nullopt;
        }
    }
    if (const Node* needed = body.find("prerequisites");
        needed != nullptr && !needed->items().empty() && off != *only) {
        return std::nullopt;
    }
    if (const Node* rules = body.find("rules"); rules != nullptr) {
        for (const Node& rule : rules->items()) {
            const Node* serve = rule.find("serve");
            if (serve == nullptr || only_variant(*serve) != only) return std::nullopt;
        }
    }
    return only;
}

}  // namespace

std::optional<std::string> served_to_all(EntityKind kind, std::string_view body) {
    const ruleset::Document document = parse_stored(body);
    const Node& root = document.root();
    if (kind == EntityKind::flag) return served_by_flag(root);
    if (kind != EntityKind::experiment) return std::nullopt;
    const std::string_view status = text_member(root, "status");
    if (status == "running") return std::nullopt;
    return status == "completed" ? std::string(text_member(root, "winner")) : std::string();
}

Outcome<std::vector<Stale>> Entities::stale(const Caller& caller, const std::string& project,
                                            const std::string& environment, std::int64_t unchanged_ms) const {
    return plane_.read(caller, [&](Work& work) {
        work.authorise("flag.read", project, environment);
        Transaction& t = work.transaction();
        (void)tables::require_environment(t, project, environment);
        std::vector<Stale> found;
        for (const tables::Configured& entity : tables::configured_in(t, project, environment)) {
            if (entity.updated_ms > work.now_ms() - unchanged_ms) continue;
            const std::optional<std::string> variant = served_to_all(entity.id.kind, entity.body);
            if (variant) found.push_back({entity.id, environment, *variant, entity.updated_ms});
        }
        return found;
    });
}

}  // namespace expplat::server::domain
