// Variants, and what names them: serves, splits, targets and prerequisites. RULESET.md, sections 4 and 5.
#include <span>
#include <string>

#include "expplat/base/hash.hpp"
#include "src/ruleset/decimal.hpp"
#include "src/ruleset/entity_reader.hpp"
#include "src/ruleset/repeats.hpp"

namespace expplat::ruleset {

namespace {

/// True where a value is of an entity's type (RULESET.md, section 4).
[[nodiscard]] bool is_of_type(const Node& node, ValueKind type) noexcept {
    switch (type) {
        case ValueKind::boolean: return node.kind() == NodeKind::boolean;
        case ValueKind::string: return node.kind() == NodeKind::string;
        case ValueKind::integer: return node.kind() == NodeKind::integer;
        case ValueKind::number: return node.kind() == NodeKind::integer || node.kind() == NodeKind::real;
        case ValueKind::object: return node.kind() == NodeKind::object;
        case ValueKind::null:
        case ValueKind::list: break;
    }
    return false;
}

[[nodiscard]] std::string_view name_of(ValueKind type) noexcept {
    switch (type) {
        case ValueKind::boolean: return "true or false, as the type is boolean";
        case ValueKind::string: return "a string, as the type is string";
        case ValueKind::integer: return "a 64-bit integer, as the type is integer";
        case ValueKind::number: return "a number, as the type is double";
        case ValueKind::object: return "an object, as the type is object";
        case ValueKind::null:
        case ValueKind::list: break;
    }
    return {};
}

constexpr std::size_t few_variants = 8;  // looked up one by one, without an index

}  // namespace

std::optional<ValueKind> parse_type(std::string_view text) noexcept {
    if (text == "boolean") return ValueKind::boolean;
    if (text == "string") return ValueKind::string;
    if (text == "integer") return ValueKind::integer;
    if (text == "double") return ValueKind::number;
    if (text == "object") return ValueKind::object;
    return std::nullopt;
}

std::optional<ValueKind> EntityReader::read_type(const Node* node, const Path& path) {
    constexpr std::string_view expected = "boolean, string, integer, double or object";
    if (node == nullptr) return std::nullopt;
    if (node->kind() != NodeKind::string) {
        findings_.wrong(*node, path, expected);
        return std::nullopt;
    }
    const std::optional<ValueKind> type = parse_type(node->text());
    if (!type) unknown_value(*node, path, expected);
    return type;
}

std::vector<Variant> EntityReader::read_variants(const Node* node, const Path& path,
                                                 std::optional<ValueKind> type) {
    std::vector<Variant> variants;
    if (node == nullptr || !is_object(*node, path)) return variants;
    if (node->members().empty()) findings_.add(*node, path, "at least one variant is needed");
    variants.reserve(node->members().size());
    outline_.variants.reserve(node->members().size());
    for (const Member& member : node->members()) {
        if (member.repeated) continue;
        variants.push_back(read_variant(member, Path(path, member.name), type));
        outline_.variants.emplace_back(member.name);
    }
    variants_known_ = !variants.empty();
    if (variants.size() > few_variants) index_variants();
    return variants;
}

Variant EntityReader::read_variant(const Member& member, const Path& path, std::optional<ValueKind> type) {
    const Node& value = member.value;
    if (!is_key(member.name)) findings_.add(value, path, "expected " + std::string(key_grammar));
    if (type && !is_of_type(value, *type)) findings_.wrong(value, path, name_of(*type));
    Variant variant;
    variant.key = member.name;
    variant.kind = type.value_or(ValueKind::null);
    variant.boolean = value.boolean();
    variant.integer = value.integer();
    variant.number = value.real();
    variant.json = to_json(value);
    if (value.kind() == NodeKind::string) variant.string = value.text();
    return variant;
}

void EntityReader::index_variants() {
    std::vector<KeyIndex::Entry> entries;
    entries.reserve(outline_.variants.size());
    for (const std::string& key : outline_.variants) {
        entries.push_back({hash64(key), key, static_cast<std::uint32_t>(entries.size())});
    }
    variant_index_ = KeyIndex(entries);
}

/// The position of a variant; 0, and a complaint about `node`, where there is none of that key.
std::uint32_t EntityReader::variant_named(std::string_view key, const Node& node, const Path& path) {
    if (!variants_known_) return 0;  // the complaint about `variants` is enough
    std::uint32_t position = KeyIndex::none;
    if (outline_.variants.size() > few_variants) {
        position = variant_index_.find(hash64(key), key);
    } else {
        for (std::size_t i = 0; i < outline_.variants.size(); ++i) {
            if (outline_.variants[i] == key) position = static_cast<std::uint32_t>(i);
        }
    }
    if (position != KeyIndex::none) return position;
    findings_.add(node, path, "there is no variant " + quoted(key));
    return 0;
}

std::uint32_t EntityReader::read_variant_name(const Node* node, const Path& path) {
    if (node == nullptr) return 0;
    if (node->kind() == NodeKind::string) return variant_named(node->text(), *node, path);
    findings_.wrong(*node, path, "the key of a variant");
    return 0;
}

Serve EntityReader::read_serve(const Node* node, const Path& path) {
    Serve serve;
    if (node == nullptr) return serve;
    if (node->kind() == NodeKind::string) {
        serve.variant = read_variant_name(node, path);
    } else if (node->kind() == NodeKind::object) {
        const auto [split, unit, salt] = members(*node, path, {"split", "unit", "salt"});
        serve.shares = read_shares(required(split, *node, path, "split"), Path(path, "split"));
        serve.unit = read_name(unit, Path(path, "unit"), "key");
        serve.salt = read_name(salt, Path(path, "salt"), key_);
    } else {
        findings_.wrong(*node, path, "the key of a variant, or an object with split");
    }
    return serve;
}

std::vector<Share> EntityReader::read_shares(const Node* node, const Path& path) {
    std::vector<Share> shares;
    if (node == nullptr || !is_list(*node, path)) return shares;
    shares.reserve(node->items().size());
    bool all_zero = true;
    for (const Node& item : node->items()) {
        const Path at(path, shares.size());
        Share& share = shares.emplace_back();
        std::optional<std::uint64_t> micros;
        if (is_object(item, at)) {
            const auto [variant, weight] = members(item, at, {"variant", "weight"});
            share.variant = read_variant_name(required(variant, item, at, "variant"), Path(at, "variant"));
            micros = read_micros(required(weight, item, at, "weight"), Path(at, "weight"), max_weight);
        }
        share.weight_micros = micros.value_or(0);
        all_zero = all_zero && micros == 0;
    }
    if (shares.empty()) {
        findings_.add(*node, path, "a split needs at least one entry");
    } else if (all_zero) {
        findings_.add(*node, path, "all weights are 0; at least one must be more");
    }
    check_split_variants(*node, path);
    return shares;
}

void EntityReader::check_split_variants(const Node& list, const Path& path) {
    const std::span<const Node> items = list.items();
    const auto variant_of = [items](std::size_t i) -> std::string_view {
        const Node* const variant = items[i].find("variant");
        const bool has_name = variant != nullptr && variant->kind() == NodeKind::string;
        return has_name ? variant->text() : std::string_view{};
    };
    each_repeat(items.size(), variant_of, [&](std::size_t i) {
        const Path at(path, i);
        findings_.add(*items[i].find("variant"), Path(at, "variant"), "a variant that is twice in the split");
    });
}

std::vector<Target> EntityReader::read_targets(const Node* node, const Path& path) {
    std::vector<Target> targets;
    if (node == nullptr || !is_object(*node, path)) return targets;
    targets.reserve(node->members().size());
    for (const Member& member : node->members()) {
        if (member.repeated) continue;
        const Path at(path, member.name);
        Target& target = targets.emplace_back();
        target.variant = variant_named(member.name, member.value, at);
        target.user_keys = read_strings(&member.value, at);
    }
    check_target_keys(*node, path);
    return targets;
}

void EntityReader::check_target_keys(const Node& targets, const Path& path) {
    struct UserKey {
        const Node* node;
        std::string_view variant;
        std::size_t index;
    };
    std::vector<UserKey> keys;
    std::size_t count = 0;
    for (const Member& member : targets.members()) count += member.value.items().size();
    keys.reserve(count);
    for (const Member& member : targets.members()) {
        if (member.repeated) continue;
        std::size_t index = 0;
        for (const Node& item : member.value.items()) {
            if (item.kind() == NodeKind::string) keys.push_back({&item, member.name, index});
            ++index;
        }
    }
    each_repeat(
        keys.size(), [&](std::size_t i) { return keys[i].node->text(); },
        [&](std::size_t i) {
            const Path at(path, keys[i].variant);
            findings_.add(*keys[i].node, Path(at, keys[i].index),
                          "user " + quoted(keys[i].node->text()) + " is targeted twice");
        });
}

std::vector<Prerequisite> EntityReader::read_prerequisites(const Node* node, const Path& path) {
    std::vector<Prerequisite> prerequisites;
    if (node == nullptr || !is_list(*node, path)) return prerequisites;
    prerequisites.reserve(node->items().size());
    for (const Node& item : node->items()) {
        const Path at(path, prerequisites.size());
        prerequisites.push_back(read_prerequisite(item, at));
    }
    return prerequisites;
}

Prerequisite EntityReader::read_prerequisite(const Node& node, const Path& path) {
    Prerequisite prerequisite;
    if (!is_object(node, path)) return prerequisite;
    const auto [flag, variants] = members(node, path, {"flag", "variants"});
    const Path variants_path(path, "variants");
    prerequisite.variants = read_strings(required(variants, node, path, "variants"), variants_path);
    if (required(flag, node, path, "flag") == nullptr) return prerequisite;
    if (flag->kind() != NodeKind::string) {
        findings_.wrong(*flag, Path(path, "flag"), "the key of a flag or experiment");
        return prerequisite;
    }
    prerequisite.key = flag->text();
    Reference& reference = add_reference(Reference::Target::flag_or_experiment, *flag, Path(path, "flag"));
    for (std::size_t i = 0; i < prerequisite.variants.size(); ++i) {
        reference.variants.push_back({std::string(prerequisite.variants[i]), Path(variants_path, i).pointer(),
                                      variants->items()[i].place() - node_.place()});
    }
    return prerequisite;
}

}  // namespace expplat::ruleset
