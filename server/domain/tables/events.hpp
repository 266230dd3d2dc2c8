// The tables `received_events`, `events` and `event_counters`: raw events as they arrive, until the event processor exists.
//
// An id is kept once in its environment: offered again it is neither stored nor counted. `events` is where servers of the
// release before this one write; it is read and emptied here, and written no more. Called by the intake, and by the program
// for what is old. Each function runs in the transaction it is given, and throws what that throws.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
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
    std::string
        experiment;  // empty, as the variant: of those that came when `bounds::event_counters` were there
    std::string variant;
    std::int64_t events = 0;
};

namespace tables {

/// All of one environment. Answers how many were new.
std::int64_t insert_events(Transaction& t, std::span<const RawEvent> events);
/// Newest first, by arrival.
[[nodiscard]] std::vector<RawEvent> newest_events(Transaction& t, const std::string& project,
                                                  const std::string& environment, std::int64_t limit);
/// Exposures by experiment and variant; `bounds::event_counters` and one more at most.
[[nodiscard]] std::vector<EventCounter> event_counters(Transaction& t, const std::string& project,
                                                       const std::string& environment);
/// Removes events that arrived before, the oldest `limit` of them at most; the counters stay. Answers how many.
std::int64_t remove_events_before(Transaction& t, std::int64_t received_ms, std::int64_t limit);
/// Removes the oldest of the environment while it has more than `count`, `limit` at most. Answers how many.
std::int64_t keep_newest_events(Transaction& t, const std::string& project, const std::string& environment,
                                std::int64_t count, std::int64_t limit);

}  // namespace tables
}  // namespace expplat::server::domain
