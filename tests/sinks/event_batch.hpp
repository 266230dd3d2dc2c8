// `EventBatch`: events with texts of their own, for the tests of sinks.
//
// Events are views; this keeps what they view. Ids count from 0, as UUIDv7. Used by one test at a time; what `events`
// returned is good until the next `add`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "expplat/exposure/event.hpp"

namespace expplat::tests {

class EventBatch {
public:
    explicit EventBatch(std::uint64_t first_id = 0) : next_id_(first_id) {}

    /// A track event whose properties have `properties_bytes` bytes; none for 0.
    void add(const std::string& unit_id, std::size_t properties_bytes = 0) {
        exposure::Event event;
        event.type = exposure::EventType::track;
        for (std::size_t i = 0; i < 8; ++i) {
            event.id[15 - i] = static_cast<std::uint8_t>(next_id_ >> (8 * i));
        }
        ++next_id_;
        event.id[6] = 0x70;
        event.id[8] = 0x80;
        event.time_ms = 1'763'902'800'123;
        event.project = "game";
        event.environment = "production";
        event.name = "purchase";
        event.unit = "key";
        event.unit_id = texts_.emplace_back(unit_id);
        if (properties_bytes > 0) {
            constexpr std::size_t frame_bytes = 8;  // {"p":""}
            std::string properties = "{\"p\":\"";
            properties.append(properties_bytes - frame_bytes, 'x');
            event.properties = texts_.emplace_back(properties + "\"}");
        }
        events_.push_back(event);
    }
    [[nodiscard]] std::span<const exposure::Event> events() const noexcept { return events_; }

private:
    std::uint64_t next_id_;
    std::deque<std::string> texts_;
    std::vector<exposure::Event> events_;
};

}  // namespace expplat::tests
