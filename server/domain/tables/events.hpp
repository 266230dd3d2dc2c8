// The tables `events` and `event_counters`: raw events as they arrive, until the event processor exists.
//
// An id is kept once: offered again it is neither stored nor counted. Called by the intake; each function runs in the
// transaction it is given, and throws what that throws.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/domain/store.hpp"

namespace expplat::server::domain {

struct RawEvent {
    std::string id;
    std::string project;
    std::string environment;
    std::string type;        // exposure, track
    std::string experiment;  // empty where it is of none, as the variant
    std::string variant;
    std::int64_t time_ms = 0;
    std::int64_t received_ms = 0;
    std::string body;  // the record, JSON (EVENTS.md)
};

struct EventCounter {
    std::string experiment;
    std::string variant;
    std::int64_t events = 0;
};

namespace tables {

/// False where the id is there already.
bool insert_event(Transaction& t, const RawEvent& event);
/// Newest first, by arrival.
[[nodiscard]] std::vector<RawEvent> newest_events(Transaction& t, const std::string& project,
                                                  const std::string& environment, std::int64_t limit);
/// Exposures by experiment and variant.
[[nodiscard]] std::vector<EventCounter> event_counters(Transaction& t, const std::string& project,
                                                       const std::string& environment);
/// Removes events that arrived before; the counters stay. Answers how many.
std::int64_t remove_events_before(Transaction& t, std::int64_t received_ms);

}  // namespace tables
}  // namespace expplat::server::domain
