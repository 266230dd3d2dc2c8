// `ChunkVerifier`: that the references within one entity or segment lead to whole things within it.
//
// Used by `verify`, which looks at what leads from one entity to another itself. It reads the bytes in place and owns
// nothing. Next: `verify.hpp`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "expplat/image/layout.hpp"
#include "expplat/image/view.hpp"

namespace expplat::image {

/// One chunk (an entity or a segment) under proof: bounds checks of its references.
class ChunkVerifier {
public:
    ChunkVerifier(const std::byte* base, std::uint32_t size) noexcept : base_(base), size_(size) {}

    template <class T>
    [[nodiscard]] bool holds(Ref ref, std::uint64_t count = 1) const noexcept {
        return ref != 0 && ref % alignof(T) == 0 && ref <= size_ && count <= (size_ - ref) / sizeof(T);
    }
    [[nodiscard]] bool holds_text(Ref ref) const noexcept {
        return holds<Text>(ref) && size_ - ref - sizeof(Text) >= at<Text>(base_, ref).size;
    }
    [[nodiscard]] bool holds_optional_text(Ref ref) const noexcept { return ref == 0 || holds_text(ref); }
    [[nodiscard]] bool holds_unit(const Unit& unit) const noexcept { return holds_optional_text(unit.name); }

    [[nodiscard]] bool holds_set(Ref ref, std::uint32_t payloads) const noexcept {
        if (ref == 0) return true;
        if (!holds<StringSet>(ref)) return false;
        const StringSet& set = at<StringSet>(base_, ref);
        if (set.order > SetOrder::folded || (set.count > 0 && !holds<SetEntry>(set.entries, set.count)))
            return false;
        for (const SetEntry& entry : array_at<SetEntry>(base_, set.entries, set.count)) {
            if (!holds_text(entry.text) || entry.payload >= payloads) return false;
        }
        if (set.slots == 0) return set.order == SetOrder::folded || set.count <= small_set;
        return holds_slots(set);
    }

    [[nodiscard]] bool holds_split(Ref ref, std::uint32_t variants) const noexcept {
        if (!holds<Split>(ref)) return false;
        const Split& split = at<Split>(base_, ref);
        const Ref ranges = ref + static_cast<Ref>(sizeof(Split));
        if (!is_native(split.function) || !holds_unit(split.unit) || split.count < least_ranges ||
            !holds<SplitRange>(ranges, split.count)) {
            return false;
        }
        std::uint64_t previous = 0;
        for (const SplitRange& range : array_at<SplitRange>(base_, ranges, split.count)) {
            if (range.below < previous || range.variant >= variants) return false;
            previous = range.below;
        }
        return previous == std::uint64_t{1} << 32;
    }

    /// The operand of an instruction; for `segment` and `matches` the caller looks at the image.
    [[nodiscard]] bool holds_operand(const Instruction& instruction) const noexcept {
        const Ref ref = instruction.operand;
        switch (instruction.opcode) {
            case Opcode::equals_string: return holds_text(ref);
            case Opcode::equals_number:
            case Opcode::less_than:
            case Opcode::at_most:
            case Opcode::greater_than:
            case Opcode::at_least: return holds<NumberOperand>(ref);
            case Opcode::equals_boolean:
            case Opcode::exists: return ref <= 1;
            case Opcode::in_strings:
                return ref != 0 && holds_set(ref, none) && at<StringSet>(base_, ref).order == SetOrder::plain;
            case Opcode::in: return holds_in(ref);
            case Opcode::contains_text:
            case Opcode::starts_with_text:
            case Opcode::ends_with_text: return holds_text(ref);
            case Opcode::contains:
            case Opcode::starts_with:
            case Opcode::ends_with: return holds_text_list(ref);
            case Opcode::version_is:
            case Opcode::version_below:
            case Opcode::version_at_most:
            case Opcode::version_above:
            case Opcode::version_at_least: return holds_text(ref);
            case Opcode::before:
            case Opcode::after:
                return holds<InstantOperand>(ref) && holds_optional_text(at<InstantOperand>(base_, ref).rest);
            case Opcode::in_cidr: return holds_cidrs(ref);
            case Opcode::sample:
                return holds<Sample>(ref) && is_native(at<Sample>(base_, ref).function) &&
                       holds_unit(at<Sample>(base_, ref).unit);
            case Opcode::matches:
            case Opcode::segment: return true;
        }
        return false;
    }

private:
    [[nodiscard]] static bool is_native(const BucketFunction& function) noexcept {
        return std::memcmp(&function, &native_bucket, sizeof function) == 0;
    }

    /// At least one slot is free, so that every search ends.
    [[nodiscard]] bool holds_slots(const StringSet& set) const noexcept {
        if ((set.slot_mask & (set.slot_mask + 1)) != 0 || set.slot_mask == none ||
            !holds<std::uint32_t>(set.slots, std::uint64_t{set.slot_mask} + 1)) {
            return false;
        }
        std::uint64_t used = 0;
        for (const std::uint32_t slot : array_at<std::uint32_t>(base_, set.slots, set.slot_mask + 1)) {
            if (slot > set.count) return false;
            used += slot != 0;
        }
        return used <= set.slot_mask;
    }

    [[nodiscard]] bool holds_in(Ref ref) const noexcept {
        if (!holds<InOperand>(ref)) return false;
        const InOperand& in = at<InOperand>(base_, ref);
        return in.booleans <= 3 && holds_set(in.strings, none) &&
               (in.number_count == 0 || holds<NumberOperand>(in.numbers, in.number_count));
    }

    [[nodiscard]] bool holds_text_list(Ref ref) const noexcept {
        if (!holds<TextList>(ref)) return false;
        const std::uint32_t count = at<TextList>(base_, ref).count;
        const Ref refs = ref + static_cast<Ref>(sizeof(TextList));
        if (!holds<Ref>(refs, count)) return false;
        for (const Ref text : array_at<Ref>(base_, refs, count)) {
            if (!holds_text(text)) return false;
        }
        return true;
    }

    [[nodiscard]] bool holds_cidrs(Ref ref) const noexcept {
        if (ref % 8 != 0 || !holds<CidrList>(ref)) return false;
        const std::uint32_t count = at<CidrList>(base_, ref).count;
        const Ref records = ref + static_cast<Ref>(sizeof(CidrList));
        if (count > 0 && !holds<CidrRecord>(records, count)) return false;
        for (const CidrRecord& record : array_at<CidrRecord>(base_, records, count)) {
            if (record.v6 > 1 || record.length > (record.v6 != 0 ? 128u : 32u)) return false;
        }
        return true;
    }

    const std::byte* base_;
    std::uint32_t size_;
};

}  // namespace expplat::image
