// The answers of one ruleset that JavaScript has an object for already, and the numbers of these objects.
//
// An answer is told apart by where it points into the image, so that finding its number reads no text. Numbers count up from
// 0; with every ruleset they begin again. Belongs to one client of one environment. Next: `question.cpp`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "expplat/eval/evaluate.hpp"

namespace expplat::node {

class AnswerTable {
public:
    /// What an answer is told apart by, but for the ruleset.
    struct Mark {
        const char* rule = nullptr;
        std::uint32_t key = 0;
        std::uint32_t variant = 0;
        std::uint32_t rest = 0;  // reason, error and exposure

        Mark(std::uint32_t key_number, const eval::Answer& answer) noexcept
            : rule(answer.rule.data()),
              key(key_number),
              variant(answer.variant),
              rest(static_cast<std::uint32_t>(answer.reason) | static_cast<std::uint32_t>(answer.error) << 8 |
                   static_cast<std::uint32_t>(answer.exposure) << 16) {}
        bool operator==(const Mark&) const noexcept = default;

        [[nodiscard]] std::size_t hash() const noexcept {
            const std::uint64_t words = (std::uint64_t{key} << 32 | variant) ^ std::uint64_t{rest} << 20 ^
                                        reinterpret_cast<std::uintptr_t>(rule) * 0x9E37'79B9'7F4A'7C15u;
            return static_cast<std::size_t>((words * 0xC2B2'AE3D'27D4'EB4Fu) >> 32);
        }
    };

    static constexpr std::uint32_t absent = 0xFFFF'FFFF;

    /// The number of the answer, or `absent`.
    [[nodiscard]] std::uint32_t find(std::uint32_t ruleset_serial, const Mark& mark) const noexcept {
        if (ruleset_serial != serial_) return absent;
        for (std::size_t slot = mark.hash() & mask();; slot = (slot + 1) & mask()) {
            const std::uint32_t entry = slots_[slot];
            if (entry == absent || marks_[entry] == mark) return entry;
        }
    }

    /// True where the numbers given before are void from now on: the ruleset is another, or there are too many answers.
    [[nodiscard]] bool make_room(std::uint32_t ruleset_serial);
    /// The number of an answer that is not here, after `make_room`.
    [[nodiscard]] std::uint32_t add(const Mark& mark);

private:
    static constexpr std::size_t capacity = 65'536;
    static constexpr std::size_t least_slots = 64;

    [[nodiscard]] std::size_t mask() const noexcept { return slots_.size() - 1; }
    void place(std::uint32_t entry) noexcept;

    std::uint32_t serial_ = 0;  // of no ruleset
    std::vector<Mark> marks_;
    std::vector<std::uint32_t> slots_ = std::vector<std::uint32_t>(least_slots, absent);
};

}  // namespace expplat::node
