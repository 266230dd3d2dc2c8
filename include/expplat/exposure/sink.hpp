// `EventSink`: the seam to where events go.
//
// One verb: begin to deliver a batch, and say later what became of it. Called by the client's loop alone, never on the path
// of `variant()`. A sink that needs no network answers at once; one that does must not block: the loop also keeps the
// ruleset current. Sinks that come with the library: `src/sinks/`. What programs write down is `Sink` in `config.hpp`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "expplat/exposure/event.hpp"

namespace expplat::exposure {

/// What became of a batch, for a program's own function (`Sink::custom`): events that are in neither count are kept and
/// offered again.
struct Delivery {
    std::size_t acknowledged = 0;  // from the front: these will never be offered again
    std::size_t rejected = 0;      // after them: can never succeed; counted as dead-lettered
    std::string message;           // of a failure; logged
};

/// Says what became of a batch, for a program's own function that answers when it can (`Sink::deferred`). From any thread; the
/// first call counts. Where the last copy goes uncalled, nothing was taken. Nobody hears it once the client is closed, or in a
/// forked child.
using Answer = std::function<void(Delivery)>;

/// What became of a batch, event by event. What is in neither list was acknowledged.
struct Report {
    struct Rejected {
        std::size_t index = 0;  // into the batch
        std::string reason;
    };
    std::vector<std::size_t> retry;   // indexes, ascending: to be offered again
    std::vector<Rejected> rejected;   // indexes ascending: can never succeed; dead letters
    std::int64_t retry_after_ms = 0;  // what the receiver asked for; added to the back-off
    std::string message;              // of a failure; logged
};

class EventSink {
public:
    using Done = std::function<void(Report)>;

    virtual ~EventSink() = default;
    /// Begins to deliver. The batch stays where it is until `done` was called, exactly once, from within this call or later
    /// from the loop. A sink that is destroyed calls nothing any more. Several batches may be under way at once.
    virtual void send(std::span<const Event> batch, Done done) = 0;
    /// Calls `done` for what other threads have answered meanwhile. Called from the loop, often.
    virtual void collect() {}
};

}  // namespace expplat::exposure
