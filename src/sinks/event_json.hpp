// An event as the JSON object of EVENTS.md, "The record".
//
// Used by every sink that writes text, and by the dead letters. Pure. About 0.15 µs an event: `bench/delivery_bench.cpp`.
#pragma once

#include <string>

#include "expplat/exposure/event.hpp"

namespace expplat::sinks {

/// Appends the event as one JSON object, without a line end.
void append_event_json(std::string& out, const exposure::Event& event);

/// `0193f1c2-7a3b-7c44-9f0e-5d1c2b3a4f5e`
[[nodiscard]] std::string to_string(const exposure::EventId& id);

}  // namespace expplat::sinks
