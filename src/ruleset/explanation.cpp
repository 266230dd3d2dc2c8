#include "src/ruleset/explanation.hpp"

#include <array>
#include <cstdio>

#include "expplat/base/json_text.hpp"
#include "src/ruleset/answer_json.hpp"

namespace expplat::ruleset {

namespace {

using image::array_at;
using image::at;
using image::Opcode;
using image::text_at;

/// Entries of a list that an explanation shows; the rest is counted.
constexpr std::size_t shown_entries = 8;

std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

/// A name as it is, or quoted where it holds control characters: a line of an explanation is one line.
std::string shown_name(std::string_view name) {
    for (const char c : name) {
        if (static_cast<unsigned char>(c) < 0x20) return quoted(name);
    }
    return std::string(name);
}

std::string describe(const Number& number) {
    if (number.integral) return std::to_string(number.integer);
    std::string text;
    append_json_number(text, number.real);
    return text;
}

std::string percent_of_range(std::uint64_t amount) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.6g %%", static_cast<double>(amount) * 100.0 / 4294967296.0);
    return text.data();
}

class ListText {
public:
    void add(std::string_view entry) {
        if (count_++ >= shown_entries) return;
        if (!text_.empty()) text_ += ", ";
        text_ += entry;
    }
    [[nodiscard]] bool is_single() const noexcept { return count_ == 1; }
    /// Without brackets.
    [[nodiscard]] const std::string& entries() const noexcept { return text_; }
    [[nodiscard]] std::string text() const {
        if (count_ <= shown_entries) return "[" + text_ + "]";
        return "[" + text_ + ", … " + std::to_string(count_ - shown_entries) + " more]";
    }

private:
    std::string text_;
    std::size_t count_ = 0;
};

std::string_view operator_name(Opcode opcode) {
    switch (opcode) {
        case Opcode::equals_string:
        case Opcode::equals_number:
        case Opcode::equals_boolean: return "is";
        case Opcode::in_strings:
        case Opcode::in: return "in";
        case Opcode::less_than: return "less_than";
        case Opcode::at_most: return "at_most";
        case Opcode::greater_than: return "greater_than";
        case Opcode::at_least: return "at_least";
        case Opcode::contains_text:
        case Opcode::contains: return "contains";
        case Opcode::starts_with_text:
        case Opcode::starts_with: return "starts_with";
        case Opcode::ends_with_text:
        case Opcode::ends_with: return "ends_with";
        case Opcode::matches: return "matches";
        case Opcode::version_is: return "version_is";
        case Opcode::version_below: return "version_below";
        case Opcode::version_at_most: return "version_at_most";
        case Opcode::version_above: return "version_above";
        case Opcode::version_at_least: return "version_at_least";
        case Opcode::before: return "before";
        case Opcode::after: return "after";
        case Opcode::in_cidr: return "in_cidr";
        case Opcode::exists: return "exists";
        case Opcode::segment: return "segment";
        case Opcode::sample: return "sample";
    }
    return "?";
}

void add_strings(ListText& list, const std::byte* base, image::Ref ref) {
    const image::StringSet& set = at<image::StringSet>(base, ref);
    for (const image::SetEntry& entry : array_at<image::SetEntry>(base, set.entries, set.count)) {
        list.add(quoted(text_at(base, entry.text)));
    }
}

std::string describe_strings(const std::byte* base, image::Ref ref) {
    ListText list;
    add_strings(list, base, ref);
    return list.text();
}

/// `is` where there is one operand: a string that is compared without regard to case is compiled to an `in`.
std::string describe_in(const std::byte* base, image::Ref ref) {
    const image::InOperand& in = at<image::InOperand>(base, ref);
    ListText list;
    if (in.strings != 0) add_strings(list, base, in.strings);
    for (const image::NumberOperand& number :
         array_at<image::NumberOperand>(base, in.numbers, in.number_count)) {
        list.add(describe(eval::number_of(number)));
    }
    if ((in.booleans & 1u) != 0) list.add("false");
    if ((in.booleans & 2u) != 0) list.add("true");
    return list.is_single() ? "is " + list.entries() : "in " + list.text();
}

std::string describe_texts(const std::byte* base, image::Ref ref) {
    const std::uint32_t count = at<image::TextList>(base, ref).count;
    const auto texts = array_at<image::Ref>(base, ref + sizeof(image::TextList), count);
    if (count == 1) return quoted(text_at(base, texts[0]));
    ListText list;
    for (const image::Ref text : texts) list.add(quoted(text_at(base, text)));
    return list.text();
}

std::string describe_instant(const std::byte* base, image::Ref ref) {
    const image::InstantOperand& instant = at<image::InstantOperand>(base, ref);
    std::string text = std::to_string(instant.seconds) + " s since 1970";
    if (instant.fraction != 0 || instant.rest != 0) {
        std::array<char, 24> digits{};
        std::snprintf(digits.data(), digits.size(), "%018llu",
                      static_cast<unsigned long long>(instant.fraction));
        text = std::to_string(instant.seconds) + "." + digits.data() +
               std::string(image::optional_text_at(base, instant.rest)) + " s since 1970";
    }
    return text;
}

std::string describe_cidrs(const std::byte* base, image::Ref ref) {
    const std::uint32_t count = at<image::CidrList>(base, ref).count;
    ListText list;
    for (const image::CidrRecord& cidr :
         array_at<image::CidrRecord>(base, ref + sizeof(image::CidrList), count)) {
        std::array<char, 64> text{};
        if (cidr.v6 != 0) {
            int used = 0;
            for (int group = 0; group < 8; ++group) {
                const std::uint64_t half = group < 4 ? cidr.high : cidr.low;
                used += std::snprintf(text.data() + used, text.size() - static_cast<std::size_t>(used),
                                      group == 0 ? "%x" : ":%x",
                                      static_cast<unsigned>((half >> (48 - 16 * (group % 4))) & 0xFFFF));
            }
            std::snprintf(text.data() + used, text.size() - static_cast<std::size_t>(used), "/%u",
                          cidr.length);
        } else {
            std::snprintf(
                text.data(), text.size(), "%u.%u.%u.%u/%u", static_cast<unsigned>(cidr.low >> 24) & 255,
                static_cast<unsigned>(cidr.low >> 16) & 255, static_cast<unsigned>(cidr.low >> 8) & 255,
                static_cast<unsigned>(cidr.low) & 255, cidr.length);
        }
        list.add(text.data());
    }
    return list.text();
}

std::string describe_unit(std::string_view unit_name) {
    return unit_name.empty() ? "key" : shown_name(unit_name);
}

std::string describe_choice(const eval::Choice& choice) {
    const std::string who = describe_unit(choice.unit_name) + " " + quoted(choice.unit);
    const std::string point =
        "point " + std::to_string(choice.point) + " of 4294967296 (" + percent_of_range(choice.point) + ")";
    switch (choice.kind) {
        case eval::Choice::Kind::split:
            return "split by " + who + ": " + point + " lies in [" + std::to_string(choice.from) + ", " +
                   std::to_string(choice.below) + ") → variant " + quoted(choice.variant);
        case eval::Choice::Kind::layer:
            return "layer " + quoted(choice.name) + " by " + who + ": " + point + " is slot " +
                   std::to_string(choice.slot) + " of 10000, " + (choice.inside ? "inside" : "outside") +
                   " [" + std::to_string(choice.from) + ", " + std::to_string(choice.below) + ")" +
                   (choice.inside ? "" : " → not enrolled");
        case eval::Choice::Kind::sample:
        case eval::Choice::Kind::holdout:
        case eval::Choice::Kind::traffic: break;
    }
    const bool holdout = choice.kind == eval::Choice::Kind::holdout;
    const std::string what = choice.kind == eval::Choice::Kind::sample ? "sample"
                             : holdout                                 ? "holdout " + quoted(choice.name)
                                                                       : "traffic";
    return what + " by " + who + ": " + point + " is " + (choice.inside ? "below " : "not below ") +
           std::to_string(choice.below) + " (" + percent_of_range(choice.below) + ")" +
           (choice.kind == eval::Choice::Kind::sample ? (choice.inside ? " → in" : " → out")
            : holdout ? (choice.inside ? " → held out" : " → not held out")
                      : (choice.inside ? " → enrolled" : " → not enrolled"));
}

std::string describe_step(const image::View& view, const User& user, const eval::Step& step) {
    using Kind = eval::Step::Kind;
    switch (step.kind) {
        case Kind::settled:
            return quoted(step.name) + " is not running: it gives " +
                   (step.unit.empty() ? "no variant" : quoted(step.unit));
        case Kind::targets:
            return std::string("targets: the user's key is ") + (step.result ? "listed" : "not listed");
        case Kind::enter_prerequisite: return "prerequisite " + quoted(step.name) + ":";
        case Kind::leave_prerequisite:
            return "prerequisite " + quoted(step.name) +
                   (step.result ? " gives a wanted variant" : " does not give a wanted variant");
        case Kind::follow_prerequisite:
            return "… if its own prerequisite " + quoted(step.name) + " allows it:";
        case Kind::enter_segment: return "segment " + quoted(step.name) + ":";
        case Kind::leave_segment:
            return std::string("the user is ") + (step.result ? "in" : "not in") + " segment " +
                   quoted(step.name);
        case Kind::follow_segment: return "… as segment " + quoted(step.name) + " decides:";
        case Kind::segment_lists:
            if (step.unit.empty()) return "the segment's unit is absent: its lists do not apply";
            return quoted(step.unit) + (step.result     ? " is included"
                                        : step.excluded ? " is excluded"
                                                        : " is in neither list");
        case Kind::condition:
            if (step.instruction->opcode == Opcode::sample)
                return std::string("sample → ") + (step.result ? "true" : "false");
            return shown_name(step.name) + " " + describe_operator(view, step.base, *step.instruction) +
                   (step.value == nullptr ? ": the user has none"
                                          : ": the user has " + describe_value(user, step.value)) +
                   " → " + (step.result ? "true" : "false");
        case Kind::choice: return describe_choice(step.choice);
        case Kind::outcome: {
            const std::string rule = step.is_default ? "no rule serves: the default"
                                                     : "rule " + std::to_string(step.rule + 1) +
                                                           (step.name.empty() ? "" : " " + quoted(step.name));
            return rule + (step.is_split ? " serves a split" : " serves a variant");
        }
        case Kind::unit_absent:
            return "the unit " + describe_unit(step.name) + " is absent: nothing can be chosen";
    }
    return {};
}

/// The rule that a condition of the explained flag itself belongs to.
std::string rule_prefix(const image::Entity& entity, const eval::Step& step) {
    const bool about_rule =
        step.kind == eval::Step::Kind::condition || step.kind == eval::Step::Kind::leave_segment;
    if (entity.kind != image::EntityKind::flag || step.depth > 0 || !about_rule) return {};
    const std::byte* const base = image::base_of(entity);
    const auto outcomes = array_at<image::Outcome>(base, entity.outcomes, entity.outcome_count);
    const std::string_view id = image::optional_text_at(base, outcomes[step.rule].rule);
    return "rule " + std::to_string(step.rule + 1) + (id.empty() ? "" : " " + quoted(id)) + ": ";
}

std::string heading(const image::View& view, const image::Entity& entity, const User& user) {
    const bool flag = entity.kind == image::EntityKind::flag;
    std::string line = (flag ? "flag " : "experiment ") + quoted(image::key_of(entity)) + ", version " +
                       std::to_string(view.version()) + ", user " +
                       (user.has_key() ? quoted(user.key()) : "without a key");
    if ((entity.flags & image::entity_flags::unsupported) != 0)
        return line + ": not supported by this library";
    switch (entity.state) {
        case image::State::draft: return line + ": draft";
        case image::State::running: return line + (flag ? ": enabled" : ": running");
        case image::State::paused: return line + (flag ? ": disabled" : ": paused");
        case image::State::completed: return line + ": completed";
    }
    return line;
}

}  // namespace

std::string describe_operator(const image::View& view, const std::byte* base,
                              const image::Instruction& instruction) {
    std::string text(operator_name(instruction.opcode));
    text += ' ';
    const image::Ref operand = instruction.operand;
    switch (instruction.opcode) {
        case Opcode::equals_number:
        case Opcode::less_than:
        case Opcode::at_most:
        case Opcode::greater_than:
        case Opcode::at_least:
            text += describe(eval::number_of(at<image::NumberOperand>(base, operand)));
            break;
        case Opcode::equals_boolean:
        case Opcode::exists: text += operand != 0 ? "true" : "false"; break;
        case Opcode::in_strings: text += describe_strings(base, operand); break;
        case Opcode::in: text = describe_in(base, operand); break;
        case Opcode::contains:
        case Opcode::starts_with:
        case Opcode::ends_with: text += describe_texts(base, operand); break;
        case Opcode::matches: text += quoted(view.text(view.patterns()[operand].text)); break;
        case Opcode::equals_string:
        case Opcode::contains_text:
        case Opcode::starts_with_text:
        case Opcode::ends_with_text:
        case Opcode::version_is:
        case Opcode::version_below:
        case Opcode::version_at_most:
        case Opcode::version_above:
        case Opcode::version_at_least: text += quoted(text_at(base, operand)); break;
        case Opcode::before:
        case Opcode::after: text += describe_instant(base, operand); break;
        case Opcode::in_cidr: text += describe_cidrs(base, operand); break;
        case Opcode::segment:
        case Opcode::sample: break;
    }
    if ((instruction.flags & image::instruction_flags::ignore_case) != 0) text += " (ignoring case)";
    return text;
}

std::string describe_value(const User& user, const User::Stored* value) {
    if (value == nullptr) return "absent";
    std::string text;
    if (value->kind != ValueKind::list) {
        append_json_value(text, user, *value);
        return text;
    }
    ListText list;
    for (const User::Stored& element : user.elements(*value)) list.add(describe_value(user, &element));
    return list.text();
}

std::vector<std::string> explain(const image::View& view, const image::Entity& entity, const User& user,
                                 const eval::Patterns& patterns) {
    std::vector<std::string> lines{heading(view, entity, user)};
    const eval::Answer answer = eval::explain(view, entity, user, patterns, [&](const eval::Step& step) {
        lines.push_back(std::string(2 + 2 * std::size_t{step.depth}, ' ') + rule_prefix(entity, step) +
                        describe_step(view, user, step));
    });
    std::string last = "answer: ";
    if (answer.has_variant()) {
        last += quoted(answer.variant_key()) + " = ";
        append_value_json(last, answer);
    } else {
        last += "no variant";
    }
    last += ", reason " + std::string(name(answer.reason));
    if (answer.error != EvaluationError::none) last += ", error " + std::string(name(answer.error));
    if (!answer.rule.empty()) last += ", rule " + quoted(answer.rule);
    if (answer.exposure) last += ", counted as an exposure";
    lines.push_back(std::move(last));
    return lines;
}

}  // namespace expplat::ruleset
