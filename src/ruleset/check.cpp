#include "src/ruleset/check.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "expplat/base/hash.hpp"
#include "expplat/base/limits.hpp"
#include "src/ruleset/findings.hpp"
#include "src/ruleset/reference_check.hpp"

namespace expplat::ruleset {

namespace {

[[nodiscard]] std::string_view wanted(Reference::Target target) noexcept {
    switch (target) {
        case Reference::Target::segment: return "segment";
        case Reference::Target::layer: return "layer";
        case Reference::Target::holdout: return "holdout";
        case Reference::Target::flag_or_experiment: return "flag or experiment";
    }
    return {};
}

constexpr std::size_t few_variants = 8;  // looked up one by one, without an index

}  // namespace

Checked check_references(std::span<const Outline* const> entities, const MapPlaces& map_places) {
    return ReferenceCheck(entities, map_places).run();
}

Checked ReferenceCheck::run() && {
    gather();
    check_shared_keys();
    resolve();
    walk();
    check_steps();
    check_experiments();
    check_overlaps();
    sort_problems(checked_.problems);
    return std::move(checked_);
}

/// Takes from the outlines what later passes need of every entity, side by side, and holds the limits.
void ReferenceCheck::gather() {
    begin_pass();
    std::array<std::vector<KeyIndex::Entry>, entity_kinds> entries;
    kinds_.reserve(entities_.size());
    checked_.supported.reserve(entities_.size());
    checked_.steps.reserve(entities_.size());
    std::uint64_t answering = 0;
    std::uint64_t list_entries = 0;
    for (std::uint32_t i = 0; i < entities_.size(); ++i) {
        const Outline& outline = *entities_[i];
        kinds_.push_back(outline.kind);
        checked_.supported.push_back(outline.supported ? 1 : 0);
        checked_.steps.push_back(outline.own_steps);
        entries[static_cast<std::size_t>(outline.kind)].push_back({outline.key_hash, outline.key, i});
        if (has_answers(outline.kind) && answering++ == limits::flags) {
            add_to_map(outline.kind, "more than " + std::to_string(limits::flags) + " flags and experiments");
        }
        const bool fitted = list_entries <= limits::list_entries;
        list_entries += outline.list_entries;
        if (fitted && list_entries > limits::list_entries) {
            add(i, 0, {},
                "with this one, lists have more than " + std::to_string(limits::list_entries) +
                    " entries in all");
        }
    }
    for (std::size_t kind = 0; kind < entity_kinds; ++kind) by_key_[kind] = KeyIndex(entries[kind]);
}

void ReferenceCheck::check_shared_keys() {
    begin_pass();
    const KeyIndex& flags = by_key_[static_cast<std::size_t>(EntityKind::flag)];
    for (std::uint32_t i = 0; i < entities_.size() && !is_full(); ++i) {
        if (kinds_[i] != EntityKind::experiment) continue;
        const Outline& outline = *entities_[i];
        if (flags.find(outline.key_hash, outline.key) != KeyIndex::none) {
            add(i, 0, {}, "a flag has this key too, and they share one key space");
        }
    }
}

/// Finds what every name points to; the only pass that looks keys up.
void ReferenceCheck::resolve() {
    begin_pass();
    checked_.target_begin.reserve(entities_.size() + 1);
    for (std::uint32_t i = 0; i < entities_.size(); ++i) {
        checked_.target_begin.push_back(static_cast<std::uint32_t>(checked_.targets.size()));
        for (const Reference& reference : entities_[i]->references) {
            const std::uint32_t target = target_of(reference);
            checked_.targets.push_back(target);
            if (target != no_entity) {
                check_prerequisite_variants(i, reference, target);
            } else if (!is_full()) {
                add(i, reference.place, reference.pointer,
                    "there is no " + std::string(wanted(reference.target)) + " " + quoted(reference.key));
            }
        }
    }
    checked_.target_begin.push_back(static_cast<std::uint32_t>(checked_.targets.size()));
}

std::uint32_t ReferenceCheck::target_of(const Reference& reference) const noexcept {
    const auto find = [&](EntityKind kind) {
        return by_key_[static_cast<std::size_t>(kind)].find(reference.key_hash, reference.key);
    };
    static_assert(KeyIndex::none == no_entity);
    switch (reference.target) {
        case Reference::Target::segment: return find(EntityKind::segment);
        case Reference::Target::layer: return find(EntityKind::layer);
        case Reference::Target::holdout: return find(EntityKind::holdout);
        case Reference::Target::flag_or_experiment: break;
    }
    const std::uint32_t flag = find(EntityKind::flag);
    return flag != no_entity ? flag : find(EntityKind::experiment);
}

void ReferenceCheck::check_prerequisite_variants(std::uint32_t entity, const Reference& reference,
                                                 std::uint32_t target) {
    const Outline& outline = *entities_[target];
    if (!outline.supported || !outline.sound) return;
    for (const NamedVariant& variant : reference.variants) {
        if (is_full() || has_variant(target, variant.key)) continue;
        add(entity, variant.place, variant.pointer,
            std::string(word(outline.kind)) + " " + quoted(outline.key) + " has no variant " +
                quoted(variant.key));
    }
}

bool ReferenceCheck::has_variant(std::uint32_t entity, const std::string& variant) {
    const std::vector<std::string>& variants = entities_[entity]->variants;
    if (variants.size() <= few_variants)
        return std::find(variants.begin(), variants.end(), variant) != variants.end();
    auto [index, is_new] = variants_.try_emplace(entity);
    if (is_new) {
        std::vector<KeyIndex::Entry> entries;
        entries.reserve(variants.size());
        for (const std::string& key : variants) entries.push_back({hash64(key), key, 0});
        index->second = KeyIndex(entries);
    }
    return index->second.find(hash64(variant), variant) != KeyIndex::none;
}

void ReferenceCheck::add(std::uint32_t entity, std::uint32_t place, std::string_view pointer,
                         std::string message) {
    ++pass_problems_;
    const Outline& outline = *entities_[entity];
    checked_.problems.push_back({map_places_[static_cast<std::size_t>(outline.kind)], entity + 1, place,
                                 pointer_of(outline).append(pointer), std::move(message)});
}

void ReferenceCheck::add_to_map(EntityKind kind, std::string message) {
    ++pass_problems_;
    checked_.problems.push_back({map_places_[static_cast<std::size_t>(kind)], 0, 0,
                                 "/" + std::string(map_name(kind)), std::move(message)});
}

}  // namespace expplat::ruleset
