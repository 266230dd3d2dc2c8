#include "server/publish/patch.hpp"

#include <array>
#include <span>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "expplat/base/json_text.hpp"
#include "src/ruleset/outline.hpp"

namespace expplat::server::publish {
namespace {

using ruleset::EntityKind;
using ruleset::Member;
using ruleset::Node;
using ruleset::NodeKind;

constexpr std::array all_kinds{EntityKind::segment, EntityKind::layer, EntityKind::holdout, EntityKind::flag,
                               EntityKind::experiment};

[[nodiscard]] bool is_map(std::string_view name) noexcept {
    for (const EntityKind kind : all_kinds) {
        if (ruleset::map_name(kind) == name) return true;
    }
    return false;
}

[[nodiscard]] std::span<const Member> entities(const Node& document, EntityKind kind) noexcept {
    const Node* const map = document.find(ruleset::map_name(kind));
    return map == nullptr ? std::span<const Member>{} : map->members();
}

/// The same, but for entities and the version.
[[nodiscard]] bool same_frame(const Node& from, const Node& to) {
    const auto covers = [](const Node& one, const Node& other) {
        for (const Member& member : one.members()) {
            if (member.name == "version") continue;
            const Node* const counterpart = other.find(member.name);
            if (is_map(member.name)) {
                if (member.value.kind() != NodeKind::object) return false;
            } else if (counterpart == nullptr || counterpart->hash() != member.value.hash()) {
                return false;
            }
        }
        return true;
    };
    return covers(from, to) && covers(to, from);
}

/// Appends to the object that `out` ends in.
void begin_member(std::string& out, std::string_view name) {
    if (out.back() != '{') out += ',';
    append_json_string(out, name);
    out += ':';
}

}  // namespace

std::optional<std::string> patch_between(const Node& from, const Node& to) {
    const Node* const base = from.find("version");
    const Node* const version = to.find("version");
    if (base == nullptr || version == nullptr || !same_frame(from, to)) return std::nullopt;
    std::string set = "{";
    std::string remove = "{";
    for (const EntityKind kind : all_kinds) {
        absl::flat_hash_map<std::string_view, const Node*>
            left;  // of the old ones: not seen in the new ruleset
        for (const Member& old : entities(from, kind)) left[old.name] = &old.value;
        std::string changed = "{";
        for (const Member& entity : entities(to, kind)) {
            const auto old = left.find(entity.name);
            const bool is_same = old != left.end() && old->second->hash() == entity.value.hash();
            if (old != left.end()) left.erase(old);
            if (is_same) continue;
            begin_member(changed, entity.name);
            changed += ruleset::to_json(entity.value);
        }
        if (changed.size() > 1) {
            begin_member(set, ruleset::map_name(kind));
            set += changed + '}';
        }
        if (left.empty()) continue;
        begin_member(remove, ruleset::map_name(kind));
        remove += '[';
        for (const Member& old : entities(from, kind)) {
            if (!left.contains(old.name)) continue;
            if (remove.back() != '[') remove += ',';
            append_json_string(remove, old.name);
        }
        remove += ']';
    }
    std::string patch =
        "{\"base\":" + std::string(base->text()) + ",\"version\":" + std::string(version->text());
    if (set.size() > 1) patch += ",\"set\":" + set + '}';
    if (remove.size() > 1) patch += ",\"remove\":" + remove + '}';
    return patch + '}';
}

}  // namespace expplat::server::publish
