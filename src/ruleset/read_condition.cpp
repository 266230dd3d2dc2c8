// Conditions: RULESET.md, section 3.
#include <string>

#include "expplat/eval/address.hpp"
#include "expplat/eval/instant.hpp"
#include "expplat/eval/version.hpp"
#include "src/ruleset/entity_reader.hpp"

namespace expplat::ruleset {

using Form = Condition::Form;

namespace {

struct OperatorName {
    std::string_view name;
    Operator op;
    bool takes_ignore_case = false;
};

constexpr OperatorName operators[] = {
    {"is", Operator::is, true},
    {"in", Operator::in, true},
    {"less_than", Operator::less_than},
    {"at_most", Operator::at_most},
    {"greater_than", Operator::greater_than},
    {"at_least", Operator::at_least},
    {"contains", Operator::contains, true},
    {"starts_with", Operator::starts_with, true},
    {"ends_with", Operator::ends_with, true},
    {"matches", Operator::matches, true},
    {"version_is", Operator::version_is},
    {"version_below", Operator::version_below},
    {"version_at_most", Operator::version_at_most},
    {"version_above", Operator::version_above},
    {"version_at_least", Operator::version_at_least},
    {"before", Operator::before},
    {"after", Operator::after},
    {"in_cidr", Operator::in_cidr},
    {"exists", Operator::exists},
};

struct FormName {
    std::string_view name;
    Form form;
};

constexpr FormName forms[] = {
    {"attribute", Form::comparison}, {"all", Form::all},         {"any", Form::any},
    {"not", Form::negation},         {"segment", Form::segment}, {"sample", Form::sample},
};

template <class Row, std::size_t Count>
[[nodiscard]] const Row* row_named(const Row (&rows)[Count], std::string_view name) noexcept {
    for (const Row& row : rows) {
        if (row.name == name) return &row;
    }
    return nullptr;
}

[[nodiscard]] Scalar scalar(const Node& node) noexcept {
    Scalar result;
    switch (node.kind()) {
        case NodeKind::boolean:
            result.kind = ValueKind::boolean;
            result.boolean = node.boolean();
            break;
        case NodeKind::integer:
            result.kind = ValueKind::integer;
            result.number = Number::of(node.integer());
            break;
        case NodeKind::real:
            result.kind = ValueKind::number;
            result.number = Number::of(node.real());
            break;
        case NodeKind::string:
            result.kind = ValueKind::string;
            result.string = node.text();
            break;
        case NodeKind::null:
        case NodeKind::array:
        case NodeKind::object: break;
    }
    return result;
}

[[nodiscard]] bool is_string(const Node& node) noexcept { return node.kind() == NodeKind::string; }
[[nodiscard]] bool is_scalar(const Node& node) noexcept {
    return node.kind() == NodeKind::boolean || is_string(node) || node.is_number();
}
[[nodiscard]] bool is_instant(const Node& node) noexcept {
    eval::Instant instant;
    return node.kind() == NodeKind::integer || (is_string(node) && eval::parse_instant(node.text(), instant));
}
[[nodiscard]] bool is_cidr(const Node& node) noexcept {
    eval::Cidr cidr;
    return is_string(node) && eval::parse_cidr(node.text(), cidr);
}

}  // namespace

std::optional<Condition> EntityReader::read_if(const Node* node, const Path& path) {
    if (node == nullptr) return std::nullopt;
    return read_condition(*node, path);
}

Condition EntityReader::read_condition(const Node& node, const Path& path) {
    Condition condition;
    if (!is_object(node, path)) return condition;
    ++outline_.own_steps;  // whatever its form, a condition is one step and its parts
    Parts found;
    for (const Member& member : node.members()) {
        if (member.repeated) continue;
        if (const FormName* const row = row_named(forms, member.name)) {
            ++found.forms;
            condition.form = row->form;
            read_form(member.value, Path(path, member.name), condition);
        } else if (row_named(operators, member.name) != nullptr) {
            ++found.operators;
        } else if (member.name == "ignore_case") {
            found.ignore_case = &member.value;
            condition.ignore_case = read_boolean(found.ignore_case, Path(path, member.name), false);
        } else {
            found.unknown = true;
            unknown_member(member, path);
        }
    }
    if (found.operators > 0) found.take_ignore_case = read_operators(node, path, condition);
    check_parts(node, path, condition.form, found);
    return condition;
}

void EntityReader::read_form(const Node& node, const Path& path, Condition& condition) {
    switch (condition.form) {
        case Form::all:
        case Form::any: condition.parts = read_parts(node, path); break;
        case Form::negation: condition.parts.push_back(read_condition(node, path)); break;
        case Form::segment: read_segment_name(node, path, condition); break;
        case Form::sample: read_sample(node, path, condition); break;
        case Form::comparison: condition.name = read_name(&node, path, {}); break;
    }
}

/// The operators of a condition, whichever form it has. True where one of them takes `ignore_case`.
bool EntityReader::read_operators(const Node& node, const Path& path, Condition& condition) {
    bool take_ignore_case = false;
    for (const Member& member : node.members()) {
        const OperatorName* const row = row_named(operators, member.name);
        if (member.repeated || row == nullptr) continue;
        condition.op = row->op;
        take_ignore_case |= row->takes_ignore_case;
        condition.operands =
            read_operand(row->op, member.value, Path(path, member.name), condition.ignore_case);
    }
    return take_ignore_case;
}

/// Exactly one form; with an attribute exactly one operator, with any other form none.
void EntityReader::check_parts(const Node& node, const Path& path, Form form, const Parts& found) {
    const bool is_comparison = found.forms > 0 && form == Form::comparison;
    // What is missing may be what is unknown: then that complaint is enough.
    const bool may_be_whole = found.unknown && found.operators == 0;
    if (found.forms > 1 || found.operators > 1) {
        findings_.add(node, path,
                      "more than one form or operator in one condition; join them with all or any");
    } else if (found.operators > 0 && !is_comparison) {
        findings_.add(node, path, "an operator goes with attribute, and with no other form");
    } else if (is_comparison && found.operators == 0 && !may_be_whole) {
        findings_.add(node, path, "attribute needs an operator");
    } else if (found.forms == 0 && !may_be_whole) {
        findings_.add(node, path,
                      "a condition needs all, any, not, segment, sample, or attribute with an operator");
    }
    if (found.ignore_case != nullptr && !found.take_ignore_case && !may_be_whole) {
        findings_.add(*found.ignore_case, Path(path, "ignore_case"),
                      "ignore_case goes with is, in, contains, starts_with, ends_with and matches");
    }
}

std::vector<Condition> EntityReader::read_parts(const Node& node, const Path& path) {
    std::vector<Condition> parts;
    if (!is_list(node, path)) return parts;
    parts.reserve(node.items().size());
    for (const Node& item : node.items()) parts.push_back(read_condition(item, Path(path, parts.size())));
    return parts;
}

void EntityReader::read_segment_name(const Node& node, const Path& path, Condition& condition) {
    if (!is_string(node)) return findings_.wrong(node, path, "a segment's key");
    condition.name = node.text();
    add_reference(Reference::Target::segment, node, path);
}

void EntityReader::read_sample(const Node& node, const Path& path, Condition& condition) {
    if (!is_object(node, path)) return;
    const auto [unit, salt, percent] = members(node, path, {"unit", "salt", "percent"});
    condition.unit = read_name(unit, Path(path, "unit"), "key");
    condition.name = read_name(required(salt, node, path, "salt"), Path(path, "salt"), {});
    condition.percent_micros =
        read_percent(required(percent, node, path, "percent"), Path(path, "percent"), 0);
}

std::vector<Scalar> EntityReader::read_operand(Operator op, const Node& node, const Path& path,
                                               bool ignore_case) {
    const auto one = [&](bool fits, std::string_view expected) {
        if (!fits) findings_.wrong(node, path, expected);
        return std::vector<Scalar>{scalar(node)};
    };
    switch (op) {
        case Operator::is: return one(is_scalar(node), "a string, number or boolean");
        case Operator::in: return read_list(node, path, is_scalar, "a string, number or boolean");
        case Operator::less_than:
        case Operator::at_most:
        case Operator::greater_than:
        case Operator::at_least: return one(node.is_number(), "a number");
        case Operator::contains:
        case Operator::starts_with:
        case Operator::ends_with:
            if (node.kind() == NodeKind::array) return read_list(node, path, is_string, "a string");
            return one(is_string(node), "a string or a list of strings");
        case Operator::matches: check_pattern_operand(node, path, ignore_case); return {scalar(node)};
        case Operator::version_is:
        case Operator::version_below:
        case Operator::version_at_most:
        case Operator::version_above:
        case Operator::version_at_least:
            return one(is_string(node) && eval::is_version(node.text()), "a version, such as \"1.2.3\"");
        case Operator::before:
        case Operator::after:
            return one(is_instant(node),
                       "an RFC 3339 instant, such as \"2026-01-31T00:00:00Z\", or integer milliseconds");
        case Operator::in_cidr: return read_list(node, path, is_cidr, "a CIDR block, such as \"10.0.0.0/8\"");
        case Operator::exists: return one(node.kind() == NodeKind::boolean, "true or false");
    }
    return {};
}

std::vector<Scalar> EntityReader::read_list(const Node& node, const Path& path,
                                            bool (*fits)(const Node&) noexcept, std::string_view expected) {
    std::vector<Scalar> entries;
    if (!is_list(node, path)) return entries;
    entries.reserve(node.items().size());
    outline_.list_entries += node.items().size();
    for (const Node& item : node.items()) {
        if (!fits(item)) findings_.wrong(item, Path(path, entries.size()), expected);
        entries.push_back(scalar(item));
    }
    return entries;
}

void EntityReader::check_pattern_operand(const Node& node, const Path& path, bool ignore_case) {
    if (!is_string(node)) return findings_.wrong(node, path, "a pattern");
    const std::optional<std::string>& fault = patterns_(node.text(), ignore_case);
    if (fault) findings_.add(node, path, "not a valid RE2 pattern: " + shortened(*fault));
}

}  // namespace expplat::ruleset
