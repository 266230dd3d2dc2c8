// `Stats`: what a client has counted since it was opened.
//
// A value, asked of a `Client` by any thread. Exactly, and at any moment,
//
//     recorded + adopted = deduplicated + acknowledged + spooled + dead_lettered
//                        + dropped_queue_full + dropped_shutdown + dropped_spool + in_flight
//
// Source: EVENTS.md, "Producing".
#pragma once

#include <cstdint>

namespace expplat {

struct Stats {
    std::uint64_t recorded = 0;       // exposures that must be counted, and track events
    std::uint64_t adopted = 0;        // found in the spools of processes that died
    std::uint64_t deduplicated = 0;   // recorded within the window before
    std::uint64_t acknowledged = 0;   // the sink has them
    std::uint64_t spooled = 0;        // on disk, not yet acknowledged; survives the process
    std::uint64_t dead_lettered = 0;  // can never be delivered; in the dead-letter file where there is one
    std::uint64_t dropped_queue_full = 0;  // the newest, when the queue was full
    std::uint64_t dropped_shutdown = 0;    // left when `shutdown_timeout_ms` was up, and not spooled
    std::uint64_t dropped_spool = 0;       // were on disk, and could not be read back
    std::uint64_t in_flight = 0;           // in memory: queued, or handed to the sink
    std::uint64_t batches = 0;             // handed to the sink, repeats included
    std::uint64_t failed_deliveries = 0;   // batches of which something had to be offered again

    std::uint64_t ruleset_version = 0;
    std::uint64_t rulesets_adopted = 0;
    std::uint64_t rulesets_refused = 0;
    std::uint64_t unsupported_entities = 0;  // of the current ruleset
    std::uint64_t live_images = 0;           // the current one, and older ones that somebody still holds
    std::uint64_t image_bytes = 0;           // of the current one
    std::uint64_t stream_connections = 0;    // opened to the server, the first included
};

}  // namespace expplat
