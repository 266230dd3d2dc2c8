// A small ruleset that uses every feature of an image, users that reach all of it, and an engine for its patterns
// that allocates nothing and compiles nothing.
//
// For the tests and the fuzzer of `image::verify`, which damage its bytes. `exercise` does with a verified image all
// that a host can do: it must be safe on whatever `verify` lets through.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/eval/explain.hpp"
#include "expplat/image/checksum.hpp"
#include "expplat/image/image.hpp"
#include "expplat/variant.hpp"
#include "src/ruleset/answer_json.hpp"
#include "src/ruleset/explanation.hpp"
#include "src/ruleset/user_json.hpp"
#include "tests/eval/compiled.hpp"

namespace expplat::tests {

/// To be compiled in tolerant mode: `new` and what names it is unsupported.
inline constexpr std::string_view sample_ruleset = R"({
  "format": "expplat.ruleset/1", "environment": "sample", "version": 42,
  "segments": {
    "listed": {"included": ["u1", "u2"], "excluded": ["u3"], "if": {"attribute": "country", "is": "DE"}},
    "many": {"unit": "serial_number", "included": ["1", "2", "3", "4", "5", "6", "7", "8", "9"], "excluded": ["u1"]},
    "nested": {"if": {"all": [{"segment": "listed"}, {"not": {"segment": "many"}}, {"attribute": "agent", "matches": "^a+$"}]}},
    "tail": {"if": {"any": [{"attribute": "country", "in": ["FR", "IT", "ES", "PT", "NL", "BE", "LU", "AT", "DK"]}, {"segment": "nested"}]}}
  },
  "layers": {"l": {}},
  "holdouts": {"h": {"percent": 10}},
  "flags": {
    "boolean": {"type": "boolean", "variants": {"on": true, "off": false}, "off": "off",
      "targets": {"on": ["t1", "t2", "t3", "t4", "t5"], "off": ["t6", "t7", "t8", "t9", "u4"]}, "default": "off", "exposures": true,
      "rules": [
        {"id": "segments", "if": {"all": [{"segment": "tail"}, {"segment": "many"}]}, "serve": {"split": [{"variant": "on", "weight": 1}], "unit": "device_id"}},
        {"if": {"attribute": "country", "is": "de", "ignore_case": true}, "serve": "on"},
        {"id": "numbers", "if": {"any": [{"attribute": "n", "is": 3}, {"attribute": "n", "less_than": -1.5}, {"attribute": "n", "at_most": -1}, {"attribute": "n", "greater_than": 1e18}, {"attribute": "n", "at_least": 9}]}, "serve": {"split": [{"variant": "on", "weight": 30}, {"variant": "off", "weight": 70}]}},
        {"id": "in", "if": {"any": [{"attribute": "x", "in": [1, 2.5, true, "a", "b"]}, {"attribute": "x", "in": ["A", "É", false], "ignore_case": true}, {"attribute": "x", "is": true}]}, "serve": "on"},
        {"id": "text", "if": {"any": [{"attribute": "agent", "contains": ["x", "yy"]}, {"attribute": "agent", "starts_with": "Z", "ignore_case": true}, {"attribute": "agent", "ends_with": "."}, {"attribute": "agent", "matches": "b", "ignore_case": true}]}, "serve": "off"},
        {"id": "versions", "if": {"any": [{"attribute": "app", "version_is": "1"}, {"attribute": "app", "version_below": "0.1"}, {"all": [{"attribute": "app", "version_at_most": "3.0.0-rc.1"}, {"attribute": "app", "version_at_least": "2"}]}, {"attribute": "app", "version_above": "99"}]}, "serve": "on"},
        {"id": "instants", "if": {"any": [{"attribute": "at", "before": "2020-01-01T00:00:00Z"}, {"attribute": "at", "after": "2030-01-01T00:00:00.0000000000000000000001Z"}, {"attribute": "at", "after": 4102444800000}]}, "serve": "on"},
        {"id": "addresses", "if": {"attribute": "ip", "in_cidr": ["10.0.0.0/8", "2001:db8::/32"]}, "serve": "on"},
        {"id": "rest", "if": {"any": [{"not": {"attribute": "country", "exists": true}}, {"sample": {"unit": "device_id", "salt": "s", "percent": 50}}]}, "serve": {"split": [{"variant": "off", "weight": 1}], "unit": "device_id"}}
      ]},
    "string": {"type": "string", "variants": {"a": "", "b": "a value of more than sixteen bytes", "c": "short"}, "off": "a",
      "prerequisites": [{"flag": "boolean", "variants": ["on"]}, {"flag": "experiment", "variants": ["a", "b"]}],
      "default": {"split": [{"variant": "a", "weight": 0.1}, {"variant": "b", "weight": 0}, {"variant": "c", "weight": 3}], "salt": "other"}},
    "integer": {"type": "integer", "variants": {"a": -1, "b": 9223372036854775807}, "off": "a", "default": "b", "prerequisites": [{"flag": "string", "variants": ["b", "c"]}]},
    "double": {"type": "double", "off": "a",
      "default": {"split": [{"variant": "a", "weight": 1}, {"variant": "b", "weight": 1}, {"variant": "a2", "weight": 1}, {"variant": "a3", "weight": 1}, {"variant": "a4", "weight": 1}, {"variant": "a5", "weight": 1}, {"variant": "a6", "weight": 1}, {"variant": "a7", "weight": 1}, {"variant": "a8", "weight": 1}]},
      "variants": {"a": 1, "b": -2.5e-3, "a2": 2, "a3": 3, "a4": 4, "a5": 5, "a6": 6, "a7": 7, "a8": 8}},
    "object": {"type": "object", "variants": {"a": {"x": [1, null, "é"]}}, "off": "a", "default": "a", "enabled": false},
    "new": {"type": "boolean", "variants": {"on": true}, "off": "on", "default": "on", "unheard": 1},
    "names-new": {"type": "boolean", "variants": {"on": true}, "off": "on", "default": "on", "prerequisites": [{"flag": "new", "variants": ["on"]}]}
  },
  "experiments": {
    "experiment": {"type": "string", "status": "running", "variants": {"a": "A", "b": "B"}, "split": [{"variant": "a", "weight": 50}, {"variant": "b", "weight": 50}],
      "layer": {"key": "l", "from": 0, "to": 9000}, "holdout": "h", "traffic": 90, "targets": {"b": ["u5"]}, "if": {"not": {"attribute": "country", "is": "US"}}},
    "by-device": {"type": "integer", "status": "running", "variants": {"a": 1}, "split": [{"variant": "a", "weight": 1}], "unit": "device_id", "if": {"segment": "tail"}, "prerequisites": [{"flag": "experiment", "variants": ["a"]}]},
    "draft": {"type": "boolean", "status": "draft", "variants": {"a": true}, "split": [{"variant": "a", "weight": 1}]},
    "won": {"type": "boolean", "status": "completed", "variants": {"a": true, "b": false}, "split": [{"variant": "a", "weight": 1}], "winner": "b"}
  }
})";

[[nodiscard]] inline std::vector<User> sample_users() {
    constexpr std::string_view texts[] = {
        R"({})",
        R"({"key": "u1", "attributes": {"country": "DE", "agent": "aaa", "device_id": 7, "serial_number": 3}})",
        R"({"key": "u3", "attributes": {"country": "de", "agent": ["zed", "yyz", 1], "device_id": "d", "n": [3, -2.5], "x": ["b", 2.5]}})",
        R"({"key": "t7", "attributes": {"country": "IT", "serial_number": "u1", "n": 1e19, "x": "É", "app": "2.5"}})",
        R"({"key": "u5", "attributes": {"country": "US", "ip": "10.1.2.3", "at": 1893456000001, "app": ["junk", "0.0.1"]}})",
        R"({"key": "a key of more than sixteen bytes, and then some", "attributes": {"country": "AT", "ip": ["x", "2001:db8::1"], "at": "2030-01-01T00:00:00.0000000000000000000002Z", "n": 0, "agent": "no.", "x": true}})"};
    std::vector<User> users;
    for (const std::string_view text : texts) users.push_back(*ruleset::parse_user(text));
    return users;
}

/// Checks what the evaluator promises an engine, and holds on half of all texts.
class PatternStub {
public:
    explicit PatternStub(const image::View& view) : count_(view.header().pattern_count) {}
    [[nodiscard]] eval::Patterns patterns() const noexcept { return {this, &PatternStub::match}; }

private:
    static bool match(const void* stub, std::uint32_t pattern, std::string_view text) noexcept {
        if (pattern >= static_cast<const PatternStub*>(stub)->count_) std::abort();
        std::size_t sum = 0;
        for (const char c : text) sum += static_cast<unsigned char>(c);
        return sum % 2 == 1;
    }
    std::uint32_t count_;
};

/// A copy of bytes in memory that ends where they end, so that the address sanitizer sees a read past them.
[[nodiscard]] inline image::Buffer buffer_of(const std::byte* bytes, std::size_t size) {
    image::Buffer buffer(size);
    if (size > 0) std::memcpy(buffer.data(), bytes, size);
    return buffer;
}

/// Makes the checksum right again, so that a change is judged by what it means.
inline void fix_checksum(image::Buffer& image) {
    const std::uint64_t sum = image::checksum(image.data(), image.size(), offsetof(image::Header, checksum));
    std::memcpy(image.data() + offsetof(image::Header, checksum), &sum, sizeof sum);
}

[[nodiscard]] inline image::Buffer copy_of(const CompiledRuleset& ruleset) {
    return buffer_of(ruleset.bytes().data(), ruleset.bytes().size());
}

[[nodiscard]] inline const CompiledRuleset& sample() {
    static const CompiledRuleset compiled(sample_ruleset, ruleset::Mode::tolerant);
    return compiled;
}

[[nodiscard]] inline Result<image::View> verified(const image::Buffer& bytes) {
    return image::verify({bytes.data(), bytes.size()});
}

/// `invalid_image: what is wrong`, or `accepted`.
[[nodiscard]] inline std::string refusal(const image::Buffer& bytes) {
    const Result<image::View> view = verified(bytes);
    return view ? "accepted" : std::string(name(view.error().code)) + ": " + view.error().message;
}

/// The struct at a byte of the image, to be changed.
template <class T>
[[nodiscard]] T& edit(image::Buffer& image, std::size_t offset) {
    return *reinterpret_cast<T*>(image.data() + offset);
}

/// All that a host does with a verified image. The result depends on everything that was read.
inline std::size_t exercise(const image::View& view, const std::vector<User>& users, bool with_text) {
    const PatternStub stub(view);
    std::size_t seen = view.environment().size();
    for (const image::PatternRecord& pattern : view.patterns()) seen += view.text(pattern.text).size();
    seen += view.find("nobody") == nullptr ? 1 : 2;
    std::string text;
    for (const image::Offset offset : view.entities()) {
        const image::Entity& entity = view.entity(offset);
        seen += view.find(image::key_of(entity)) == &entity ? 1 : 2;
        for (const User& user : users) {
            const eval::Answer answer = eval::evaluate(view, entity, user, stub.patterns());
            seen += eval::evaluate(view, entity, user).has_variant() ? 1 : 2;  // without an engine
            const Variant variant(answer, view.version());
            seen += variant.key().size() + variant.rule().size() +
                    (variant.value().kind() == ValueKind::boolean ? 1 : 2);
            text.clear();
            ruleset::append_answer_json(text, image::key_of(entity), answer, view.version());
            seen += text.size();
            if (answer.unit != nullptr)
                seen += eval::UnitValue(image::base_of(entity), *answer.unit, user).text().size();
            if (with_text) {
                for (const std::string& line : ruleset::explain(view, entity, user, stub.patterns()))
                    seen += line.size();
            } else {
                std::size_t steps = 0;
                const eval::Answer explained =
                    eval::explain(view, entity, user, stub.patterns(),
                                  [&steps](const eval::Step& step) { steps += 1 + step.name.size(); });
                if (explained.variant != answer.variant || explained.reason != answer.reason) std::abort();
                seen += steps;
            }
        }
    }
    return seen;
}

}  // namespace expplat::tests
