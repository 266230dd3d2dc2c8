#include "src/ruleset/entity_reader.hpp"

#include <string>

#include "expplat/base/hash.hpp"
#include "expplat/base/limits.hpp"
#include "src/ruleset/decimal.hpp"

namespace expplat::ruleset {

bool is_key(std::string_view text) noexcept {
    constexpr std::string_view allowed =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/:";
    return !text.empty() && text.size() <= limits::key_bytes &&
           text.find_first_not_of(allowed) == std::string_view::npos;
}

bool read_documentation(const Member& member, const Path& object, Findings& findings) {
    if (member.name == "meta") return true;
    const Path path(object, member.name);
    if (member.name == "description") {
        if (member.value.kind() != NodeKind::string) findings.wrong(member.value, path, "a string");
        return true;
    }
    if (member.name != "tags") return false;
    if (member.value.kind() != NodeKind::array) findings.wrong(member.value, path, "a list of strings");
    std::size_t index = 0;
    for (const Node& tag : member.value.items()) {
        if (tag.kind() != NodeKind::string) findings.wrong(tag, Path(path, index), "a string");
        ++index;
    }
    return true;
}

bool EntityReader::is_object(const Node& node, const Path& path) {
    if (node.kind() == NodeKind::object) return true;
    findings_.wrong(node, path, "an object");
    return false;
}

bool EntityReader::is_list(const Node& node, const Path& path) {
    if (node.kind() == NodeKind::array) return true;
    findings_.wrong(node, path, "a list");
    return false;
}

const Node* EntityReader::required(const Node* member, const Node& object, const Path& path,
                                   std::string_view name) {
    if (member == nullptr) findings_.missing(object, path, name);
    return member;
}

bool EntityReader::read_boolean(const Node* node, const Path& path, bool fallback) {
    if (node == nullptr) return fallback;
    if (node->kind() != NodeKind::boolean) findings_.wrong(*node, path, "true or false");
    return node->boolean();
}

std::string_view EntityReader::read_name(const Node* node, const Path& path, std::string_view fallback) {
    if (node == nullptr) return fallback;
    if (node->kind() == NodeKind::string && !node->text().empty()) return node->text();
    findings_.wrong(*node, path, "a string that is not empty");
    return fallback;
}

std::uint64_t EntityReader::read_percent(const Node* node, const Path& path, std::uint64_t fallback) {
    return read_micros(node, path, max_percent).value_or(fallback);
}

std::optional<std::uint64_t> EntityReader::read_micros(const Node* node, const Path& path,
                                                       std::uint64_t most) {
    if (node == nullptr) return std::nullopt;
    if (node->kind() == NodeKind::integer || node->kind() == NodeKind::real) {
        const Decimal decimal = read_decimal(node->text(), most);
        if (decimal.fault == DecimalFault::none) return decimal.micros;
    }
    findings_.wrong(*node, path,
                    most == max_percent ? "a percent from 0 to 100 with at most 6 decimals"
                                        : "a weight from 0 to 1000000000 with at most 6 decimals");
    return std::nullopt;
}

std::vector<std::string_view> EntityReader::read_strings(const Node* node, const Path& path) {
    std::vector<std::string_view> strings;
    if (node == nullptr || !is_list(*node, path)) return strings;
    strings.reserve(node->items().size());
    outline_.list_entries += node->items().size();
    for (const Node& item : node->items()) {
        if (item.kind() != NodeKind::string) findings_.wrong(item, Path(path, strings.size()), "a string");
        strings.push_back(item.text());
    }
    return strings;
}

void EntityReader::unknown_member(const Member& member, const Path& object) {
    if (mode_ == Mode::tolerant) {
        outline_.supported = false;
    } else {
        findings_.add(member.value, Path(object, member.name), "an unknown member");
    }
}

void EntityReader::unknown_value(const Node& node, const Path& path, std::string_view expected) {
    if (mode_ == Mode::tolerant) {
        outline_.supported = false;
    } else {
        findings_.wrong(node, path, expected);
    }
}

Reference& EntityReader::add_reference(Reference::Target target, const Node& name, const Path& path) {
    Reference& reference = outline_.references.emplace_back();
    reference.target = target;
    reference.place = name.place() - node_.place();
    reference.key_hash = hash64(name.text());
    reference.key = name.text();
    reference.pointer = path.pointer();
    return reference;
}

}  // namespace expplat::ruleset
