#include "src/ruleset/findings.hpp"

#include <utility>

namespace expplat::ruleset {

std::string shortened(std::string_view text) {
    constexpr std::size_t most_bytes = 60;
    if (text.size() <= most_bytes) return std::string(text);
    std::size_t end = most_bytes;  // moved back to the beginning of a character
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) --end;
    return std::string(text.substr(0, end)) + "…";
}

std::string quoted(std::string_view text) { return '"' + shortened(text) + '"'; }

std::string described(const Node& node) {
    switch (node.kind()) {
        case NodeKind::null: return "null";
        case NodeKind::boolean: return node.boolean() ? "true" : "false";
        case NodeKind::integer:
        case NodeKind::real: return shortened(node.text());
        case NodeKind::string: return quoted(node.text());
        case NodeKind::array: return node.items().empty() ? "an empty list" : "a list";
        case NodeKind::object: return node.members().empty() ? "an empty object" : "an object";
    }
    return {};
}

void Findings::add(const Node& node, const Path& path, std::string_view message) {
    if (wants(node)) keep(node, path.pointer(), std::string(message));
}

void Findings::wrong(const Node& node, const Path& path, std::string_view expected) {
    if (wants(node))
        keep(node, path.pointer(), "expected " + std::string(expected) + ", found " + described(node));
}

void Findings::missing(const Node& object, const Path& path, std::string_view member) {
    if (wants(object)) keep(object, Path(path, member).pointer(), "missing, and required here");
}

void Findings::text_faults(const Node& node, const Path& path) {
    if (!node.has_faults()) return;
    if (node.overflows()) add(node, path, "too large for a number: " + described(node));
    std::size_t index = 0;
    for (const Node& item : node.items()) text_faults(item, Path(path, index++));
    for (const Member& member : node.members()) {
        const Path at(path, member.name);
        if (member.repeated) {
            add(member.value, at, "a repeated member");
        } else {
            text_faults(member.value, at);
        }
    }
}

void Findings::keep(const Node& node, std::string pointer, std::string message) {
    problems_.push_back({0, 0, node.place() - origin_, std::move(pointer), std::move(message)});
    if (problems_.size() < 2 * limits::reported_problems) return;
    sort_problems(problems_);
    if (problems_.size() == limits::reported_problems) last_place_ = problems_.back().place;
}

std::vector<Problem> Findings::take(std::string_view prefix) && {
    sort_problems(problems_);
    for (Problem& problem : problems_) problem.pointer.insert(0, prefix);
    return std::move(problems_);
}

}  // namespace expplat::ruleset
