// Cycles, the order of dependencies and worst-case work: RULESET.md, section 1.
#include <string>

#include "src/ruleset/findings.hpp"
#include "src/ruleset/reference_check.hpp"

namespace expplat::ruleset {

namespace {

constexpr std::size_t names_at_ends = 4;  // of a path in a message; the middle of a long one is left out

[[nodiscard]] std::uint64_t saturating_sum(std::uint64_t a, std::uint64_t b) noexcept {
    return a + b < a ? ~std::uint64_t{0} : a + b;
}

}  // namespace

/// Depth first from every entity in document order, along references in document order.
void ReferenceCheck::walk() {
    begin_pass();
    const std::size_t count = entities_.size();
    marks_.assign(count, Mark::fresh);
    depths_.assign(count, 0);
    heaviest_.assign(count, no_entity);
    checked_.order.reserve(count);
    for (std::uint32_t root = 0; root < count; ++root) {
        if (marks_[root] != Mark::fresh) continue;
        enter(root);
        while (!visits_.empty()) {
            Visit& visit = visits_.back();
            if (visit.next == checked_.target_begin[visit.entity + 1]) {
                leave(visit.entity);
                continue;
            }
            const std::size_t followed = visit.next++;
            const std::uint32_t target = checked_.targets[followed];
            if (target == no_entity) continue;
            if (marks_[target] == Mark::fresh) {
                enter(target);
            } else if (marks_[target] == Mark::open) {
                report_cycle(visit.entity, followed, target);
            }
        }
    }
}

void ReferenceCheck::enter(std::uint32_t entity) {
    marks_[entity] = Mark::open;
    depths_[entity] = static_cast<std::uint32_t>(visits_.size());
    visits_.push_back({entity, checked_.target_begin[entity]});
}

/// Everything the entity names is done, or in a cycle with it.
void ReferenceCheck::leave(std::uint32_t entity) {
    visits_.pop_back();
    marks_[entity] = Mark::done;
    checked_.order.push_back(entity);
    std::uint64_t steps = checked_.steps[entity];  // its own, so far
    std::uint64_t most = 0;
    for (std::uint32_t i = checked_.target_begin[entity]; i < checked_.target_begin[entity + 1]; ++i) {
        const std::uint32_t target = checked_.targets[i];
        if (target == no_entity || marks_[target] != Mark::done) continue;
        checked_.supported[entity] &= checked_.supported[target];
        steps = saturating_sum(steps, checked_.steps[target]);
        if (checked_.steps[target] > most) {
            most = checked_.steps[target];
            heaviest_[entity] = target;
        }
    }
    checked_.steps[entity] = steps;
}

/// `target` is the position in `targets` of the reference that closes the cycle.
void ReferenceCheck::report_cycle(std::uint32_t from, std::size_t target, std::uint32_t to) {
    if (is_full() || !cycles_.emplace(from, to).second) return;
    const Reference& reference = entities_[from]->references[target - checked_.target_begin[from]];
    const std::size_t begin = depths_[to];
    const std::size_t length = visits_.size() - begin;
    std::string path;
    for (std::size_t i = 0; i < length; ++i) {
        if (length > 2 * names_at_ends && i == names_at_ends) {
            path += "… > ";
            i = length - names_at_ends;
        }
        path += shortened(entities_[visits_[begin + i].entity]->key) + " > ";
    }
    add(from, reference.place, reference.pointer, "a cycle: " + path + shortened(entities_[to]->key));
}

void ReferenceCheck::check_steps() {
    begin_pass();
    for (std::uint32_t i = 0; i < entities_.size() && !is_full(); ++i) {
        if (!has_answers(kinds_[i]) || checked_.steps[i] <= limits::steps) continue;
        add(i, 0, {},
            "takes " + std::to_string(checked_.steps[i]) + " steps in the worst case, at most " +
                std::to_string(limits::steps) + " are allowed: " + heaviest_path(i));
    }
}

/// From an entity along the reference that adds most, at each step.
std::string ReferenceCheck::heaviest_path(std::uint32_t entity) const {
    std::string path;
    std::size_t names = 0;
    for (std::uint32_t i = entity; i != no_entity; i = heaviest_[i]) {
        if (names++ == 2 * names_at_ends) return path + " > …";
        if (i != entity) path += " > ";
        path += std::string(word(entities_[i]->kind)) + " " + shortened(entities_[i]->key) + " (" +
                std::to_string(checked_.steps[i]) + ")";
    }
    return path;
}

}  // namespace expplat::ruleset
