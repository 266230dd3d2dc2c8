// The ruleset as types: what `read.hpp` makes of an entity's JSON and `compile_entity.hpp` makes an
// image chunk of. A model is only ever made by the reader, so every rule of RULESET.md that can be
// judged inside one entity already holds, and the compiler has nothing left to check.
//
// Strings are views into the `Document` that the entity was read from; a model lives no longer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "expplat/base/value.hpp"

namespace expplat::ruleset {

enum class EntityKind : std::uint8_t { segment, layer, holdout, flag, experiment };

/// An operand of a comparison: `kind` is string, boolean, integer or number.
struct Scalar {
    ValueKind kind = ValueKind::null;
    bool boolean = false;
    Number number;  // of an integer or a number
    std::string_view string;
};

enum class Operator : std::uint8_t {
    is,
    in,
    less_than,
    at_most,
    greater_than,
    at_least,
    contains,
    starts_with,
    ends_with,
    matches,
    version_is,
    version_below,
    version_at_most,
    version_above,
    version_at_least,
    before,
    after,
    in_cidr,
    exists,
};

struct Condition {
    enum class Form : std::uint8_t { all, any, negation, segment, sample, comparison };

    Form form = Form::all;
    Operator op = Operator::is;        // comparison
    bool ignore_case = false;          // comparison
    std::string_view name;             // comparison: attribute; segment: its key; sample: its salt
    std::string_view unit;             // sample
    std::uint64_t percent_micros = 0;  // sample: percent × 10^6
    std::vector<Scalar> operands;      // comparison: the operand, or the entries of a list operand, in order
    std::vector<Condition> parts;      // all, any: in order; negation: one
};

struct Share {
    std::uint32_t variant = 0;        // position in `variants`
    std::uint64_t weight_micros = 0;  // weight × 10^6
};

/// A variant, or a split where `shares` is not empty (then `unit` and `salt` hold, defaults applied).
struct Serve {
    std::uint32_t variant = 0;
    std::vector<Share> shares;
    std::string_view unit;
    std::string_view salt;

    [[nodiscard]] bool is_split() const noexcept { return !shares.empty(); }
};

struct Rule {
    std::string_view id;  // empty where it has none
    std::optional<Condition> condition;
    Serve serve;
};

struct Variant {
    std::string_view key;
    ValueKind kind = ValueKind::null;  // boolean, string, integer, number or object, as the entity's type
    bool boolean = false;
    std::int64_t integer = 0;
    double number = 0;
    std::string json;         // the value as compact JSON
    std::string_view string;  // a string's content
};

struct Prerequisite {
    std::string_view key;
    std::vector<std::string_view> variants;
};

struct Target {
    std::uint32_t variant = 0;
    std::vector<std::string_view> user_keys;
};

struct Segment {
    std::string_view unit;
    std::vector<std::string_view> included;
    std::vector<std::string_view> excluded;
    std::optional<Condition> condition;
};

struct Layer {
    std::string_view unit;
    std::string salt;  // default applied: `layer:` + key
};

struct Holdout {
    std::string_view unit;
    std::string salt;  // default applied: `holdout:` + key
    std::uint64_t percent_micros = 0;
};

struct Flag {
    ValueKind type = ValueKind::boolean;
    bool enabled = true;
    bool exposures = false;
    std::vector<Variant> variants;
    std::uint32_t off = 0;
    std::vector<Prerequisite> prerequisites;
    std::vector<Target> targets;
    std::vector<Rule> rules;
    Serve default_serve;
};

enum class Status : std::uint8_t { draft, running, paused, completed };

struct LayerReference {
    std::string_view key;
    std::uint32_t from = 0;  // slots of 10,000; from < to
    std::uint32_t to = 0;
};

struct Experiment {
    ValueKind type = ValueKind::boolean;
    Status status = Status::draft;
    std::vector<Variant> variants;
    Serve split;  // its unit and salt are the experiment's
    std::optional<Condition> condition;
    std::uint64_t traffic_micros = 100'000'000;
    std::optional<LayerReference> layer;
    std::optional<std::string_view> holdout;
    std::vector<Prerequisite> prerequisites;
    std::vector<Target> targets;
    std::optional<std::uint32_t> winner;
};

using Body = std::variant<std::monostate, Segment, Layer, Holdout, Flag, Experiment>;

}  // namespace expplat::ruleset
