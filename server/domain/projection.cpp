#include "server/domain/projection.hpp"

#include <map>
#include <string>

#include "server/domain/json_object.hpp"
#include "server/domain/publishing.hpp"
#include "server/domain/references.hpp"

namespace expplat::server::domain {

namespace {

using tables::Configured;

class Projector {
public:
    explicit Projector(std::span<const Configured> configured)
        : configured_(configured), needed_(configured.size()) {
        for (std::size_t i = 0; i < configured.size(); ++i) {
            by_key_.emplace(std::pair(space_of(configured[i].id.kind), configured[i].id.key), i);
        }
    }

    Projection run() {
        for (std::size_t i = 0; i < configured_.size(); ++i) {
            if (configured_[i].client_visible) take(i);
        }
        // Segments name segments: the list grows while it is walked.
        for (std::size_t next = 0; next < open_.size(); ++next) follow(open_[next]);
        Projection projection;
        for (std::size_t i = 0; i < configured_.size(); ++i) {
            if (needed_[i]) projection.visible.push_back(configured_[i]);
        }
        projection.violations = std::move(violations_);
        return projection;
    }

private:
    static int space_of(EntityKind kind) { return ruleset::has_answers(kind) ? -1 : static_cast<int>(kind); }

    void take(std::size_t i) {
        if (needed_[i]) return;
        needed_[i] = true;
        open_.push_back(i);
    }

    void follow(std::size_t i) {
        const EntityId& id = configured_[i].id;
        for (const ruleset::Reference& reference : references_in(id.kind, id.key, configured_[i].body)) {
            const auto complain = [&](std::string message) {
                violations_.push_back({"", std::move(message), ruleset_pointer(id) + reference.pointer});
            };
            const std::size_t target = target_of(reference);
            if (target == configured_.size()) continue;
            const Configured& named = configured_[target];
            if (ruleset::has_answers(named.id.kind) && !named.client_visible) {
                complain("is not client-visible, and what depends on it here is");
            } else if (named.id.kind == EntityKind::segment && has_lists(named.body)) {
                complain(
                    "has lists of users, which every client would see; a client-visible flag or experiment "
                    "cannot use it");
            } else {
                take(target);
            }
        }
    }

    [[nodiscard]] std::size_t target_of(const ruleset::Reference& reference) const {
        for (const EntityKind kind :
             {EntityKind::segment, EntityKind::layer, EntityKind::holdout, EntityKind::flag}) {
            if (!points_to(reference, kind, reference.key)) continue;
            const auto found = by_key_.find({space_of(kind), reference.key});
            if (found != by_key_.end()) return found->second;
        }
        return configured_.size();
    }

    static bool has_lists(std::string_view body) {
        const ruleset::Document document = parse_stored(body);
        for (const char* list : {"included", "excluded"}) {
            const ruleset::Node* node = document.root().find(list);
            if (node != nullptr && !node->items().empty()) return true;
        }
        return false;
    }

    std::span<const Configured> configured_;
    std::vector<bool> needed_;
    std::vector<std::size_t> open_;
    std::map<std::pair<int, std::string>, std::size_t> by_key_;
    std::vector<Violation> violations_;
};

}  // namespace

Projection project_for_clients(std::span<const Configured> configured) { return Projector(configured).run(); }

}  // namespace expplat::server::domain
