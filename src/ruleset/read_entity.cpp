// The five kinds of entity: RULESET.md, sections 3 (segments), 4 and 5.
#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "expplat/base/hash.hpp"
#include "src/ruleset/decimal.hpp"
#include "src/ruleset/entity_reader.hpp"
#include "src/ruleset/repeats.hpp"

namespace expplat::ruleset {

namespace {

constexpr std::string_view default_unit = "key";
constexpr std::int64_t layer_slots = 10'000;

}  // namespace

EntityReader::EntityReader(EntityKind kind, std::string_view key, Mode mode, const Node& node,
                           PatternCheck& patterns)
    : mode_(mode), node_(node), patterns_(patterns), findings_(node), key_(key) {
    outline_.kind = kind;
    outline_.key = key;
    outline_.key_hash = hash64(key);
}

Entity EntityReader::read() && {
    outline_.content_hash = node_.hash();
    Entity entity;
    if (is_object(node_, root_)) entity.body = read_body();
    const bool may_answer = outline_.kind != EntityKind::layer && outline_.kind != EntityKind::holdout;
    if (!outline_.supported && may_answer) forget_all();
    if (node_.has_faults()) findings_.text_faults(node_, root_);
    if (!is_key(key_)) findings_.add(node_, root_, "expected " + std::string(key_grammar));
    outline_.sound = findings_.empty();
    if (!outline_.sound || !outline_.supported) entity.body = std::monostate{};
    std::stable_sort(outline_.references.begin(), outline_.references.end(),
                     [](const Reference& a, const Reference& b) { return a.place < b.place; });
    entity.outline = std::move(outline_);
    if (!entity.outline.sound) entity.problems = std::move(findings_).take(pointer_of(entity.outline));
    return entity;
}

/// Of what is unsupported only its key is checked, and nothing else of it is known to others.
void EntityReader::forget_all() {
    findings_.clear();
    Outline kept;
    kept.kind = outline_.kind;
    kept.supported = false;
    kept.key = std::move(outline_.key);
    kept.key_hash = outline_.key_hash;
    kept.content_hash = outline_.content_hash;
    outline_ = std::move(kept);
}

Body EntityReader::read_body() {
    switch (outline_.kind) {
        case EntityKind::segment: return read_segment();
        case EntityKind::layer: return read_layer();
        case EntityKind::holdout: return read_holdout();
        case EntityKind::flag: return read_flag();
        case EntityKind::experiment: return read_experiment();
    }
    return {};
}

Segment EntityReader::read_segment() {
    const auto [unit, included, excluded, condition] =
        members(node_, root_, {"unit", "included", "excluded", "if"}, true);
    Segment segment;
    segment.unit = read_name(unit, Path(root_, "unit"), default_unit);
    segment.included = read_strings(included, Path(root_, "included"));
    segment.excluded = read_strings(excluded, Path(root_, "excluded"));
    segment.condition = read_if(condition, Path(root_, "if"));
    return segment;
}

Layer EntityReader::read_layer() {
    const auto [unit, salt] = members(node_, root_, {"unit", "salt"}, true);
    const std::string default_salt = "layer:" + std::string(key_);
    Layer layer;
    layer.unit = read_name(unit, Path(root_, "unit"), default_unit);
    layer.salt = read_name(salt, Path(root_, "salt"), default_salt);
    outline_.unit = layer.unit;
    outline_.salt = layer.salt;
    return layer;
}

Holdout EntityReader::read_holdout() {
    const auto [percent, unit, salt] = members(node_, root_, {"percent", "unit", "salt"}, true);
    const std::string default_salt = "holdout:" + std::string(key_);
    Holdout holdout;
    holdout.percent_micros =
        read_percent(required(percent, node_, root_, "percent"), Path(root_, "percent"), 0);
    holdout.unit = read_name(unit, Path(root_, "unit"), default_unit);
    holdout.salt = read_name(salt, Path(root_, "salt"), default_salt);
    outline_.unit = holdout.unit;
    outline_.salt = holdout.salt;
    return holdout;
}

Flag EntityReader::read_flag() {
    const auto [type, enabled, variants, off, prerequisites, targets, rules, fallback, exposures] = members(
        node_, root_,
        {"type", "enabled", "variants", "off", "prerequisites", "targets", "rules", "default", "exposures"},
        true);
    outline_.own_steps = 1;
    Flag flag;
    const auto kind = read_type(required(type, node_, root_, "type"), Path(root_, "type"));
    flag.type = kind.value_or(ValueKind::boolean);
    flag.enabled = read_boolean(enabled, Path(root_, "enabled"), true);
    flag.exposures = read_boolean(exposures, Path(root_, "exposures"), false);
    flag.variants =
        read_variants(required(variants, node_, root_, "variants"), Path(root_, "variants"), kind);
    flag.off = read_variant_name(required(off, node_, root_, "off"), Path(root_, "off"));
    flag.prerequisites = read_prerequisites(prerequisites, Path(root_, "prerequisites"));
    flag.targets = read_targets(targets, Path(root_, "targets"));
    flag.rules = read_rules(rules, Path(root_, "rules"));
    flag.default_serve = read_serve(required(fallback, node_, root_, "default"), Path(root_, "default"));
    return flag;
}

std::vector<Rule> EntityReader::read_rules(const Node* node, const Path& path) {
    std::vector<Rule> rules;
    if (node == nullptr || !is_list(*node, path)) return rules;
    rules.reserve(node->items().size());
    for (const Node& item : node->items()) {
        const Path at(path, rules.size());
        Rule& rule = rules.emplace_back();
        if (!is_object(item, at)) continue;
        const auto [id, condition, serve] = members(item, at, {"id", "if", "serve"}, true);
        rule.id = read_name(id, Path(at, "id"), {});
        if (rule.id == "targets")
            findings_.add(*id, Path(at, "id"), "targets is no id for a rule: answers use it");
        rule.condition = read_if(condition, Path(at, "if"));
        rule.serve = read_serve(required(serve, item, at, "serve"), Path(at, "serve"));
    }
    check_rule_ids(*node, path, rules);
    return rules;
}

void EntityReader::check_rule_ids(const Node& list, const Path& path, const std::vector<Rule>& rules) {
    const auto id_of = [&](std::size_t i) { return rules[i].id; };
    each_repeat(rules.size(), id_of, [&](std::size_t i) {
        const Path at(path, i);
        findings_.add(*list.items()[i].find("id"), Path(at, "id"),
                      "another rule has the id " + quoted(rules[i].id));
    });
}

Experiment EntityReader::read_experiment() {
    const auto [type, status, variants, split, unit, salt, condition, traffic, layer, holdout, prerequisites,
                targets, winner] =
        members(node_, root_,
                {"type", "status", "variants", "split", "unit", "salt", "if", "traffic", "layer", "holdout",
                 "prerequisites", "targets", "winner"},
                true);
    outline_.own_steps = 1;
    Experiment experiment;
    const auto kind = read_type(required(type, node_, root_, "type"), Path(root_, "type"));
    experiment.type = kind.value_or(ValueKind::boolean);
    experiment.status = read_status(required(status, node_, root_, "status"), Path(root_, "status"));
    experiment.variants =
        read_variants(required(variants, node_, root_, "variants"), Path(root_, "variants"), kind);
    experiment.split.shares = read_shares(required(split, node_, root_, "split"), Path(root_, "split"));
    experiment.split.unit = read_name(unit, Path(root_, "unit"), default_unit);
    experiment.split.salt = read_name(salt, Path(root_, "salt"), key_);
    experiment.condition = read_if(condition, Path(root_, "if"));
    experiment.traffic_micros = read_percent(traffic, Path(root_, "traffic"), max_percent * micros_per_unit);
    experiment.layer = read_layer_reference(layer, Path(root_, "layer"));
    experiment.holdout = read_holdout_name(holdout, Path(root_, "holdout"));
    experiment.prerequisites = read_prerequisites(prerequisites, Path(root_, "prerequisites"));
    experiment.targets = read_targets(targets, Path(root_, "targets"));
    experiment.winner = read_winner(winner, Path(root_, "winner"));
    outline_.status = experiment.status;
    outline_.unit = experiment.split.unit;
    outline_.salt = experiment.split.salt;
    if (salt != nullptr) outline_.salt_place = salt->place() - node_.place();
    return experiment;
}

Status EntityReader::read_status(const Node* node, const Path& path) {
    constexpr std::string_view expected = "draft, running, paused or completed";
    if (node == nullptr) return Status::draft;
    if (node->kind() != NodeKind::string) {
        findings_.wrong(*node, path, expected);
        return Status::draft;
    }
    if (node->text() == "draft") return Status::draft;
    if (node->text() == "running") return Status::running;
    if (node->text() == "paused") return Status::paused;
    if (node->text() == "completed") return Status::completed;
    unknown_value(*node, path, expected);
    return Status::draft;
}

std::optional<LayerReference> EntityReader::read_layer_reference(const Node* node, const Path& path) {
    if (node == nullptr || !is_object(*node, path)) return std::nullopt;
    const auto [key, from, to] = members(*node, path, {"key", "from", "to"});
    LayerReference layer;
    if (required(key, *node, path, "key") != nullptr) {
        const Path key_path(path, "key");
        if (key->kind() == NodeKind::string) {
            layer.key = key->text();
            add_reference(Reference::Target::layer, *key, key_path);
        } else {
            findings_.wrong(*key, key_path, "the key of a layer");
        }
    }
    const auto first = read_slot(required(from, *node, path, "from"), Path(path, "from"));
    const auto last = read_slot(required(to, *node, path, "to"), Path(path, "to"));
    if (!first || !last) return layer;
    if (*first >= *last) {
        findings_.add(
            *node, path,
            "from (" + std::to_string(*first) + ") must be less than to (" + std::to_string(*last) + ")");
    }
    outline_.has_layer = true;
    outline_.layer_from = layer.from = *first;
    outline_.layer_to = layer.to = *last;
    outline_.layer_place = node->place() - node_.place();
    return layer;
}

std::optional<std::uint32_t> EntityReader::read_slot(const Node* node, const Path& path) {
    if (node == nullptr) return std::nullopt;
    if (node->kind() == NodeKind::integer && node->integer() >= 0 && node->integer() <= layer_slots) {
        return static_cast<std::uint32_t>(node->integer());
    }
    findings_.wrong(*node, path, "an integer from 0 to 10000");
    return std::nullopt;
}

std::optional<std::string_view> EntityReader::read_holdout_name(const Node* node, const Path& path) {
    if (node == nullptr) return std::nullopt;
    if (node->kind() != NodeKind::string) {
        findings_.wrong(*node, path, "the key of a holdout");
        return std::nullopt;
    }
    add_reference(Reference::Target::holdout, *node, path);
    return node->text();
}

std::optional<std::uint32_t> EntityReader::read_winner(const Node* node, const Path& path) {
    if (node == nullptr || node->kind() == NodeKind::null) return std::nullopt;
    return read_variant_name(node, path);
}

}  // namespace expplat::ruleset
