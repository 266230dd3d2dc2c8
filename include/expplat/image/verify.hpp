// `image::verify`: any bytes in, a `View` or a clear refusal out.
//
// It proves, once, all that the evaluator then relies on: every reference in bounds and aligned, every
// reference between entities to a lower offset, every program finite, the worst-case work and the depth of
// open calls bounded, every enumeration known. Allocates one table (24 bytes an entity); no exception. The cost is
// linear in the image. Called by hosts on bytes that they did not link themselves. Next: `image/view.hpp`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "expplat/base/limits.hpp"
#include "expplat/base/result.hpp"
#include "expplat/base/value.hpp"
#include "expplat/image/checksum.hpp"
#include "expplat/image/chunk_verifier.hpp"
#include "expplat/image/cost_table.hpp"
#include "expplat/image/layout.hpp"
#include "expplat/image/view.hpp"

namespace expplat::image {

class Verifier {
public:
    /// `bytes` must be aligned to 8.
    explicit Verifier(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

    [[nodiscard]] Result<View> run() {
        if (reinterpret_cast<std::uintptr_t>(bytes_.data()) % 8 != 0) {
            return Error{ErrorCode::invalid_argument, "the image's memory is not aligned to 8 bytes"};
        }
        if (bytes_.size() < sizeof(Header) || std::memcmp(bytes_.data(), magic, sizeof magic) != 0) {
            return damaged("these bytes are no expplat image");
        }
        if (header().byte_order != byte_order) return damaged("the image has the other byte order");
        if (header().image_version != image_version || header().hash_version != hash_version) {
            return Error{ErrorCode::image_version,
                         "the image has version " + std::to_string(header().image_version) + "." +
                             std::to_string(header().hash_version) + ", this program reads version " +
                             std::to_string(image_version) + "." + std::to_string(hash_version) +
                             ": compile it again from its JSON"};
        }
        if (header().size != bytes_.size()) {
            return damaged("the image should have " + std::to_string(header().size) + " bytes and has " +
                           std::to_string(bytes_.size()));
        }
        if (bytes_.size() > limits::image_bytes || bytes_.size() % 8 != 0 ||
            bytes_.size() < sizeof(Header) + tail_bytes) {
            return damaged("the image's size is not one that an image can have");
        }
        if (header().checksum != checksum(bytes_.data(), bytes_.size(), offsetof(Header, checksum))) {
            return damaged("the image's checksum does not match: it is damaged");
        }
        end_ = static_cast<std::uint32_t>(bytes_.size() - tail_bytes);
        if (!tables_hold()) return damaged("the image's tables do not hold");
        CostTable costs(std::size_t{header().segment_count} + header().entity_count);
        if (!segments_hold(costs)) return damaged("a segment of the image does not hold");
        if (!entities_hold(costs)) return damaged("a flag or experiment of the image does not hold");
        if (!index_holds()) return damaged("the image's key index does not hold");
        return View::trust(bytes_.data());
    }

private:
    [[nodiscard]] const Header& header() const noexcept { return at<Header>(bytes_.data(), 0); }

    [[nodiscard]] static Error damaged(std::string message) {
        return Error{ErrorCode::invalid_image, std::move(message)};
    }

    /// The whole image as one chunk: offsets are references from its start.
    [[nodiscard]] ChunkVerifier whole() const noexcept { return {bytes_.data(), end_}; }

    [[nodiscard]] bool tables_hold() const noexcept {
        const Header& h = header();
        const ChunkVerifier image = whole();
        if (h.entity_count > limits::flags || h.flag_count > h.entity_count ||
            !image.holds<Offset>(h.entities, h.entity_count) ||
            !image.holds<Offset>(h.segments, h.segment_count) ||
            !image.holds<PatternRecord>(h.patterns, h.pattern_count) || !image.holds_text(h.environment) ||
            h.unsupported_count > h.entity_count) {
            return false;
        }
        for (const PatternRecord& pattern :
             array_at<PatternRecord>(bytes_.data(), h.patterns, h.pattern_count)) {
            if (!image.holds_text(pattern.text) || pattern.ignore_case > 1 ||
                text_at(bytes_.data(), pattern.text).size() > limits::pattern_bytes) {
                return false;
            }
        }
        return true;
    }

    /// A chunk starts there and lies inside the image.
    template <class T>
    [[nodiscard]] bool chunk_holds(Offset offset) const noexcept {
        if (offset % 8 != 0 || offset < sizeof(Header) || !whole().holds<T>(offset)) return false;
        const std::uint32_t size = at<T>(bytes_.data(), offset).size;
        return size >= sizeof(T) && size % 8 == 0 && size <= end_ - offset;
    }

    [[nodiscard]] bool segments_hold(CostTable& costs) const noexcept {
        Offset previous = 0;
        for (const Offset offset :
             array_at<Offset>(bytes_.data(), header().segments, header().segment_count)) {
            if (offset <= previous || !chunk_holds<Segment>(offset)) return false;
            previous = offset;
            const Segment& segment = at<Segment>(bytes_.data(), offset);
            const std::byte* const base = base_of(segment);
            const ChunkVerifier chunk(base, segment.size);
            Cost cost;
            if (!chunk.holds_text(segment.key) || !chunk.holds_unit(segment.unit) ||
                !chunk.holds_set(segment.included, none) || !chunk.holds_set(segment.excluded, none) ||
                !program_holds(offset, base, segment.size, {segment.code, segment.code_count, 0, 0}, costs,
                               cost) ||
                !jump_holds(segment.entry, {segment.code, segment.code_count, 0, 0}, 0, 0) ||
                cost.depth > limits::call_depth) {
                return false;
            }
            costs.add(offset, cost);
        }
        return true;
    }

    /// Where a program's instructions and outcomes stand. Without outcomes it ends in `accept` or `reject`.
    struct Program {
        Ref code;
        std::uint32_t code_count;
        Ref outcomes;
        std::uint32_t outcome_count;
    };
    [[nodiscard]] static Program program_of(const Entity& entity) noexcept {
        const bool flag = entity.kind == EntityKind::flag;
        return {entity.code, entity.code_count, flag ? entity.outcomes : 0, flag ? entity.outcome_count : 0};
    }

    /// Which of an array's structs the Ref leads to is `first` or a later one.
    template <class T>
    [[nodiscard]] static bool leads_to(Ref ref, Ref array, std::uint64_t first,
                                       std::uint32_t count) noexcept {
        if (ref < array || (ref - array) % sizeof(T) != 0) return false;
        const std::uint32_t number = (ref - array) / sizeof(T);
        return number >= first && number < count;
    }

    /// It leads to the instruction `first` or a later one, or to the outcome of `rule` or of a later one.
    [[nodiscard]] static bool jump_holds(Jump jump, const Program& program, std::uint32_t first,
                                         std::uint32_t rule) noexcept {
        if ((jump & terminal) == 0)
            return leads_to<Instruction>(jump, program.code, first, program.code_count);
        if (program.outcome_count == 0) return jump == accept || jump == reject;
        return leads_to<Outcome>(jump & ~terminal, program.outcomes, rule, program.outcome_count);
    }

    /// Instructions: known opcodes, operands in bounds, jumps forward only. A flag's jumps never lead to an earlier
    /// rule, so that passing over a split whose unit is absent cannot go round in circles.
    [[nodiscard]] bool program_holds(Offset self, const std::byte* base, std::uint32_t size,
                                     const Program& program, const CostTable& costs,
                                     Cost& cost) const noexcept {
        const ChunkVerifier chunk(base, size);
        const std::uint32_t count = program.code_count;
        if (count == 0) return true;
        if (!chunk.holds<Instruction>(program.code, count)) return false;
        std::uint32_t rule = 0;
        for (std::uint32_t i = 0; i < count; ++i) {
            const Instruction& instruction = array_at<Instruction>(base, program.code, count)[i];
            if (static_cast<std::uint8_t>(instruction.opcode) >= opcode_count || instruction.rule < rule ||
                !chunk.holds_optional_text(instruction.name) || !chunk.holds_operand(instruction)) {
                return false;
            }
            rule = instruction.rule;
            if (!jump_holds(instruction.on_true, program, i + 1, rule) ||
                !jump_holds(instruction.on_false, program, i + 1, rule) ||
                !call_holds(self, instruction, program.outcome_count == 0, costs, cost)) {
                return false;
            }
        }
        return cost.steps <= limits::steps;
    }

    /// Counts an instruction's work and, where it calls a segment, the segment's.
    [[nodiscard]] bool call_holds(Offset self, const Instruction& instruction, bool condition,
                                  const CostTable& costs, Cost& cost) const noexcept {
        cost.steps += 1;
        if (instruction.opcode == Opcode::matches) {
            cost.patterns = true;
            return instruction.name != 0 && instruction.operand < header().pattern_count;
        }
        if (instruction.opcode != Opcode::segment) {
            return instruction.name != 0 || instruction.opcode == Opcode::sample;
        }
        const Cost* const called = instruction.operand < self ? costs.find(instruction.operand) : nullptr;
        if (called == nullptr || instruction.operand >= first_entity()) return false;
        const bool tail = condition && (instruction.on_true & instruction.on_false & terminal) != 0;
        add(cost, *called, tail);
        return instruction.name != 0 && cost.steps <= limits::steps;
    }

    static void add(Cost& cost, const Cost& called, bool tail) noexcept {
        cost.steps += called.steps;
        const std::uint32_t depth = called.depth + (tail ? 0 : 1);
        if (depth > cost.depth) cost.depth = depth;
        cost.patterns = cost.patterns || called.patterns;
    }

    /// Segments all lie below the lowest flag or experiment; entities are looked up in offset order.
    [[nodiscard]] Offset first_entity() const noexcept { return first_entity_; }

    [[nodiscard]] bool entities_hold(CostTable& costs) noexcept {
        const std::span<const Offset> offsets =
            array_at<Offset>(bytes_.data(), header().entities, header().entity_count);
        // Chunks stand one after another; walking them by size visits every offset in ascending order.
        Offset lowest = end_;
        for (const Offset offset : offsets) {
            if (offset < lowest) lowest = offset;
        }
        const std::span<const Offset> segments =
            array_at<Offset>(bytes_.data(), header().segments, header().segment_count);
        if (!segments.empty() && segments.back() >= lowest) return false;
        first_entity_ = lowest;
        Offset offset = lowest;
        for (std::uint32_t i = 0; i < offsets.size(); ++i) {
            if (!chunk_holds<Entity>(offset)) return false;
            const Entity& entity = at<Entity>(bytes_.data(), offset);
            if (entity.ordinal >= offsets.size() || offsets[entity.ordinal] != offset) return false;
            Cost cost;
            if (!entity_holds(offset, entity, costs, cost)) return false;
            costs.add(offset, cost);
            offset += entity.size;
        }
        return true;
    }

    [[nodiscard]] bool entity_holds(Offset offset, const Entity& entity, const CostTable& costs,
                                    Cost& cost) const noexcept {
        const std::byte* const base = base_of(entity);
        const ChunkVerifier chunk(base, entity.size);
        if ((entity.kind != EntityKind::flag && entity.kind != EntityKind::experiment) ||
            !chunk.holds_text(entity.key) ||
            (entity.kind == EntityKind::flag) != (entity.ordinal < header().flag_count)) {
            return false;
        }
        if ((entity.flags & entity_flags::special) == 0 &&
            (entity.kind != EntityKind::flag || entity.state != State::running ||
             entity.prerequisite_count > 0 || (entity.flags & entity_flags::unsupported) != 0)) {
            return false;
        }
        if ((entity.flags & entity_flags::unsupported) != 0) return true;
        cost.steps = 1;
        const bool flag = entity.kind == EntityKind::flag;
        if (!variants_hold(chunk, entity) || !chunk.holds_set(entity.targets, entity.variant_count) ||
            !prerequisites_hold(offset, entity, costs, cost) ||
            !program_holds(offset, base, entity.size, program_of(entity), costs, cost)) {
            return false;
        }
        if (flag ? !flag_holds(chunk, entity) : !experiment_holds(chunk, entity)) return false;
        const bool patterns = (entity.flags & entity_flags::needs_patterns) != 0;
        return cost.steps <= limits::steps && cost.depth <= 2 * limits::call_depth &&
               patterns == cost.patterns;
    }

    [[nodiscard]] static bool variants_hold(const ChunkVerifier& chunk, const Entity& entity) noexcept {
        const auto kind = static_cast<ValueKind>(entity.value_kind);
        if (kind < ValueKind::boolean || kind > ValueKind::object || kind == ValueKind::list ||
            entity.variant_count == 0 || !chunk.holds<VariantRecord>(entity.variants, entity.variant_count)) {
            return false;
        }
        for (const VariantRecord& variant :
             array_at<VariantRecord>(base_of(entity), entity.variants, entity.variant_count)) {
            if (!chunk.holds_text(variant.key) ||
                text_at(base_of(entity), variant.key).size() > limits::key_bytes ||
                (kind == ValueKind::boolean ? variant.text != 0 || variant.bits > 1
                                            : !chunk.holds_text(variant.text))) {
                return false;
            }
        }
        return text_at(base_of(entity), entity.key).size() <= limits::key_bytes;
    }

    [[nodiscard]] bool prerequisites_hold(Offset offset, const Entity& entity, const CostTable& costs,
                                          Cost& cost) const noexcept {
        if (entity.prerequisite_count == 0) return true;
        const ChunkVerifier chunk(base_of(entity), entity.size);
        if (entity.heaviest >= entity.prerequisite_count ||
            !chunk.holds<PrerequisiteRecord>(entity.prerequisites, entity.prerequisite_count)) {
            return false;
        }
        const auto records =
            array_at<PrerequisiteRecord>(base_of(entity), entity.prerequisites, entity.prerequisite_count);
        for (std::uint32_t i = 0; i < records.size(); ++i) {
            const PrerequisiteRecord& record = records[i];
            const Cost* const called = record.entity < offset && record.entity >= first_entity()
                                           ? costs.find(record.entity)
                                           : nullptr;
            if (called == nullptr || !chunk.holds_text(record.key) ||
                (record.variant_count > 0 && !chunk.holds<Ref>(record.variants, record.variant_count)) ||
                (at<Entity>(bytes_.data(), record.entity).flags & entity_flags::unsupported) != 0) {
                return false;
            }
            for (const Ref text : array_at<Ref>(base_of(entity), record.variants, record.variant_count)) {
                if (!chunk.holds_text(text)) return false;
            }
            add(cost, *called, i == entity.heaviest);
            if (cost.steps > limits::steps) return false;
        }
        return true;
    }

    [[nodiscard]] static bool flag_holds(const ChunkVerifier& chunk, const Entity& entity) noexcept {
        const std::byte* const base = base_of(entity);
        const std::uint32_t count = entity.outcome_count;
        if (entity.state != State::running && entity.state != State::paused) return false;
        if (entity.off >= entity.variant_count || count == 0 ||
            !chunk.holds<Outcome>(entity.outcomes, count) ||
            !jump_holds(entity.entry, program_of(entity), 0, 0)) {
            return false;
        }
        for (std::uint32_t i = 0; i < count; ++i) {
            const Outcome& outcome = array_at<Outcome>(base, entity.outcomes, count)[i];
            if (!chunk.holds_text(outcome.rule)) return false;
            if ((outcome.otherwise == none) != (i + 1 == count)) return false;
            if (outcome.split == 0) {
                if (outcome.variant >= entity.variant_count) return false;
                continue;
            }
            if (!chunk.holds_split(outcome.split, entity.variant_count)) return false;
            if (i + 1 == count) continue;
            if (!jump_holds(outcome.otherwise, program_of(entity), 0, i + 1)) return false;
            if ((outcome.otherwise & terminal) == 0 && at<Instruction>(base, outcome.otherwise).rule <= i)
                return false;
        }
        return true;
    }

    [[nodiscard]] static bool experiment_holds(const ChunkVerifier& chunk, const Entity& entity) noexcept {
        if (entity.state > State::completed || (entity.off != none && entity.off >= entity.variant_count) ||
            !chunk.holds<ExperimentRecord>(entity.experiment) ||
            !jump_holds(entity.entry, program_of(entity), 0, 0)) {
            return false;
        }
        const ExperimentRecord& record = at<ExperimentRecord>(base_of(entity), entity.experiment);
        return chunk.holds_unit(record.unit) && chunk.holds_split(record.split, entity.variant_count) &&
               chunk.holds_optional_text(record.layer) && chunk.holds_optional_text(record.holdout);
    }

    /// Every slot leads to an entity, and at least one is free, so that every search ends.
    [[nodiscard]] bool index_holds() const noexcept {
        const Header& h = header();
        if ((h.index_mask & (h.index_mask + 1)) != 0 || h.index_mask == none ||
            !whole().holds<IndexSlot>(h.index, std::uint64_t{h.index_mask} + 1)) {
            return false;
        }
        const std::span<const Offset> offsets = array_at<Offset>(bytes_.data(), h.entities, h.entity_count);
        std::uint64_t used = 0;
        for (const IndexSlot& slot : array_at<IndexSlot>(bytes_.data(), h.index, h.index_mask + 1)) {
            if (slot.entity == 0) continue;
            ++used;
            if (slot.entity % 8 != 0 || slot.entity < first_entity() || !whole().holds<Entity>(slot.entity))
                return false;
            const std::uint32_t ordinal = at<Entity>(bytes_.data(), slot.entity).ordinal;
            if (ordinal >= offsets.size() || offsets[ordinal] != slot.entity) return false;
        }
        return used <= h.index_mask;
    }

    std::span<const std::byte> bytes_;
    std::uint32_t end_ = 0;       // of what references may reach; the tail follows
    Offset first_entity_ = none;  // set before the first entity is looked at; segments need no bound yet
};

/// Proves the bytes. Errors: `invalid_image`, `image_version` (another release wrote it), `invalid_argument`
/// (not aligned to 8 bytes).
[[nodiscard]] inline Result<View> verify(std::span<const std::byte> bytes) { return Verifier(bytes).run(); }

}  // namespace expplat::image
