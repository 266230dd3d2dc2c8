// Compiles condition trees to instructions that jump forward on true and on false.
//
// Code is emitted from its end to its beginning, so that every jump's goal is already there: `all`, `any` and
// `not` become nothing but goals. Used by `compile_entity.cpp`; read by `eval/condition.hpp`.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "expplat/image/layout.hpp"
#include "src/ruleset/chunk.hpp"
#include "src/ruleset/model.hpp"

namespace expplat::ruleset {

/// Steps of the segments that an entity calls, where their calls nest so deep that the order of an `all` or `any`
/// must put the heaviest call last: a tail call keeps nothing open (`limits::call_depth`). Empty: the order of
/// the document.
using CallWeights = absl::flat_hash_map<std::string, std::uint64_t>;

class ConditionCompiler {
public:
    ConditionCompiler(ChunkWriter& writer, const CallWeights& weights) : writer_(writer), weights_(weights) {}

    /// Emits the code of one condition before what was emitted so far. Returns where it begins.
    [[nodiscard]] image::Jump emit(const Condition& condition, std::uint32_t rule, image::Jump on_true,
                                   image::Jump on_false);

    /// Writes the code; `first` and `count` place it. Jumps of `emit` become final by `resolve`.
    void finish(image::Ref& first, std::uint32_t& count);

    /// Where the outcomes stand whose numbers end the program. Before `finish`.
    void set_outcomes(image::Ref outcomes) noexcept { outcomes_ = outcomes; }

    /// A jump that `emit` returned or was given, as the image holds it. After `finish`.
    [[nodiscard]] image::Jump resolve(image::Jump jump) const noexcept {
        if (jump >= image::accept) return jump;
        if ((jump & image::terminal) != 0) {
            return image::terminal |
                   (outcomes_ + (jump & ~image::terminal) * static_cast<image::Jump>(sizeof(image::Outcome)));
        }
        return first_ + (static_cast<image::Jump>(code_.size()) - 1 - jump) *
                            static_cast<image::Jump>(sizeof(image::Instruction));
    }

private:
    struct Emitted {
        image::Instruction instruction{};
        const Condition* condition = nullptr;
    };

    [[nodiscard]] image::Jump emit_parts(const Condition& condition, std::uint32_t rule, image::Jump on_true,
                                         image::Jump on_false);
    [[nodiscard]] image::Jump emit_leaf(const Condition& condition, std::uint32_t rule, image::Jump on_true,
                                        image::Jump on_false);
    [[nodiscard]] std::uint64_t weight(const Condition& condition) const;
    void write_comparison(image::Instruction& instruction, const Condition& condition);
    void write_membership(image::Instruction& instruction, const Condition& condition);
    void write_text_search(image::Instruction& instruction, const Condition& condition);
    [[nodiscard]] image::Ref write_texts(const Condition& condition);
    [[nodiscard]] image::Ref write_instant(const Scalar& operand);
    [[nodiscard]] image::Ref write_cidrs(const Condition& condition);
    [[nodiscard]] image::Ref write_sample(const Condition& condition);

    ChunkWriter& writer_;
    const CallWeights& weights_;
    std::vector<Emitted> code_;  // last instruction first
    image::Ref first_ = 0;       // where the code stands
    image::Ref outcomes_ = 0;
};

// Pieces that entities need too.

[[nodiscard]] image::Unit write_unit(ChunkWriter& writer, std::string_view unit);

struct SetMember {
    std::string_view text;
    std::uint32_t payload = 0;
};
/// A set of strings for look-up by hash; a text that is there twice keeps its first payload. 0 for none.
[[nodiscard]] image::Ref write_set(ChunkWriter& writer, const std::vector<SetMember>& members);
/// A set of folded strings, searched by halves.
[[nodiscard]] image::Ref write_folded_set(ChunkWriter& writer, std::vector<std::string> folded);

/// floor(percent × 2^32 / 100), exactly (RULESET.md, section 6).
[[nodiscard]] constexpr std::uint64_t percent_boundary(std::uint64_t percent_micros) noexcept {
    return (percent_micros << 32) / 100'000'000;
}

}  // namespace expplat::ruleset
