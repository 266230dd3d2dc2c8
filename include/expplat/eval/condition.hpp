// Conditions: one instruction against one user, and segments (RULESET.md, section 3).
//
// A condition tree is compiled to instructions that jump forward on true and on false; nothing is left of
// `all`, `any` and `not`. The operators are the rows of one table, `holds`. A call of a segment in tail position
// is followed in a loop, so the calls that are open at once are few however long a chain of segments is
// (`limits::call_depth`; `verify` proves it). No allocation. Used by `eval/evaluate.hpp`.
#pragma once

#include <bit>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "expplat/base/bytes.hpp"
#include "expplat/base/inline.hpp"
#include "expplat/base/user.hpp"
#include "expplat/eval/address.hpp"
#include "expplat/eval/bucket.hpp"
#include "expplat/eval/instant.hpp"
#include "expplat/eval/pattern.hpp"
#include "expplat/eval/text.hpp"
#include "expplat/eval/trace.hpp"
#include "expplat/eval/version.hpp"
#include "expplat/image/view.hpp"

namespace expplat::eval {

using image::array_at;
using image::at;
using image::text_at;

/// The value of a user's unit as bytes: a non-empty string, or an integer in decimal. Borrows from the user,
/// or holds the digits itself; do not copy it.
class UnitValue {
public:
    UnitValue(const std::byte* base, const image::Unit& unit, const User& user) noexcept {
        if (unit.name == 0) {
            present_ = user.has_key();
            if (present_) {
                text_ = user.key();
                hash_ = user.key_hash();
            }
            return;
        }
        const User::Stored& stored =
            user.value_of(unit.name_word, unit.name_size, [base, &unit] { return text_at(base, unit.name); });
        if (stored.kind == ValueKind::string) {
            text_ = user.text(stored);
            hash_ = stored.bits;
            present_ = !text_.empty();
        } else if (stored.kind == ValueKind::integer) {
            const auto end =
                std::to_chars(digits_, digits_ + sizeof digits_, static_cast<std::int64_t>(stored.bits));
            text_ = {digits_, static_cast<std::size_t>(end.ptr - digits_)};
            hash_ = hash64(text_);
            present_ = true;
        }
    }
    UnitValue(const UnitValue&) = delete;
    UnitValue& operator=(const UnitValue&) = delete;

    explicit operator bool() const noexcept { return present_; }
    [[nodiscard]] std::string_view text() const noexcept { return text_; }
    [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }

private:
    std::string_view text_;
    std::uint64_t hash_ = 0;
    bool present_ = false;
    char digits_[20];  // "-9223372036854775808"
};

/// `find_in` for sets that are folded or have slots.
EXPPLAT_NOINLINE inline const image::SetEntry* find_in_large(const std::byte* base,
                                                             const image::StringSet& set,
                                                             std::string_view text,
                                                             std::uint64_t hash) noexcept {
    const auto* const entries = reinterpret_cast<const image::SetEntry*>(base + set.entries);
    if (set.order == image::SetOrder::folded) {
        std::uint32_t low = 0;
        std::uint32_t high = set.count;
        while (low < high) {
            const std::uint32_t middle = low + (high - low) / 2;
            const int order = compare_folded(text_at(base, entries[middle].text), text);
            if (order == 0) return &entries[middle];
            if (order < 0) low = middle + 1;
            else high = middle;
        }
        return nullptr;
    }
    const auto* const slots = reinterpret_cast<const std::uint32_t*>(base + set.slots);
    for (auto slot = static_cast<std::uint32_t>(hash) & set.slot_mask;; slot = (slot + 1) & set.slot_mask) {
        if (slots[slot] == 0) return nullptr;
        const image::SetEntry& entry = entries[slots[slot] - 1];
        if (entry.hash == hash && same_bytes(text_at(base, entry.text), text)) return &entry;
    }
}

/// The entry of that text, or null. `hash` is `hash64(text)`; a folded set does not use it.
EXPPLAT_INLINE const image::SetEntry* find_in(const std::byte* base, const image::StringSet& set,
                                              std::string_view text, std::uint64_t hash) noexcept {
    if (set.order == image::SetOrder::folded || set.slots != 0) return find_in_large(base, set, text, hash);
    // All hashes are compared, without a branch for each: where a match stands is random, so it would be guessed wrong.
    // The hashes of a set without slots differ.
    const auto* const entries = reinterpret_cast<const image::SetEntry*>(base + set.entries);
    const image::SetEntry* found = nullptr;
    for (std::uint32_t i = 0; i < set.count; ++i) found = entries[i].hash == hash ? &entries[i] : found;
    return found != nullptr && same_bytes(text_at(base, found->text), text) ? found : nullptr;
}

[[nodiscard]] inline Number number_of(const image::NumberOperand& operand) noexcept {
    return operand.integral != 0 ? Number::of(static_cast<std::int64_t>(operand.bits))
                                 : Number::of(std::bit_cast<double>(operand.bits));
}

/// The stored value as a number; the caller knows that it is one.
[[nodiscard]] inline Number number_of(const User::Stored& value) noexcept {
    return value.kind == ValueKind::integer ? Number::of(static_cast<std::int64_t>(value.bits))
                                            : Number::of(std::bit_cast<double>(value.bits));
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
    EXPPLAT_INLINE image::Jump run(const std::byte* base, image::Ref code, image::Jump jump) const noexcept {
        const auto* const instructions = reinterpret_cast<const image::Instruction*>(base + code);
        const User& user =
            user_;  // in a register: the loop's calls could change members, for all the compiler knows
        while ((jump & image::terminal) == 0) {
            const image::Instruction& instruction = instructions[jump];
            jump = holds(user, base, instruction) ? instruction.on_true : instruction.on_false;
        }
        return jump;
    }

    EXPPLAT_NOINLINE bool in_sample(const std::byte* base, image::Ref ref) const noexcept {
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

    [[nodiscard]] static std::string_view unit_name(const std::byte* base, const image::Unit& unit) noexcept {
        return image::optional_text_at(base, unit.name);
    }

private:
    /// One instruction's truth for this user.
    EXPPLAT_INLINE bool holds(const User& user, const std::byte* base,
                              const image::Instruction& instruction) const noexcept {
        if constexpr (Trace::active) trace_.enter_condition(base, instruction);
        const bool result =
            instruction.opcode < image::Opcode::segment    ? attribute_holds(user, base, instruction)
            : instruction.opcode == image::Opcode::segment ? in_segment(instruction.operand)
                                                           : in_sample(base, instruction.operand);
        if constexpr (Trace::active) trace_.leave_condition(base, instruction, result);
        return result;
    }

    EXPPLAT_INLINE bool attribute_holds(const User& user, const std::byte* base,
                                        const image::Instruction& instruction) const noexcept {
        const User::Stored& value =
            user.value_of(instruction.name_word, instruction.name_size,
                          [base, &instruction] { return text_at(base, instruction.name); });
        if (value.kind == ValueKind::list) return any_element_holds(base, instruction, value);
        return value_holds(user, base, instruction, value);
    }

    EXPPLAT_NOINLINE bool any_element_holds(const std::byte* base, const image::Instruction& instruction,
                                            const User::Stored& list) const noexcept {
        if (instruction.opcode == image::Opcode::exists) return instruction.operand != 0;
        for (const User::Stored& element : user_.elements(list)) {
            if (value_holds(user_, base, instruction, element)) return true;
        }
        return false;
    }

    /// The operators' table: a value of another type than the operator's is false, never an error.
    EXPPLAT_INLINE bool value_holds(const User& user, const std::byte* base,
                                    const image::Instruction& instruction,
                                    const User::Stored& value) const noexcept {
        using image::Opcode;
        const image::Ref operand = instruction.operand;
        switch (instruction.opcode) {
            case Opcode::equals_string: return equals_string(user, base, operand, value, folds(instruction));
            case Opcode::equals_number:
                return is_number(value) && order(base, operand, value) == std::partial_ordering::equivalent;
            case Opcode::equals_boolean: return value.kind == ValueKind::boolean && value.bits == operand;
            case Opcode::in_strings:
                return value.kind == ValueKind::string && find_in(base, at<image::StringSet>(base, operand),
                                                                  user.text(value), value.bits) != nullptr;
            case Opcode::in: return in(user, base, operand, value);
            case Opcode::less_than: return is_number(value) && order(base, operand, value) < 0;
            case Opcode::at_most: return is_number(value) && order(base, operand, value) <= 0;
            case Opcode::greater_than: return is_number(value) && order(base, operand, value) > 0;
            case Opcode::at_least: return is_number(value) && order(base, operand, value) >= 0;
            case Opcode::contains_text:
                return value.kind == ValueKind::string &&
                       eval::contains(user.text(value), text_at(base, operand));
            case Opcode::starts_with_text:
                return value.kind == ValueKind::string &&
                       eval::starts_with(user.text(value), text_at(base, operand));
            case Opcode::ends_with_text:
                return value.kind == ValueKind::string &&
                       eval::ends_with(user.text(value), text_at(base, operand));
            case Opcode::contains:
                return any_text(user, base, instruction, value, contains_folded, eval::contains);
            case Opcode::starts_with:
                return any_text(user, base, instruction, value, starts_with_folded, eval::starts_with);
            case Opcode::ends_with:
                return any_text(user, base, instruction, value, ends_with_folded, eval::ends_with);
            case Opcode::matches:
                return value.kind == ValueKind::string && patterns_.matches(operand, user.text(value));
            case Opcode::version_is: return version(base, operand, value) == VersionOrder::equal;
            case Opcode::version_below: return version(base, operand, value) == VersionOrder::below;
            case Opcode::version_above: return version(base, operand, value) == VersionOrder::above;
            case Opcode::version_at_most: {
                const VersionOrder result = version(base, operand, value);
                return result == VersionOrder::below || result == VersionOrder::equal;
            }
            case Opcode::version_at_least: {
                const VersionOrder result = version(base, operand, value);
                return result == VersionOrder::above || result == VersionOrder::equal;
            }
            case Opcode::before: return instant(base, operand, value, -1);
            case Opcode::after: return instant(base, operand, value, 1);
            case Opcode::in_cidr: return in_cidr(base, operand, value);
            case Opcode::exists: return (value.kind != ValueKind::null) == (operand != 0);
            case Opcode::segment:
            case Opcode::sample: break;  // not about an attribute
        }
        return false;
    }

    EXPPLAT_INLINE static bool equals_string(const User& user, const std::byte* base, image::Ref ref,
                                             const User::Stored& value, bool fold) noexcept {
        const image::StringOperand& operand = at<image::StringOperand>(base, ref);
        if (value.kind != ValueKind::string) return false;
        if (fold) return equal_folded(user.text(value), text_at(base, operand.text));
        return value.bits == operand.hash && same_bytes(user.text(value), text_at(base, operand.text));
    }

    [[nodiscard]] static std::partial_ordering order(const std::byte* base, image::Ref ref,
                                                     const User::Stored& value) noexcept {
        return compare(number_of(value), number_of(at<image::NumberOperand>(base, ref)));
    }

    EXPPLAT_INLINE static bool in(const User& user, const std::byte* base, image::Ref ref,
                                  const User::Stored& value) noexcept {
        const image::InOperand& operand = at<image::InOperand>(base, ref);
        if (value.kind == ValueKind::string) {
            return operand.strings != 0 && find_in(base, at<image::StringSet>(base, operand.strings),
                                                   user.text(value), value.bits) != nullptr;
        }
        return in_numbers_or_booleans(base, operand, value);
    }

    EXPPLAT_NOINLINE static bool in_numbers_or_booleans(const std::byte* base,
                                                        const image::InOperand& operand,
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

    [[nodiscard]] VersionOrder version(const std::byte* base, image::Ref ref,
                                       const User::Stored& value) const noexcept {
        if (value.kind != ValueKind::string) return VersionOrder::invalid;
        return compare_version(user_.text(value), text_at(base, ref));
    }

    /// True where the value is an instant on that side (-1 before, 1 after) of the operand.
    EXPPLAT_NOINLINE bool instant(const std::byte* base, image::Ref ref, const User::Stored& value,
                                  int side) const noexcept {
        Instant moment{};
        if (value.kind == ValueKind::integer)
            moment = instant_of_unix_ms(static_cast<std::int64_t>(value.bits));
        else if (value.kind != ValueKind::string || !parse_instant(user_.text(value), moment)) return false;
        const image::InstantOperand& operand = at<image::InstantOperand>(base, ref);
        const Instant bound{operand.seconds, operand.fraction, image::optional_text_at(base, operand.rest)};
        return side < 0 ? eval::compare(moment, bound) < 0 : eval::compare(moment, bound) > 0;
    }

    EXPPLAT_NOINLINE bool in_cidr(const std::byte* base, image::Ref ref,
                                  const User::Stored& value) const noexcept {
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
    EXPPLAT_NOINLINE bool in_segment(image::Offset offset) const noexcept {
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
            const auto* const code = reinterpret_cast<const image::Instruction*>(base + segment.code);
            image::Jump jump = segment.entry;
            while ((jump & image::terminal) == 0 && !is_tail_call(code[jump])) {
                jump = holds(user_, base, code[jump]) ? code[jump].on_true : code[jump].on_false;
            }
            if ((jump & image::terminal) != 0) return (jump == image::accept) == wanted;
            const image::Instruction& call = code[jump];
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
