// Experiments against their layers, holdouts and each other: RULESET.md, sections 5 and 6.
#include <algorithm>
#include <array>
#include <numeric>
#include <string>

#include "src/ruleset/findings.hpp"
#include "src/ruleset/reference_check.hpp"

namespace expplat::ruleset {

namespace {

constexpr std::uint32_t layer_slots = 10'000;

/// Slots of a layer that are taken, and who took them first.
class Slots {
public:
    Slots() { std::iota(next_free_.begin(), next_free_.end(), 0u); }

    /// Takes those of [from, to) that are free. The owner of the first one that is not, or `no_entity`.
    std::uint32_t take(std::uint32_t from, std::uint32_t to, std::uint32_t owner) {
        std::uint32_t other = no_entity;
        for (std::uint32_t slot = from; slot < to;) {
            const std::uint32_t free = first_free(slot);
            if (free != slot) {
                if (other == no_entity) other = owners_[slot];
                slot = free;
                continue;
            }
            owners_[slot] = owner;
            next_free_[slot] = slot + 1;
            ++slot;
        }
        return other;
    }

private:
    [[nodiscard]] std::uint32_t first_free(std::uint32_t slot) {
        while (next_free_[slot] != slot) {
            next_free_[slot] = next_free_[next_free_[slot]];
            slot = next_free_[slot];
        }
        return slot;
    }

    std::array<std::uint32_t, layer_slots + 1> next_free_;  // a slot that is free has itself
    std::array<std::uint32_t, layer_slots> owners_;
};

constexpr std::size_t few_experiments = 16;  // of one layer, compared pair by pair

[[nodiscard]] bool shares_salt(const Outline& experiment, const Outline& other) {
    constexpr std::string_view suffix = ":traffic";
    std::string_view salt = other.salt;
    if (salt.size() == experiment.salt.size() + suffix.size() && salt.ends_with(suffix)) {
        salt.remove_suffix(suffix.size());
    }
    return salt == experiment.salt;
}

}  // namespace

std::uint32_t ReferenceCheck::named(std::uint32_t experiment, Reference::Target target) const noexcept {
    const std::vector<Reference>& references = entities_[experiment]->references;
    for (std::size_t i = 0; i < references.size(); ++i) {
        if (references[i].target != target) continue;
        const std::uint32_t found = checked_.targets[checked_.target_begin[experiment] + i];
        if (found == no_entity || !entities_[found]->sound || !entities_[found]->supported) return no_entity;
        return found;
    }
    return no_entity;
}

void ReferenceCheck::check_experiments() {
    begin_pass();
    for (std::uint32_t i = 0; i < entities_.size() && !is_full(); ++i) {
        if (kinds_[i] != EntityKind::experiment) continue;
        if (entities_[i]->sound && entities_[i]->supported) compare_units_and_salts(i);
    }
}

void ReferenceCheck::compare_units_and_salts(std::uint32_t experiment) {
    const Outline& outline = *entities_[experiment];
    const auto compare = [&](const Outline* other, std::string_view pointer, std::uint32_t place) {
        if (other == nullptr) return;
        if (other->unit != outline.unit) {
            add(experiment, place, pointer,
                std::string(word(other->kind)) + " " + quoted(other->key) + " has the unit " +
                    quoted(other->unit) + ", this experiment has " + quoted(outline.unit));
        }
        if (shares_salt(outline, *other)) {
            add(experiment, outline.salt_place, "/salt",
                std::string(word(other->kind)) + " " + quoted(other->key) + " has the salt " +
                    quoted(other->salt) +
                    ", and so has this experiment: their choices would not be independent");
        }
    };
    const auto outline_named = [&](Reference::Target target) {
        const std::uint32_t other = named(experiment, target);
        return other == no_entity ? nullptr : entities_[other];
    };
    const Outline* const layer = outline_named(Reference::Target::layer);
    const Outline* const holdout = outline_named(Reference::Target::holdout);
    compare(layer, "/layer", outline.layer_place);
    std::uint32_t holdout_place = 0;
    for (const Reference& reference : outline.references) {
        if (reference.target == Reference::Target::holdout) holdout_place = reference.place;
    }
    compare(holdout, "/holdout", holdout_place);
    if (layer != nullptr && holdout != nullptr && layer->salt == holdout->salt) {
        add(experiment, holdout_place, "/holdout",
            "layer " + quoted(layer->key) + " and holdout " + quoted(holdout->key) + " have the salt " +
                quoted(layer->salt) + ": their choices would not be independent");
    }
}

void ReferenceCheck::check_overlaps() {
    begin_pass();
    struct Running {
        std::uint32_t layer;
        std::uint32_t experiment;
    };
    std::vector<Running> running;
    for (std::uint32_t i = 0; i < entities_.size(); ++i) {
        if (kinds_[i] != EntityKind::experiment) continue;
        const Outline& outline = *entities_[i];
        if (!outline.has_layer || outline.status != Status::running || !outline.sound) continue;
        const std::uint32_t layer = named(i, Reference::Target::layer);
        if (layer != no_entity) running.push_back({layer, i});
    }
    std::stable_sort(running.begin(), running.end(),
                     [](const Running& a, const Running& b) { return a.layer < b.layer; });
    std::vector<std::uint32_t> experiments;
    for (std::size_t i = 0; i < running.size(); ++i) {
        experiments.push_back(running[i].experiment);
        if (i + 1 < running.size() && running[i + 1].layer == running[i].layer) continue;
        if (experiments.size() <= few_experiments) {
            check_overlaps_of_few(experiments);
        } else {
            check_overlaps_of_many(experiments);
        }
        experiments.clear();
    }
}

/// The running experiments of one layer, in document order.
void ReferenceCheck::check_overlaps_of_few(std::span<const std::uint32_t> experiments) {
    for (std::size_t i = 1; i < experiments.size(); ++i) {
        const Outline& later = *entities_[experiments[i]];
        for (std::size_t j = 0; j < i; ++j) {
            const Outline& earlier = *entities_[experiments[j]];
            if (earlier.layer_from < later.layer_to && later.layer_from < earlier.layer_to) {
                report_overlap(experiments[i], experiments[j]);
                break;
            }
        }
    }
}

/// The same in time linear in the experiments and the slots of a layer.
void ReferenceCheck::check_overlaps_of_many(std::span<const std::uint32_t> experiments) {
    Slots slots;
    for (const std::uint32_t experiment : experiments) {
        const Outline& outline = *entities_[experiment];
        const std::uint32_t earlier = slots.take(outline.layer_from, outline.layer_to, experiment);
        if (earlier != no_entity) report_overlap(experiment, earlier);
    }
}

void ReferenceCheck::report_overlap(std::uint32_t later, std::uint32_t earlier) {
    if (is_full()) return;
    const Outline& outline = *entities_[later];
    const Outline& other = *entities_[earlier];
    add(later, outline.layer_place, "/layer",
        "slots " + std::to_string(outline.layer_from) + " to " + std::to_string(outline.layer_to) +
            " overlap those of running experiment " + quoted(other.key) + ", " +
            std::to_string(other.layer_from) + " to " + std::to_string(other.layer_to));
}

}  // namespace expplat::ruleset
