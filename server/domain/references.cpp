#include "server/domain/references.hpp"

#include "server/domain/json_object.hpp"
#include "src/ruleset/read.hpp"

namespace expplat::server::domain {

std::vector<ruleset::Reference> references_in(EntityKind kind, std::string_view key, std::string_view body) {
    const ruleset::Document document = parse_stored(body);
    return ruleset::read_entity(kind, key, document.root(), ruleset::Mode::tolerant).outline.references;
}

bool points_to(const ruleset::Reference& reference, EntityKind kind, std::string_view key) noexcept {
    using Target = ruleset::Reference::Target;
    if (reference.key != key) return false;
    switch (reference.target) {
        case Target::segment: return kind == EntityKind::segment;
        case Target::layer: return kind == EntityKind::layer;
        case Target::holdout: return kind == EntityKind::holdout;
        case Target::flag_or_experiment: return ruleset::has_answers(kind);
    }
    return false;
}

}  // namespace expplat::server::domain
