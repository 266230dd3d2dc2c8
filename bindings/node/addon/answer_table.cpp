#include "bindings/node/addon/answer_table.hpp"

namespace expplat::node {

bool AnswerTable::make_room(std::uint32_t ruleset_serial) {
    if (ruleset_serial == serial_ && marks_.size() < capacity) return false;
    serial_ = ruleset_serial;
    marks_.clear();
    slots_.assign(least_slots, absent);
    return true;
}

std::uint32_t AnswerTable::add(const Mark& mark) {
    marks_.push_back(mark);
    if (marks_.size() * 2 > slots_.size()) {
        slots_.assign(slots_.size() * 2, absent);
        for (std::uint32_t entry = 0; entry < marks_.size(); ++entry) place(entry);
    } else {
        place(static_cast<std::uint32_t>(marks_.size() - 1));
    }
    return static_cast<std::uint32_t>(marks_.size() - 1);
}

void AnswerTable::place(std::uint32_t entry) noexcept {
    std::size_t slot = marks_[entry].hash() & mask();
    while (slots_[slot] != absent) slot = (slot + 1) & mask();
    slots_[slot] = entry;
}

}  // namespace expplat::node
