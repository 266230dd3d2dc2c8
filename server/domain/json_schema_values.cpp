// Values by a JSON Schema, which `json_schema.cpp` has checked when it was saved.
#include <algorithm>
#include <cstdint>
#include <map>

#include "server/domain/bounds.hpp"
#include "server/domain/json_schema.hpp"
#include "src/ruleset/pattern.hpp"
#include "src/ruleset/pointer.hpp"

namespace expplat::server::domain {

namespace {

using ruleset::Member;
using ruleset::Node;
using ruleset::NodeKind;

/// The schema was checked when it was saved; what an older one has that is no keyword of ours is passed over.
class ValueCheck {
public:
    std::vector<Violation> faults;

    bool check(const Node& schema, const Node& value, const std::string& at, bool tells) {
        step();
        if (schema.kind() == NodeKind::boolean)
            return schema.boolean() || fault(at, "is not allowed by the schema", tells);
        bool good = check_of_any(schema, value, at, tells);
        switch (value.kind()) {
            case NodeKind::integer:
            case NodeKind::real: good = check_number(schema, value, at, tells) && good; break;
            case NodeKind::string: good = check_text(schema, value, at, tells) && good; break;
            case NodeKind::array: good = check_list(schema, value, at, tells) && good; break;
            case NodeKind::object: good = check_object(schema, value, at, tells) && good; break;
            default: break;
        }
        return check_combined(schema, value, at, tells) && good;
    }

private:
    void step(std::size_t bytes = 0) {
        steps_ += 1 + static_cast<std::int64_t>(bytes / bytes_a_step);
        if (steps_ > bounds::schema_steps)
            throw Refusal(ProblemType::too_large, "checking the values by the JSON Schema takes too long");
    }

    bool fault(const std::string& at, std::string message, bool tells) {
        if (tells && faults.size() < bounds::schema_faults) faults.push_back({at, std::move(message)});
        return false;
    }

    static constexpr std::size_t bytes_a_step = 64;  // of a text that a pattern is looked for in

    [[nodiscard]] static bool is_of_type(std::string_view type, const Node& value) noexcept {
        switch (value.kind()) {
            case NodeKind::null: return type == "null";
            case NodeKind::boolean: return type == "boolean";
            case NodeKind::integer: return type == "integer" || type == "number";
            // 1.0 is an integer to JSON Schema, though not to a ruleset.
            case NodeKind::real:
                return type == "number" ||
                       (type == "integer" && value.real() == static_cast<double>(static_cast<std::int64_t>(
                                                                 std::clamp(value.real(), -9e15, 9e15))));
            case NodeKind::string: return type == "string";
            case NodeKind::array: return type == "array";
            case NodeKind::object: return type == "object";
        }
        return false;
    }

    [[nodiscard]] bool is_equal(const Node& a, const Node& b) {
        step();
        if (a.is_number() && b.is_number()) {
            return a.kind() == NodeKind::integer && b.kind() == NodeKind::integer ? a.integer() == b.integer()
                                                                                  : a.real() == b.real();
        }
        if (a.kind() != b.kind()) return false;
        switch (a.kind()) {
            case NodeKind::null: return true;
            case NodeKind::boolean: return a.boolean() == b.boolean();
            case NodeKind::string: return a.text() == b.text();
            case NodeKind::array:
                return std::equal(a.items().begin(), a.items().end(), b.items().begin(), b.items().end(),
                                  [this](const Node& x, const Node& y) { return is_equal(x, y); });
            default: break;
        }
        return a.members().size() == b.members().size() &&
               std::all_of(a.members().begin(), a.members().end(), [&](const Member& member) {
                   const Node* const other = find(b, member.name);
                   return other != nullptr && is_equal(member.value, *other);
               });
    }

    /// Looks member by member, which is a step each.
    [[nodiscard]] const Node* find(const Node& object, std::string_view name) {
        for (const Member& member : object.members()) {
            step();
            if (member.name == name) return &member.value;
        }
        return nullptr;
    }

    bool check_of_any(const Node& schema, const Node& value, const std::string& at, bool tells) {
        bool good = true;
        if (const Node* const type = schema.find("type")) {
            const bool is_one =
                type->kind() == NodeKind::string
                    ? is_of_type(type->text(), value)
                    : std::any_of(type->items().begin(), type->items().end(),
                                  [&](const Node& one) { return is_of_type(one.text(), value); });
            if (!is_one) good = fault(at, "must be of type " + ruleset::to_json(*type), tells);
        }
        if (const Node* const same = schema.find("const"); same != nullptr && !is_equal(*same, value))
            good = fault(at, "must be the schema's `const`", tells);
        if (const Node* const list = schema.find("enum");
            list != nullptr && std::none_of(list->items().begin(), list->items().end(),
                                            [&](const Node& one) { return is_equal(one, value); }))
            good = fault(at, "must be one of the schema's `enum`", tells);
        return good;
    }

    bool check_number(const Node& schema, const Node& value, const std::string& at, bool tells) {
        const auto less = [](const Node& a, const Node& b) {
            return a.kind() == NodeKind::integer && b.kind() == NodeKind::integer ? a.integer() < b.integer()
                                                                                  : a.real() < b.real();
        };
        bool good = true;
        const auto bound = [&](const char* name, const char* words, auto is_past) {
            const Node* const limit = schema.find(name);
            if (limit != nullptr && limit->is_number() && is_past(*limit))
                good = fault(at, words + std::string(limit->text()), tells);
        };
        bound("minimum", "must be at least ", [&](const Node& limit) { return less(value, limit); });
        bound("maximum", "must be at most ", [&](const Node& limit) { return less(limit, value); });
        bound("exclusiveMinimum", "must be more than ",
              [&](const Node& limit) { return !less(limit, value); });
        bound("exclusiveMaximum", "must be less than ",
              [&](const Node& limit) { return !less(value, limit); });
        return good;
    }

    bool check_count(const Node& schema, const char* least, const char* most, std::size_t count,
                     const char* of_what, const std::string& at, bool tells) {
        const auto limit = [&](const char* name) { return schema.find(name); };
        const auto number = static_cast<std::int64_t>(count);
        bool good = true;
        if (const Node* const node = limit(least); node != nullptr && number < node->integer())
            good = fault(at, "must have at least " + std::string(node->text()) + of_what, tells);
        if (const Node* const node = limit(most);
            node != nullptr && node->kind() == NodeKind::integer && number > node->integer())
            good = fault(at, "must have at most " + std::string(node->text()) + of_what, tells);
        return good;
    }

    bool check_text(const Node& schema, const Node& value, const std::string& at, bool tells) {
        const std::string_view text = value.text();
        const auto characters = static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
            return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u;
        }));
        const bool good = check_count(schema, "minLength", "maxLength", characters, " characters", at, tells);
        const Node* const pattern = schema.find("pattern");
        if (pattern == nullptr || pattern->kind() != NodeKind::string) return good;
        step(text.size());
        if (patterns_.try_emplace(pattern, pattern->text()).first->second.is_found_in(text)) return good;
        return fault(at, "must match the schema's `pattern`", tells);
    }

    bool check_list(const Node& schema, const Node& value, const std::string& at, bool tells) {
        bool good = check_count(schema, "minItems", "maxItems", value.items().size(), " items", at, tells);
        const Node* const items = schema.find("items");
        if (items == nullptr) return good;
        for (std::size_t i = 0; i < value.items().size(); ++i)
            good = check(*items, value.items()[i], at + '/' + std::to_string(i), tells) && good;
        return good;
    }

    bool check_object(const Node& schema, const Node& value, const std::string& at, bool tells) {
        bool good = check_count(schema, "minProperties", "maxProperties", value.members().size(), " members",
                                at, tells);
        if (const Node* const required = schema.find("required")) {
            for (const Node& name : required->items()) {
                if (find(value, name.text()) == nullptr)
                    good = fault(at, "must have the member `" + std::string(name.text()) + '`', tells);
            }
        }
        const Node* const properties = schema.find("properties");
        const Node* const others = schema.find("additionalProperties");
        if (properties == nullptr && others == nullptr) return good;
        for (const Member& member : value.members()) {
            const Node* const known = properties == nullptr ? nullptr : find(*properties, member.name);
            const Node* const its = known == nullptr ? others : known;
            if (its != nullptr)
                good = check(*its, member.value, ruleset::pointer_below(at, member.name), tells) && good;
        }
        return good;
    }

    /// Of the alternatives only the verdict is told: what each of them misses would contradict the others.
    bool check_combined(const Node& schema, const Node& value, const std::string& at, bool tells) {
        bool good = true;
        if (const Node* const all = schema.find("allOf")) {
            for (const Node& one : all->items()) good = check(one, value, at, tells) && good;
        }
        const auto fitting = [&](const Node& list) {
            return std::count_if(list.items().begin(), list.items().end(),
                                 [&](const Node& one) { return check(one, value, at, false); });
        };
        if (const Node* const any = schema.find("anyOf"); any != nullptr && fitting(*any) == 0)
            good = fault(at, "must fit one of the schema's `anyOf`", tells);
        if (const Node* const one = schema.find("oneOf"); one != nullptr && fitting(*one) != 1)
            good = fault(at, "must fit exactly one of the schema's `oneOf`", tells);
        if (const Node* const no = schema.find("not"); no != nullptr && check(*no, value, at, false))
            good = fault(at, "must not fit the schema's `not`", tells);
        return good;
    }

    std::int64_t steps_ = 0;
    std::map<const Node*, ruleset::Pattern> patterns_;
};

}  // namespace

std::vector<Violation> faults_of_variants(const Node& schema, const Node& body) {
    const Node* const type = body.find("type");
    const Node* const variants = body.find("variants");
    if (type == nullptr || type->text() != "object" || variants == nullptr) return {};
    ValueCheck check;
    for (const Member& variant : variants->members())
        (void)check.check(schema, variant.value, ruleset::pointer_below("/variants", variant.name), true);
    return std::move(check.faults);
}

}  // namespace expplat::server::domain
