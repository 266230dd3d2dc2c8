// `Event`: what is reported: that somebody saw a variant, or that something happened to them.
//
// Made by the recorder, carried by the queue, handed to sinks as views into one batch. Source: EVENTS.md, "The
// record". A sink copies what it keeps: the views end with the call.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace expplat::exposure {

enum class EventType : std::uint8_t { exposure = 1, track = 2 };

/// UUIDv7, made once: a retry carries the same id.
using EventId = std::array<std::uint8_t, 16>;

struct Event {
    EventType type = EventType::exposure;
    EventId id{};
    std::int64_t time_ms = 0;           // Unix milliseconds, when it happened
    std::uint64_t ruleset_version = 0;  // exposure
    std::string_view project;           // of the configuration
    std::string_view environment;       // of the ruleset that was current
    std::string_view name;              // exposure: the experiment or flag; track: the event
    std::string_view variant;           // exposure
    std::string_view unit;              // the unit's name; `key` for the user's key
    std::string_view unit_id;           // its value
    bool has_value = false;             // track
    double value = 0;                   // track
    std::string_view properties;        // track: a JSON object, or empty
    std::string_view attributes;  // exposure: a JSON object of the attributes that were asked for, or empty
    std::string_view sdk;         // what sends it, with its version; empty: the C++ library

    /// The bytes of all its texts.
    [[nodiscard]] std::size_t text_size() const noexcept {
        return environment.size() + name.size() + variant.size() + unit.size() + unit_id.size() +
               properties.size() + attributes.size();
    }
};

}  // namespace expplat::exposure
