// Conditions: one instruction against one user, and segments (RULESET.md, section 3).
//
// A condition tree is compiled to instructions that jump forward on true and on false; nothing is left of
// `all`, `any` and `not`. The operators are the rows of one table, `holds`. A call of a segment in tail position
// is followed in a loop, so the calls that are open at once are few however long a chain of segments is
// (`limits::call_depth`; `verify` proves it). No allocation. Used by `eval/evaluate.hpp`.
#pragma once

#include <cstdint>
#include <string_view>

#include "expplat/base/bytes.hpp"
#include "expplat/base/inline.hpp"
#include "expplat/base/user.hpp"
#include "expplat/eval/address.hpp"
#include "expplat/eval/bucket.hpp"
#include "expplat/eval/instant.hpp"
#include "expplat/eval/pattern.hpp"
#include "expplat/eval/string_set.hpp"
#include "expplat/eval/text.hpp"
#include "expplat/eval/trace.hpp"
#include "expplat/eval/unit.hpp"
#include "expplat/eval/version.hpp"
#include "expplat/image/view.hpp"

namespace expplat::eval {

[[nodiscard]] inline Number number_of(const image::NumberOperand& operand) noexcept {
    return operand.integral != 0 ? Number::of(static_cast<std::int64_t>(operand.bits))
                                 : Number::of(expplat::detail::bits_as<double>(operand.bits));
}

/// The stored value as a number; the caller knows that it is one.
[[nodiscard]] inline Number number_of(const User::Stored& value) noexcept {
    return value.kind == ValueKind::integer ? Number::of(static_cast<std::int64_t>(value.bits))
                                            : Number::of(expplat::detail::bits_as<double>(value.bits));
}

[[nodiscard]] inline bool is_number(const User::Stored& value) noexcept {
    return value.kind == ValueKind::integer || value.kind == ValueKind::number;
}

template <class Trace>
class Conditions {
public:
    Conditions(const image::View& view, const User& user, const Patterns& patterns, Trace& trace) noexcept
        : view_(view), user_(user), patterns_(patterns), trace_(trace) {}

    /// Runs a program from a jump to its end, which is a jump with `terminal` set.
    EXPPLAT_INLINE image::Jump run(const std::byte* base, image::Jump jump) const noexcept {
        const User& user =
            user_;  // in a register: the loop's calls could change members, for all the compiler knows
        while ((jump & image::terminal) == 0) {
            const image::Instruction& instruction = at<image::Instruction>(base, jump);
            jump = holds(user, base, instruction) ? instruction.on_true : instruction.on_false;
        }
        return jump;
    }

    [[nodiscard]] static std::string_view unit_name(const std::byte* base, const image::Unit& unit) noexcept {
        return image::optional_text_at(base, unit.name);
    }

private:
    bool in_sample(const std::byte* base, image::Ref ref) const noexcept {
        const image::Sample& sample = at<image::Sample>(base, ref);
        const UnitValue unit(base, sample.unit, user_);
        if (!unit) return false;
        const std::uint32_t where = point(sample.seed, unit.text());
        if constexpr (Trace::active) {
            trace_.choice(Choice{.kind = Choice::Kind::sample,
                                 .name = {},
                                 .unit_name = unit_name(base, sample.unit),
                                 .unit = unit.text(),
                                 .point = where,
                                 .below = sample.below,
                                 .inside = where < sample.below,
                                 .variant = {}});
        }
        return where < sample.below;
    }

    /// One instruction's truth for this user.
    EXPPLAT_INLINE bool holds(const User& user, const std::byte* base,
                              const image::Instruction& instruction) const noexcept {
        if constexpr (Trace::active) trace_.enter_condition(base, instruction);
        const bool result = attribute_holds(user, base, instruction);
        if constexpr (Trace::active) trace_.leave_condition(base, instruction, result);
        return result;
    }

    /// `segment` and `sample` name no attribute, and the word of no name is always absent.
    EXPPLAT_INLINE bool attribute_holds(const User& user, const std::byte* base,
                                        const image::Instruction& instruction) const noexcept {
        const User::Stored& value =
            user.value_of(instruction.name_word, instruction.name_slot,
                          [base, &instruction] { return text_at(base, instruction.name); });
        return value_holds(user, base, instruction, value);
    }

    // What is rare stands outside of the loop, in functions that are given all they need and make an object of their own:
    // so this one's address is never taken, and the compiler keeps its members in registers or nowhere.

    /// A value that is not of the operator's kind: false, but a list holds where one of its elements does, and none of
    /// those is a list.
    EXPPLAT_NOINLINE static bool other_kind_holds(const image::View& view, const User& user,
                                                  const Patterns& patterns, Trace& trace,
                                                  const std::byte* base,
                                                  const image::Instruction& instruction,
                                                  const User::Stored& value) noexcept {
        if (value.kind != ValueKind::list) return false;
        const Conditions self(view, user, patterns, trace);
        for (const User::Stored& element : user.elements(value)) {
            if (self.value_holds(user, base, instruction, element)) return true;
        }
        return false;
    }

    EXPPLAT_NOINLINE static bool rare_holds(const image::View& view, const User& user,
                                            const Patterns& patterns, Trace& trace, const std::byte* base,
                                            const image::Instruction& instruction,
                                            const User::Stored& value) noexcept {
        using image::Opcode;
        const image::Ref operand = instruction.operand;
        const Conditions self(view, user, patterns, trace);
        if (value.kind == ValueKind::list)
            return other_kind_holds(view, user, patterns, trace, base, instruction, value);
        switch (instruction.opcode) {
            case Opcode::in: return in(user, base, operand, value);
            case Opcode::contains_text:
                return value.kind == ValueKind::string &&
                       eval::contains(user.text(value), text_at(base, operand));
            case Opcode::contains:
                return any_text(user, base, instruction, value, contains_folded, eval::contains);
            case Opcode::starts_with:
                return any_text(user, base, instruction, value, starts_with_folded, eval::starts_with);
            case Opcode::ends_with:
                return any_text(user, base, instruction, value, ends_with_folded, eval::ends_with);
            case Opcode::matches:
                return value.kind == ValueKind::string && patterns.matches(operand, user.text(value));
            case Opcode::before: return self.instant(base, operand, value, -1);
            case Opcode::after: return self.instant(base, operand, value, 1);
            case Opcode::in_cidr: return self.in_cidr(base, operand, value);
            case Opcode::segment: return self.in_segment(operand);
            case Opcode::sample: return self.in_sample(base, operand);
            default: EXPPLAT_UNREACHABLE();  // the loop has it
        }
    }

    /// The operators' table: a value of another type than the operator's is false, never an error.
    EXPPLAT_INLINE bool value_holds(const User& user, const std::byte* base,
                                    const image::Instruction& instruction,
                                    const User::Stored& value) const noexcept {
        using image::Opcode;
        // Read where it is used: a condition that fails early then reads no more than it must.
        const auto operand = [&instruction] { return instruction.operand; };
        const auto other_kind = [&] {
            return other_kind_holds(view_, user, patterns_, trace_, base, instruction, value);
        };
        const bool is_string = value.kind == ValueKind::string;
        switch (instruction.opcode) {
            case Opcode::equals_string:
                return is_string ? value.bits == instruction.word &&
                                       same_bytes(user.text(value), text_at(base, operand()))
                                 : other_kind();
            case Opcode::in_strings:
                return is_string ? image::may_contain(instruction.word, value.bits) &&
                                       find_in(base, at<image::StringSet>(base, operand()), user.text(value),
                                               value.bits) != nullptr
                                 : other_kind();
            case Opcode::starts_with_text:
                return is_string ? may_start(user, value, instruction.word) &&
                                       eval::starts_with(user.text(value), text_at(base, operand()))
                                 : other_kind();
            case Opcode::ends_with_text:
                return is_string ? may_end(user, value, instruction.word) &&
                                       eval::ends_with(user.text(value), text_at(base, operand()))
                                 : other_kind();
            case Opcode::equals_boolean:
                return value.kind == ValueKind::boolean ? value.bits == operand() : other_kind();
            case Opcode::equals_number:
                return is_number(value) ? order(base, operand(), value) == std::partial_ordering::equivalent
                                        : other_kind();
            case Opcode::less_than:
                return is_number(value) ? order(base, operand(), value) < 0 : other_kind();
            case Opcode::at_most: return is_number(value) ? order(base, operand(), value) <= 0 : other_kind();
            case Opcode::greater_than:
                return is_number(value) ? order(base, operand(), value) > 0 : other_kind();
            case Opcode::at_least:
                return is_number(value) ? order(base, operand(), value) >= 0 : other_kind();
            case Opcode::version_is:
                return is_string ? version(user, base, instruction, value) == VersionOrder::equal
                                 : other_kind();
            case Opcode::version_below:
                return is_string ? version(user, base, instruction, value) == VersionOrder::below
                                 : other_kind();
            case Opcode::version_above:
                return is_string ? version(user, base, instruction, value) == VersionOrder::above
                                 : other_kind();
            case Opcode::version_at_most: {
                if (!is_string) return other_kind();
                const VersionOrder result = version(user, base, instruction, value);
                return result == VersionOrder::below || result == VersionOrder::equal;
            }
            case Opcode::version_at_least:
                return is_string ? version(user, base, instruction, value) >= VersionOrder::equal
                                 : other_kind();
            case Opcode::exists: return (value.kind != ValueKind::null) == (operand() != 0);
            case Opcode::in:
            case Opcode::contains_text:
            case Opcode::contains:
            case Opcode::starts_with:
            case Opcode::ends_with:
            case Opcode::matches:
            case Opcode::before:
            case Opcode::after:
            case Opcode::in_cidr:
            case Opcode::segment:
            case Opcode::sample: return rare_holds(view_, user, patterns_, trace_, base, instruction, value);
        }
        EXPPLAT_UNREACHABLE();
    }

    /// The first 8 bytes are those of the operand, or the operand is shorter (`word` is 0).
    EXPPLAT_INLINE static bool may_start(const User& user, const User::Stored& value,
                                         std::uint64_t word) noexcept {
        return word == 0 || (value.size >= sizeof word &&
                             expplat::detail::load_word<std::uint64_t>(user.text(value).data()) == word);
    }
    /// The last 8 bytes are those of the operand, or the operand is shorter.
    EXPPLAT_INLINE static bool may_end(const User& user, const User::Stored& value,
                                       std::uint64_t word) noexcept {
        const std::string_view text = user.text(value);
        return word == 0 ||
               (text.size() >= sizeof word &&
                expplat::detail::load_word<std::uint64_t>(text.data() + text.size() - sizeof word) == word);
    }

    [[nodiscard]] static std::partial_ordering order(const std::byte* base, image::Ref ref,
                                                     const User::Stored& value) noexcept {
        return compare(number_of(value), number_of(at<image::NumberOperand>(base, ref)));
    }

    static bool in(const User& user, const std::byte* base, image::Ref ref,
                   const User::Stored& value) noexcept {
        const image::InOperand& operand = at<image::InOperand>(base, ref);
        if (value.kind == ValueKind::string) {
            return operand.strings != 0 && find_in(base, at<image::StringSet>(base, operand.strings),
                                                   user.text(value), value.bits) != nullptr;
        }
        return in_numbers_or_booleans(base, operand, value);
    }

    static bool in_numbers_or_booleans(const std::byte* base, const image::InOperand& operand,
                                       const User::Stored& value) noexcept {
        if (value.kind == ValueKind::boolean) return ((operand.booleans >> value.bits) & 1u) != 0;
        if (!is_number(value)) return false;
        const Number number = number_of(value);
        const auto numbers = array_at<image::NumberOperand>(base, operand.numbers, operand.number_count);
        std::size_t low = 0;
        std::size_t high = numbers.size();
        while (low < high) {
            const std::size_t middle = low + (high - low) / 2;
            const std::partial_ordering result = compare(number_of(numbers[middle]), number);
            if (result == std::partial_ordering::equivalent) return true;
            if (result < 0) low = middle + 1;
            else high = middle;  // also for a NaN, which no entry equals
        }
        return false;
    }

    using TextTest = bool (*)(std::string_view text, std::string_view part) noexcept;

    EXPPLAT_NOINLINE static bool any_text(const User& user, const std::byte* base,
                                          const image::Instruction& instruction, const User::Stored& value,
                                          TextTest folded, TextTest exact) noexcept {
        if (value.kind != ValueKind::string) return false;
        const TextTest test = folds(instruction) ? folded : exact;
        const std::uint32_t count = at<image::TextList>(base, instruction.operand).count;
        for (const image::Ref part :
             array_at<image::Ref>(base, instruction.operand + sizeof(image::TextList), count)) {
            if (test(user.text(value), text_at(base, part))) return true;
        }
        return false;
    }

    [[nodiscard]] static bool folds(const image::Instruction& instruction) noexcept {
        return (instruction.flags & image::instruction_flags::ignore_case) != 0;
    }

    EXPPLAT_INLINE static VersionOrder version(const User& user, const std::byte* base,
                                               const image::Instruction& instruction,
                                               const User::Stored& value) noexcept {
        if (!value.short_version || (instruction.flags & image::instruction_flags::short_version) == 0)
            return long_version(user, base, instruction, value);
        const std::uint64_t key = user.version_key_of(value);
        return static_cast<VersionOrder>(static_cast<int>(VersionOrder::equal) + (key > instruction.word) -
                                         (key < instruction.word));
    }
    EXPPLAT_NOINLINE static VersionOrder long_version(const User& user, const std::byte* base,
                                                      const image::Instruction& instruction,
                                                      const User::Stored& value) noexcept {
        return compare_version(user.text(value), text_at(base, instruction.operand));
    }

    /// True where the value is an instant on that side (-1 before, 1 after) of the operand.
    bool instant(const std::byte* base, image::Ref ref, const User::Stored& value, int side) const noexcept {
        Instant moment{};
        if (value.kind == ValueKind::integer)
            moment = instant_of_unix_ms(static_cast<std::int64_t>(value.bits));
        else if (value.kind != ValueKind::string || !parse_instant(user_.text(value), moment)) return false;
        const image::InstantOperand& operand = at<image::InstantOperand>(base, ref);
        const Instant bound{operand.seconds, operand.fraction, image::optional_text_at(base, operand.rest)};
        return side < 0 ? eval::compare(moment, bound) < 0 : eval::compare(moment, bound) > 0;
    }

    bool in_cidr(const std::byte* base, image::Ref ref, const User::Stored& value) const noexcept {
        Address address{};
        if (value.kind != ValueKind::string || !parse_address(user_.text(value), address)) return false;
        const std::uint32_t count = at<image::CidrList>(base, ref).count;
        for (const image::CidrRecord& record :
             array_at<image::CidrRecord>(base, ref + sizeof(image::CidrList), count)) {
            const Cidr cidr{{record.high, record.low, record.v6 != 0},
                            static_cast<std::uint8_t>(record.length)};
            if (eval::contains(cidr, address)) return true;
        }
        return false;
    }

    /// A segment's verdict; segments that it calls in tail position are followed in the loop.
    bool in_segment(image::Offset offset) const noexcept {
        bool wanted = true;  // the verdict that makes the whole call true
        for (;;) {
            const image::Segment& segment = view_.segment(offset);
            const std::byte* const base = image::base_of(segment);
            if (segment.included != 0 || segment.excluded != 0) {
                const UnitValue unit(base, segment.unit, user_);
                const bool included = unit && listed(base, segment.included, unit);
                const bool excluded = unit && !included && listed(base, segment.excluded, unit);
                if constexpr (Trace::active) trace_.segment_lists(segment, unit.text(), included, excluded);
                if (included || excluded) return included == wanted;
            }
            image::Jump jump = segment.entry;
            while ((jump & image::terminal) == 0) {
                const image::Instruction& instruction = at<image::Instruction>(base, jump);
                if (is_tail_call(instruction)) break;
                jump = holds(user_, base, instruction) ? instruction.on_true : instruction.on_false;
            }
            if ((jump & image::terminal) != 0) return (jump == image::accept) == wanted;
            const image::Instruction& call = at<image::Instruction>(base, jump);
            if (call.on_true == call.on_false) return (call.on_true == image::accept) == wanted;
            if (call.on_true == image::reject) wanted = !wanted;
            offset = call.operand;
            if constexpr (Trace::active) trace_.follow_segment(base, call);
        }
    }

    [[nodiscard]] static bool is_tail_call(const image::Instruction& instruction) noexcept {
        return instruction.opcode == image::Opcode::segment &&
               (instruction.on_true & instruction.on_false & image::terminal) != 0;
    }

    [[nodiscard]] static bool listed(const std::byte* base, image::Ref set, const UnitValue& unit) noexcept {
        return set != 0 &&
               find_in(base, at<image::StringSet>(base, set), unit.text(), unit.hash()) != nullptr;
    }

protected:
    const image::View& view_;
    const User& user_;
    const Patterns& patterns_;
    Trace& trace_;
};

}  // namespace expplat::eval
