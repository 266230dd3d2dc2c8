#include "server/domain/json_schema.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "server/domain/bounds.hpp"
#include "src/ruleset/pattern.hpp"
#include "src/ruleset/pointer.hpp"

namespace expplat::server::domain {

namespace {

using ruleset::Member;
using ruleset::Node;
using ruleset::NodeKind;

/// What a keyword's value must be.
enum class Shape : std::uint8_t {
    anything,
    text,
    types,
    list,
    schema,
    schemas,
    map,
    names,
    count,
    number,
    pattern
};

struct Keyword {
    std::string_view name;
    Shape shape;
};

constexpr std::array<Keyword, 33> keywords{{
    {"type", Shape::types},
    {"enum", Shape::list},
    {"const", Shape::anything},
    {"properties", Shape::map},
    {"required", Shape::names},
    {"additionalProperties", Shape::schema},
    {"minProperties", Shape::count},
    {"maxProperties", Shape::count},
    {"items", Shape::schema},
    {"minItems", Shape::count},
    {"maxItems", Shape::count},
    {"minimum", Shape::number},
    {"maximum", Shape::number},
    {"exclusiveMinimum", Shape::number},
    {"exclusiveMaximum", Shape::number},
    {"minLength", Shape::count},
    {"maxLength", Shape::count},
    {"pattern", Shape::pattern},
    {"allOf", Shape::schemas},
    {"anyOf", Shape::schemas},
    {"oneOf", Shape::schemas},
    {"not", Shape::schema},
    {"$schema", Shape::text},
    {"$id", Shape::text},
    {"$comment", Shape::text},
    {"title", Shape::text},
    {"description", Shape::text},
    {"format", Shape::text},
    {"default", Shape::anything},
    {"examples", Shape::list},
    {"deprecated", Shape::anything},
    {"readOnly", Shape::anything},
    {"writeOnly", Shape::anything},
}};

constexpr std::array<std::string_view, 7> type_names{"null",   "boolean", "integer", "number",
                                                     "string", "array",   "object"};

[[nodiscard]] bool is_type_name(const Node& node) noexcept {
    return node.kind() == NodeKind::string &&
           std::find(type_names.begin(), type_names.end(), node.text()) != type_names.end();
}

class SchemaCheck {
public:
    std::vector<Violation> faults;

    void check(const Node& schema, const std::string& pointer) {
        if (schema.kind() == NodeKind::boolean) return;
        if (schema.kind() != NodeKind::object) {
            fault(pointer, "must be a schema: an object, true or false");
            return;
        }
        for (const Member& member : schema.members()) {
            const std::string at = ruleset::pointer_below(pointer, member.name);
            const auto keyword = std::find_if(keywords.begin(), keywords.end(),
                                              [&](const Keyword& one) { return one.name == member.name; });
            if (keyword == keywords.end()) {
                fault(at, "is a keyword that is not checked here");
            } else if (member.repeated) {
                fault(at, "is there twice");
            } else {
                check_value(*keyword, member.value, at);
            }
        }
    }

private:
    void fault(std::string pointer, std::string message) {
        if (faults.size() < bounds::schema_faults) faults.push_back({std::move(pointer), std::move(message)});
    }

    void check_value(const Keyword& keyword, const Node& value, const std::string& at) {
        switch (keyword.shape) {
            case Shape::anything: return;
            case Shape::text: return want(value.kind() == NodeKind::string, at, "must be a string");
            case Shape::list: return want(value.kind() == NodeKind::array, at, "must be a list");
            case Shape::number: return want(value.is_number(), at, "must be a number");
            case Shape::count:
                return want(value.kind() == NodeKind::integer && value.integer() >= 0, at,
                            "must be a whole number from 0 on");
            case Shape::types: return check_types(value, at);
            case Shape::names: return check_names(value, at);
            case Shape::pattern: return check_pattern(value, at);
            case Shape::schema: return check(value, at);
            case Shape::schemas: return check_list(value, at);
            case Shape::map: return check_map(value, at);
        }
    }

    void want(bool is_so, const std::string& at, const char* what) {
        if (!is_so) fault(at, what);
    }

    void check_types(const Node& value, const std::string& at) {
        const bool is_list = value.kind() == NodeKind::array && !value.items().empty() &&
                             std::all_of(value.items().begin(), value.items().end(), is_type_name);
        want(is_list || is_type_name(value), at,
             "must be one or more of null, boolean, integer, number, string, array, object");
    }

    void check_names(const Node& value, const std::string& at) {
        want(value.kind() == NodeKind::array &&
                 std::all_of(value.items().begin(), value.items().end(),
                             [](const Node& one) { return one.kind() == NodeKind::string; }),
             at, "must be a list of strings");
    }

    void check_pattern(const Node& value, const std::string& at) {
        if (value.kind() != NodeKind::string) return fault(at, "must be a string");
        if (const auto wrong = ruleset::check_pattern(value.text(), false)) fault(at, *wrong);
    }

    void check_list(const Node& value, const std::string& at) {
        if (value.kind() != NodeKind::array || value.items().empty())
            return fault(at, "must be a list of schemas");
        for (std::size_t i = 0; i < value.items().size(); ++i)
            check(value.items()[i], at + '/' + std::to_string(i));
    }

    void check_map(const Node& value, const std::string& at) {
        if (value.kind() != NodeKind::object) return fault(at, "must be an object of schemas");
        for (const Member& member : value.members())
            check(member.value, ruleset::pointer_below(at, member.name));
    }
};

}  // namespace

std::vector<Violation> faults_of_schema(const Node& schema, std::string_view pointer) {
    SchemaCheck check;
    check.check(schema, std::string(pointer));
    return std::move(check.faults);
}

}  // namespace expplat::server::domain
