// `eval::explain`: the same evaluation, telling each step to a visitor as it is taken.
//
// A step is a small struct of views: nothing is allocated here, and the visitor decides what to keep. The text
// that people read is made by `src/ruleset/explanation.hpp`. Steps come in the order in which they are taken;
// `depth` says how far inside segments and prerequisites. Pure but for the visitor.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "expplat/eval/evaluate.hpp"

namespace expplat::eval {

struct Step {
    enum class Kind : std::uint8_t {
        settled,  // name: an entity that is not running; unit: the variant that it gives, empty for none
        targets,  // result: the user's key is in `targets`
        enter_prerequisite,   // name: the flag or experiment that is asked
        leave_prerequisite,   // result: it gave one of the wanted variants
        follow_prerequisite,  // name: what the entity's own choice still depends on
        enter_segment,        // name: the segment that is asked
        leave_segment,        // result: the user is in it
        follow_segment,       // name: the segment that decides from here on
        segment_lists,        // unit: what was looked for; result: included; otherwise `excluded`
        condition,            // instruction, base, value: one comparison; result: its truth
        choice,               // a random choice
        outcome,              // name: the rule's id; rule: its number; `is_default`; `is_split`
        unit_absent,          // name: the unit that the user lacks; empty: the key
    };

    Kind kind = Kind::targets;
    std::uint32_t depth = 0;
    std::string_view name;
    std::string_view unit;
    std::uint32_t rule = 0;
    bool result = false;
    bool excluded = false;
    bool is_default = false;
    bool is_split = false;
    const std::byte* base = nullptr;  // of the chunk that holds `instruction`
    const image::Instruction* instruction = nullptr;
    const User::Stored* value = nullptr;  // the user's value; null where absent
    Choice choice;
};

template <class Visitor>
class StepTrace {
public:
    static constexpr bool active = true;

    StepTrace(const User& user, Visitor& visitor) noexcept : user_(user), visitor_(visitor) {}

    void settled(const image::Entity& entity, std::string_view variant) {
        Step step = make(Step::Kind::settled);
        step.name = image::key_of(entity);
        step.unit = variant;
        visitor_(std::as_const(step));
    }
    void targets(bool found) {
        Step step = make(Step::Kind::targets);
        step.result = found;
        visitor_(std::as_const(step));
    }
    void enter_prerequisite(std::string_view key) {
        tell(Step::Kind::enter_prerequisite, key);
        ++depth_;
    }
    void leave_prerequisite(std::string_view key, bool given) {
        --depth_;
        tell(Step::Kind::leave_prerequisite, key, given);
    }
    void follow_prerequisite(std::string_view key) { tell(Step::Kind::follow_prerequisite, key); }

    void enter_condition(const std::byte* base, const image::Instruction& instruction) {
        if (instruction.opcode != image::Opcode::segment) return;
        tell(Step::Kind::enter_segment, image::text_at(base, instruction.name));
        ++depth_;
    }
    void leave_condition(const std::byte* base, const image::Instruction& instruction, bool result) {
        if (instruction.opcode == image::Opcode::segment) {
            --depth_;
            Step step = make(Step::Kind::leave_segment);
            step.name = image::text_at(base, instruction.name);
            step.rule = instruction.rule;
            step.result = result;
            visitor_(std::as_const(step));
            return;
        }
        Step step = make(Step::Kind::condition);
        step.name = image::optional_text_at(base, instruction.name);
        step.rule = instruction.rule;
        step.result = result;
        step.base = base;
        step.instruction = &instruction;
        if (instruction.opcode != image::Opcode::sample) step.value = user_.find(step.name);
        visitor_(std::as_const(step));
    }
    void follow_segment(const std::byte* base, const image::Instruction& instruction) {
        tell(Step::Kind::follow_segment, image::text_at(base, instruction.name));
    }
    void segment_lists(const image::Segment& segment, std::string_view unit, bool included, bool excluded) {
        Step step = make(Step::Kind::segment_lists);
        step.name = image::key_of(segment);
        step.unit = unit;
        step.result = included;
        step.excluded = excluded;
        visitor_(std::as_const(step));
    }
    void choice(const Choice& choice) {
        Step step = make(Step::Kind::choice);
        step.name = choice.name;
        step.unit = choice.unit;
        step.result = choice.inside;
        step.choice = choice;
        visitor_(std::as_const(step));
    }
    void outcome(std::string_view rule, std::uint32_t number, bool is_default, bool is_split) {
        Step step = make(Step::Kind::outcome);
        step.name = rule;
        step.rule = number;
        step.is_default = is_default;
        step.is_split = is_split;
        visitor_(std::as_const(step));
    }
    void unit_absent(const std::byte* base, const image::Unit& unit) {
        tell(Step::Kind::unit_absent, image::optional_text_at(base, unit.name));
    }

private:
    [[nodiscard]] Step make(Step::Kind kind) const noexcept {
        Step step;
        step.kind = kind;
        step.depth = depth_;
        return step;
    }
    void tell(Step::Kind kind, std::string_view name, bool result = false) {
        Step step = make(kind);
        step.name = name;
        step.result = result;
        visitor_(std::as_const(step));
    }

    const User& user_;
    Visitor& visitor_;
    std::uint32_t depth_ = 0;
};

/// Evaluates and calls `visitor(const Step&)` for every step. The answer is `evaluate`'s.
template <class Visitor>
[[nodiscard]] inline Answer explain(const image::View& view, const image::Entity& entity, const User& user,
                                    const Patterns& patterns, Visitor&& visitor) {
    StepTrace<std::remove_reference_t<Visitor>> trace(user, visitor);
    return Evaluation<StepTrace<std::remove_reference_t<Visitor>>>(view, user, patterns, trace)
        .answer(entity);
}

}  // namespace expplat::eval
