#include "src/ruleset/workspace.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <unordered_set>
#include <utility>

#include <absl/container/flat_hash_map.h>

#include "expplat/base/hash.hpp"
#include "expplat/base/json_text.hpp"
#include "src/ruleset/change.hpp"
#include "src/ruleset/check.hpp"
#include "src/ruleset/compile_entity.hpp"
#include "src/ruleset/link.hpp"

namespace expplat::ruleset {

namespace {

/// Calls of segments that may nest before the order of conditions is decided by weight (`CallWeights`).
constexpr std::uint32_t deep_calls = 8;

constexpr EntityKind all_kinds[] = {EntityKind::segment, EntityKind::layer, EntityKind::holdout,
                                    EntityKind::flag, EntityKind::experiment};

using SlotName = std::pair<EntityKind, std::string_view>;

/// The order of its conditions may have to change: a segment that calls another with conditions beside the call. Flags
/// and experiments are where a chain of calls begins: their order is the document's.
bool may_be_reordered(const Outline& outline) {
    return outline.kind == EntityKind::segment && outline.own_steps > 1 && !outline.references.empty();
}

bool may_be_kept(const Outline& old, const Outline& entity) {
    return old.kind == entity.kind && old.content_hash == entity.content_hash &&
           old.supported == entity.supported;
}

/// By ordinal: how deep calls of segments nest in the order of the document.
std::vector<std::uint32_t> call_depths(std::span<const Outline* const> outlines, const Checked& checked) {
    std::vector<std::uint32_t> depths(outlines.size(), 0);
    for (const std::uint32_t i : checked.order) {
        const std::vector<Reference>& references = outlines[i]->references;
        for (std::size_t r = 0; r < references.size(); ++r) {
            if (references[r].target != Reference::Target::segment) continue;
            depths[i] = std::max(depths[i], depths[checked.targets[checked.target_begin[i] + r]] + 1);
        }
    }
    return depths;
}

void append_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7F) {
            out += c;
            continue;
        }
        constexpr char digits[] = "0123456789abcdef";
        out += "\\u00";
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
}

/// Without the room that it grew into.
std::shared_ptr<const std::string> kept_json(const Node& node) {
    const std::string json = to_json(node);
    return std::make_shared<const std::string>(json.data(), json.size());
}

Error refusal(std::vector<Problem> problems) {
    sort_problems(problems);
    return {ErrorCode::invalid_ruleset, to_text(problems)};
}

/// A document that breaks the rules of text has one problem, at the empty pointer.
Error unreadable(const Error& error) { return refusal({Problem{0, 0, 0, "", error.message}}); }

}  // namespace

std::string to_text(const std::vector<Problem>& problems) {
    std::string text;
    for (const Problem& problem : problems) {
        if (!text.empty()) text += '\n';
        append_escaped(text, problem.pointer);
        text += ": ";
        append_escaped(text, problem.message);
    }
    return text;
}

Result<Compiled> Workspace::compile(std::string_view text) {
    Result<Document> document = parse_json(text);
    if (!document) return unreadable(document.error());
    Reading reading = read(*document, mode_);
    Draft draft;
    draft.environment = std::move(reading.heading.environment);
    draft.version = reading.heading.version;
    draft.problems = std::move(reading.problems);
    draft.map_places = reading.map_places;
    absl::flat_hash_map<SlotName, Slot*> known;
    for (Slot& slot : slots_) known.emplace(SlotName{slot.outline->kind, slot.outline->key}, &slot);
    for (Entity& entity : reading.entities) {
        const auto old = known.find(SlotName{entity.outline.kind, entity.outline.key});
        const bool keep = old != known.end() && may_be_kept(*old->second->outline, entity.outline);
        // A copy, not the one that was made while reading: that lies between what is gone when this is done.
        Slot slot{keep ? old->second->outline : std::make_shared<const Outline>(entity.outline),
                  keep ? old->second->chunk : nullptr, keep ? old->second->json : nullptr,
                  keep ? old->second->weights_hash : 0};
        draft.previous.push_back(old != known.end() ? static_cast<std::uint32_t>(old->second - slots_.data())
                                                    : new_slot);
        draft.bodies.push_back({draft.slots.size(), std::move(entity.body)});
        draft.slots.push_back(std::move(slot));
    }
    absl::flat_hash_map<SlotName, Slot*> wanted;
    for (Slot& slot : draft.slots) {
        if (slot.json == nullptr && keeps_json(*slot.outline)) {
            wanted.emplace(SlotName{slot.outline->kind, slot.outline->key}, &slot);
        }
    }
    for (const EntityKind kind : all_kinds) {
        const Node* const map = wanted.empty() ? nullptr : document->root().find(map_name(kind));
        if (map == nullptr) continue;
        for (const Member& member : map->members()) {
            const auto slot = wanted.find(SlotName{kind, member.name});
            if (slot != wanted.end() && !member.repeated) { slot->second->json = kept_json(member.value); }
        }
    }
    return finish(draft);
}

Result<Compiled> Workspace::finish(Draft& draft) {
    std::vector<const Outline*> outlines;
    outlines.reserve(draft.slots.size());
    for (const Slot& slot : draft.slots) outlines.push_back(slot.outline.get());
    Checked checked = check_references(outlines, draft.map_places);
    std::move(checked.problems.begin(), checked.problems.end(), std::back_inserter(draft.problems));
    if (!draft.problems.empty()) return refusal(std::move(draft.problems));

    compile_slots(draft, checked);
    std::vector<LinkInput> inputs;
    inputs.reserve(draft.slots.size());
    for (const Slot& slot : draft.slots) inputs.push_back({slot.outline.get(), slot.chunk.get()});
    Result<image::Image> image =
        link(inputs, checked, draft.environment, draft.version, memory_, std::exchange(spare_, std::nullopt));
    if (!image) return image.error();

    std::vector<std::string> unsupported;
    for (std::size_t i = 0; i < outlines.size(); ++i) {
        if (checked.supported[i] == 0 && has_answers(outlines[i]->kind))
            unsupported.push_back(pointer_of(*outlines[i]));
    }
    std::vector<std::string> changed;
    if (has_ruleset_) changed = changed_keys(draft, checked);
    slots_ = std::move(draft.slots);
    environment_ = std::move(draft.environment);
    version_ = draft.version;
    has_ruleset_ = true;
    map_places_ = draft.map_places;
    return Compiled{std::move(*image), std::move(unsupported), draft.compiled_entities, std::move(changed)};
}

bool Workspace::keeps_json(const Outline& outline) const noexcept {
    return retain_ == Retain::documents || may_be_reordered(outline);
}

std::vector<std::string> Workspace::changed_keys(const Draft& draft, const Checked& checked) const {
    std::vector<Revision> revisions;
    revisions.reserve(draft.slots.size());
    for (std::size_t i = 0; i < draft.slots.size(); ++i) {
        const Slot* const old = draft.previous[i] == new_slot ? nullptr : &slots_[draft.previous[i]];
        revisions.push_back({draft.slots[i].outline.get(), draft.slots[i].chunk.get(),
                             old != nullptr ? old->outline.get() : nullptr,
                             old != nullptr ? old->chunk.get() : nullptr});
    }
    const std::vector<std::uint8_t> changed = changed_entities(revisions, checked);
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < draft.slots.size(); ++i) {
        const Outline& outline = *draft.slots[i].outline;
        if (changed[i] != 0 && has_answers(outline.kind)) keys.push_back(outline.key);
    }
    std::ranges::move(gone_keys(draft), std::back_inserter(keys));
    return keys;
}

/// Keys that answer no more. One that was a flag and is an experiment now is none of them.
std::vector<std::string> Workspace::gone_keys(const Draft& draft) const {
    std::vector<std::uint8_t> stays(slots_.size(), 0);
    for (const std::uint32_t previous : draft.previous) {
        if (previous != new_slot) stays[previous] = 1;
    }
    std::unordered_set<std::string_view> added;
    for (std::size_t i = 0; i < draft.slots.size(); ++i) {
        const Outline& outline = *draft.slots[i].outline;
        if (draft.previous[i] == new_slot && has_answers(outline.kind)) added.insert(outline.key);
    }
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        const Outline& outline = *slots_[i].outline;
        if (stays[i] == 0 && has_answers(outline.kind) && !added.contains(outline.key))
            keys.push_back(outline.key);
    }
    return keys;
}

std::string Workspace::document() const {
    if (retain_ == Retain::no_documents || !has_ruleset_) return {};
    std::size_t size = 128 + environment_.size();
    for (const Slot& slot : slots_) size += slot.outline->key.size() + slot.json->size() + 8;
    std::string text;
    text.reserve(size);
    text += R"({"format":"expplat.ruleset/1","environment":)";
    append_json_string(text, environment_);
    text += ",\"version\":" + std::to_string(version_);
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        const Outline& outline = *slots_[i].outline;
        const bool begins = i == 0 || slots_[i - 1].outline->kind != outline.kind;
        if (begins)
            text.append(i == 0 ? "" : "}").append(",\"").append(map_name(outline.kind)).append("\":{");
        else text += ',';
        append_json_string(text, outline.key);
        text.append(":").append(*slots_[i].json);
    }
    text += slots_.empty() ? "}" : "}}";
    return text;
}

void Workspace::compile_slots(Draft& draft, const Checked& checked) const {
    std::vector<const Outline*> outlines;
    outlines.reserve(draft.slots.size());
    for (const Slot& slot : draft.slots) outlines.push_back(slot.outline.get());
    const std::vector<std::uint32_t> depths = call_depths(outlines, checked);
    auto read = draft.bodies.begin();
    for (std::size_t i = 0; i < draft.slots.size(); ++i) {
        const bool is_read = read != draft.bodies.end() && read->slot == i;
        const Body* const body = is_read ? &(read++)->body : nullptr;
        if (draft.slots[i].outline->supported) compile_slot(draft, i, body, checked, depths[i] > deep_calls);
    }
}

void Workspace::compile_slot(Draft& draft, std::size_t i, const Body* body, const Checked& checked,
                             bool deep) const {
    Slot& slot = draft.slots[i];
    CallWeights weights;
    std::uint64_t weights_hash = 0;
    if (deep && may_be_reordered(*slot.outline)) {
        for (std::size_t r = 0; r < slot.outline->references.size(); ++r) {
            const Reference& reference = slot.outline->references[r];
            if (reference.target != Reference::Target::segment) continue;
            const std::uint64_t steps = checked.steps[checked.targets[checked.target_begin[i] + r]];
            weights[reference.key] = steps;
            weights_hash = (weights_hash ^ reference.key_hash ^ steps) * 0x9E3779B97F4A7C15u + 1;
        }
    }
    if (slot.chunk != nullptr && slot.weights_hash == weights_hash) return;
    slot.weights_hash = weights_hash;
    ++draft.compiled_entities;
    if (body != nullptr && !std::holds_alternative<std::monostate>(*body)) {
        slot.chunk = std::make_shared<const Chunk>(compile_entity(slot.outline->key, *body, weights));
        return;
    }
    // Kept from an earlier ruleset, but what it calls has changed its weight: read its JSON again.
    const Result<Document> document = parse_json(*slot.json);
    const Entity entity = read_entity(slot.outline->kind, slot.outline->key, document->root(), mode_);
    slot.chunk = std::make_shared<const Chunk>(compile_entity(slot.outline->key, entity.body, weights));
}

namespace {

std::optional<std::uint64_t> version_of(const Node* node) {
    constexpr std::int64_t most = (std::int64_t{1} << 53) - 1;
    if (node == nullptr || node->kind() != NodeKind::integer || node->integer() < 0 || node->integer() > most)
        return {};
    return static_cast<std::uint64_t>(node->integer());
}

Error malformed_patch(std::string message) { return {ErrorCode::invalid_ruleset, std::move(message)}; }

/// What a patch says of one entity.
struct Changed {
    const Node* node = nullptr;  // null: it is removed
    bool has_place = false;      // it was there before, and is placed
};

/// The keys of `remove`, or what is wrong with it.
Result<std::vector<std::pair<EntityKind, std::string_view>>> removed_keys(const Node* remove) {
    std::vector<SlotName> keys;
    if (remove == nullptr) return keys;
    if (remove->kind() != NodeKind::object)
        return malformed_patch("/remove: expected an object of lists of keys");
    for (const EntityKind kind : all_kinds) {
        const Node* const list = remove->find(map_name(kind));
        if (list == nullptr) continue;
        if (list->kind() != NodeKind::array) {
            return malformed_patch("/remove/" + std::string(map_name(kind)) + ": expected a list of keys");
        }
        for (const Node& key : list->items()) {
            if (key.kind() != NodeKind::string) {
                return malformed_patch("/remove/" + std::string(map_name(kind)) + ": expected keys");
            }
            keys.emplace_back(kind, key.text());
        }
    }
    return keys;
}

}  // namespace

Result<Compiled> Workspace::patch(std::string_view text) {
    if (!has_ruleset_) { return Error{ErrorCode::not_ready, "a patch came before the first ruleset"}; }
    const Result<Document> document = parse_json(text);
    if (!document) return unreadable(document.error());
    if (document->root().kind() != NodeKind::object || document->has_repeated_members()) {
        return malformed_patch(": expected a patch: an object without repeated members");
    }
    Result<Draft> draft = draft_of_patch(document->root());
    if (!draft) return draft.error();
    return finish(*draft);
}

Result<Workspace::Draft> Workspace::draft_of_patch(const Node& root) const {
    const std::optional<std::uint64_t> base = version_of(root.find("base"));
    const std::optional<std::uint64_t> version = version_of(root.find("version"));
    if (!base) return malformed_patch("/base: expected a version");
    if (!version) return malformed_patch("/version: expected a version");
    if (*base != version_) {
        return Error{ErrorCode::invalid_argument, "the patch is for version " + std::to_string(*base) +
                                                      ", this is version " + std::to_string(version_)};
    }
    Draft draft;
    draft.environment = environment_;
    draft.version = *version;
    draft.map_places = map_places_;
    const auto removed = removed_keys(root.find("remove"));
    if (!removed) return removed.error();
    const Node* const set = root.find("set");
    if (set != nullptr && set->kind() != NodeKind::object)
        return malformed_patch("/set: expected an object of maps");

    absl::flat_hash_map<SlotName, Changed> changed;
    for (const SlotName& name : *removed) changed[name] = {};
    for (const EntityKind kind : all_kinds) {
        const Node* const map = set == nullptr ? nullptr : set->find(map_name(kind));
        if (map == nullptr) continue;
        if (map->kind() != NodeKind::object) {
            return malformed_patch("/set/" + std::string(map_name(kind)) + ": expected an object");
        }
        for (const Member& member : map->members()) {
            changed[SlotName{kind, member.name}].node = &member.value;
        }
    }
    draft.slots.reserve(slots_.size() + changed.size());
    draft.previous.reserve(slots_.size() + changed.size());
    const auto place = [&](EntityKind kind, std::string_view key, const Node& node, std::uint32_t previous) {
        draft.previous.push_back(previous);
        Entity entity = read_entity(kind, key, node, mode_);
        std::move(entity.problems.begin(), entity.problems.end(), std::back_inserter(draft.problems));
        const bool keep_json = keeps_json(entity.outline);
        draft.bodies.push_back({draft.slots.size(), std::move(entity.body)});
        draft.slots.push_back({std::make_shared<const Outline>(std::move(entity.outline)), nullptr,
                               keep_json ? kept_json(node) : nullptr, 0});
    };
    // Entities of one map stand together; new ones come after the old ones of their map.
    std::size_t i = 0;
    std::array<bool, entity_kinds> placed{};
    const auto place_added = [&](EntityKind kind) {
        placed[static_cast<std::size_t>(kind)] = true;
        const Node* const map = set == nullptr ? nullptr : set->find(map_name(kind));
        if (map == nullptr) return;
        for (const Member& member : map->members()) {
            if (!changed[SlotName{kind, member.name}].has_place)
                place(kind, member.name, member.value, new_slot);
        }
    };
    while (i < slots_.size()) {
        const EntityKind kind = slots_[i].outline->kind;
        for (; i < slots_.size() && slots_[i].outline->kind == kind; ++i) {
            const Slot& slot = slots_[i];
            const auto change = changed.find(SlotName{kind, slot.outline->key});
            if (change == changed.end()) {
                draft.slots.push_back(slot);
                draft.previous.push_back(static_cast<std::uint32_t>(i));
            } else if (change->second.node != nullptr) {
                change->second.has_place = true;
                place(kind, slot.outline->key, *change->second.node, static_cast<std::uint32_t>(i));
            }
        }
        place_added(kind);
    }
    for (const EntityKind kind : all_kinds) {
        if (!placed[static_cast<std::size_t>(kind)]) place_added(kind);
    }
    return draft;
}

}  // namespace expplat::ruleset
