#include "src/admin/differences.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "expplat/base/json_text.hpp"
#include "src/ruleset/pointer.hpp"

namespace expplat::admin {

namespace {

using ruleset::Document;
using ruleset::Member;
using ruleset::Node;
using ruleset::NodeKind;

/// The value with its members in the order of their names.
void append_sorted(std::string& out, const Node& node) {
    if (node.kind() == NodeKind::object) {
        std::vector<const Member*> members;
        for (const Member& member : node.members()) members.push_back(&member);
        std::ranges::sort(members, {}, [](const Member* member) { return member->name; });
        out += '{';
        for (const Member* member : members) {
            if (out.back() != '{') out += ',';
            append_json_string(out, member->name);
            out += ':';
            append_sorted(out, member->value);
        }
        out += '}';
    } else if (node.kind() == NodeKind::array) {
        out += '[';
        for (const Node& item : node.items()) {
            if (out.back() != '[') out += ',';
            append_sorted(out, item);
        }
        out += ']';
    } else {
        out += ruleset::to_json(node);
    }
}

bool same(const Node& left, const Node& right) {
    std::string a;
    std::string b;
    append_sorted(a, left);
    append_sorted(b, right);
    return a == b;
}

class Comparison {
public:
    explicit Comparison(std::vector<Place>& places) : places_(places) {}

    void compare(const std::string& pointer, const Node& left, const Node& right) {
        if (same(left, right)) return;
        const bool objects = left.kind() == NodeKind::object && right.kind() == NodeKind::object;
        const bool lists = left.kind() == NodeKind::array && right.kind() == NodeKind::array &&
                           left.items().size() == right.items().size();
        if (objects) {
            compare_members(pointer, left, right);
        } else if (lists) {
            for (std::size_t i = 0; i < left.items().size(); ++i)
                compare(pointer + "/" + std::to_string(i), left.items()[i], right.items()[i]);
        } else {
            places_.push_back({pointer, ruleset::to_json(left), ruleset::to_json(right)});
        }
    }

private:
    static std::string below(const std::string& pointer, std::string_view name) {
        std::string result = pointer;
        ruleset::append_pointer_token(result, name);
        return result;
    }

    void compare_members(const std::string& pointer, const Node& left, const Node& right) {
        for (const Member& member : left.members()) {
            const std::string at = below(pointer, member.name);
            if (const Node* const other = right.find(member.name)) compare(at, member.value, *other);
            else places_.push_back({at, ruleset::to_json(member.value), std::nullopt});
        }
        for (const Member& member : right.members()) {
            if (left.find(member.name) == nullptr)
                places_.push_back(
                    {below(pointer, member.name), std::nullopt, ruleset::to_json(member.value)});
        }
    }

    std::vector<Place>& places_;
};

/// The body without those members.
std::string without(const Node& body, std::span<const std::string_view> names) {
    std::string out = "{";
    for (const Member& member : body.members()) {
        if (std::ranges::find(names, member.name) != names.end()) continue;
        if (out.size() > 1) out += ',';
        append_json_string(out, member.name);
        out += ':';
        out += ruleset::to_json(member.value);
    }
    return out + '}';
}

std::string without(const std::string& body, std::span<const std::string_view> names) {
    const Result<Document> document = ruleset::parse_json(body);
    return document ? without(document->root(), names) : body;
}

constexpr std::array<std::string_view, 2> life_members{"status", "winner"};

/// The body as it is compared.
std::string compared(const Configuration& one, Life life) {
    std::string body = one.body;
    if (one.kind == EntityKind::experiment && life == Life::left_alone) body = without(body, life_members);
    if (one.kind == EntityKind::flag) {
        const Result<Document> document = ruleset::parse_json(body);
        if (document && document->root().find("enabled") == nullptr)
            body = (body == "{}" ? "{" : body.substr(0, body.size() - 1) + ",") + "\"enabled\":true}";
    }
    return body;
}

std::vector<Place> places_of(const Configuration& left, const Configuration& right, Life life) {
    std::vector<Place> places;
    const Result<Document> a = ruleset::parse_json(compared(left, life));
    const Result<Document> b = ruleset::parse_json(compared(right, life));
    if (a && b) Comparison(places).compare("", a->root(), b->root());
    return places;
}

std::string text_of(const Configuration& one, std::string_view member) {
    const Result<Document> document = ruleset::parse_json(one.body);
    const Node* const node = document ? document->root().find(member) : nullptr;
    return node != nullptr && node->kind() == NodeKind::string ? std::string(node->text()) : std::string();
}

/// The steps of an experiment's life from one state to another; nothing where there is no way.
std::optional<std::vector<std::string>> steps(const std::string& from, const std::string& to) {
    using Steps = std::vector<std::string>;
    if (from == to) return Steps{};
    if (from == "draft") {
        if (to == "running") return Steps{"start"};
        if (to == "paused") return Steps{"start", "pause"};
        if (to == "completed") return Steps{"start", "complete"};
    }
    if (from == "running" && to == "paused") return Steps{"pause"};
    if (from == "paused" && to == "running") return Steps{"start"};
    if ((from == "running" || from == "paused") && to == "completed") return Steps{"complete"};
    return std::nullopt;
}

/// Body and steps of an experiment.
Result<std::vector<Change>> changes_of_experiment(Change configure, const Difference& difference, Life life) {
    const Configuration& wanted = *difference.left;
    const std::string from = difference.right ? text_of(*difference.right, "status") : "draft";
    const std::string to = life == Life::compared ? text_of(wanted, "status") : from;
    const auto way = steps(from, to);
    if (!way) {
        return Error{ErrorCode::invalid_argument, "experiment " + difference.key + " is " + from + " in " +
                                                      configure.environment + " and cannot become " + to};
    }
    const std::string winner = text_of(wanted, "winner");
    configure.body = without(wanted.body, life_members);
    if (from == "completed") {
        // It keeps its winner, or has that of the left side.
        const std::string keeps = life == Life::compared ? winner : text_of(*difference.right, "winner");
        if (!keeps.empty()) {
            configure.body.back() = ',';
            configure.body += "\"winner\":";
            append_json_string(configure.body, keeps);
            configure.body += '}';
        }
    }
    std::vector<Change> changes{configure};
    for (const std::string& step : *way) {
        Change next{.operation = step,
                    .kind = configure.kind,
                    .key = configure.key,
                    .environment = configure.environment,
                    .body = {}};
        if (step == "complete" && !winner.empty()) next.winner = winner;
        changes.push_back(std::move(next));
    }
    return changes;
}

}  // namespace

std::vector<Difference> differences_of(std::span<const Configuration> left,
                                       std::span<const Configuration> right, Life life) {
    const auto name = [](const Configuration& one) { return std::tie(one.kind, one.key); };
    std::vector<Difference> differences;
    while (!left.empty() || !right.empty()) {
        if (right.empty() || (!left.empty() && name(left.front()) < name(right.front()))) {
            differences.push_back({left.front().kind, left.front().key, left.front(), std::nullopt, {}});
            left = left.subspan(1);
        } else if (left.empty() || name(right.front()) < name(left.front())) {
            differences.push_back({right.front().kind, right.front().key, std::nullopt, right.front(), {}});
            right = right.subspan(1);
        } else {
            std::vector<Place> places = places_of(left.front(), right.front(), life);
            if (!places.empty())
                differences.push_back(
                    {left.front().kind, left.front().key, left.front(), right.front(), std::move(places)});
            left = left.subspan(1);
            right = right.subspan(1);
        }
    }
    return differences;
}

Result<std::vector<Configuration>> configurations_of_ruleset(std::string_view text) {
    const Result<Document> document = ruleset::parse_json(text);
    if (!document) return document.error();
    std::vector<Configuration> found;
    for (std::size_t i = 0; i < ruleset::entity_kinds; ++i) {
        const auto kind = static_cast<EntityKind>(i);
        const Node* const map = document->root().find(ruleset::map_name(kind));
        if (map == nullptr) continue;
        for (const Member& member : map->members()) {
            Configuration one;
            one.kind = kind;
            one.key = member.name;
            one.body = ruleset::to_json(member.value);
            found.push_back(std::move(one));
        }
    }
    std::ranges::sort(found, {}, [](const Configuration& one) { return std::tie(one.kind, one.key); });
    return found;
}

Result<std::vector<Change>> changes_for(const Difference& difference, const std::string& environment,
                                        Life life, const std::optional<std::string>& new_phase) {
    Change change{.operation = difference.left ? "configure" : "unconfigure",
                  .kind = difference.kind,
                  .key = difference.key,
                  .environment = environment,
                  .body = {},
                  .if_revision = difference.right ? difference.right->revision : 0};
    if (!difference.left) return std::vector<Change>{change};
    if (difference.kind == EntityKind::experiment) {
        change.new_phase = new_phase;
        return changes_of_experiment(std::move(change), difference, life);
    }
    change.body = difference.left->body;
    return std::vector<Change>{change};
}

}  // namespace expplat::admin
