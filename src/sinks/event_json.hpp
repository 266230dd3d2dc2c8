// An event as the JSON object of EVENTS.md, "The record".
//
// Used by every sink that writes text. Pure.
#pragma once

#include <string>
#include <string_view>

#include "expplat/exposure/event.hpp"

namespace expplat::sinks {

/// What is the same for all events of a client.
struct EventOrigin {
    std::string project;
};

/// Appends the event as one JSON object, without a line end.
void append_event_json(std::string& out, const exposure::Event& event);
/// The same with the origin's project in place of the event's.
void append_event_json(std::string& out, const exposure::Event& event, const EventOrigin& origin);

/// `0193f1c2-7a3b-7c44-9f0e-5d1c2b3a4f5e`
[[nodiscard]] std::string to_string(const exposure::EventId& id);

}  // namespace expplat::sinks
