// `EventSink`: the seam to where events go.
//
// One verb: deliver a batch. Called by the client's loop, never by two threads at once and never on the path of
// `variant()`; it may block for as long as the client's `shutdown_timeout` can bear. Sinks that come with the library:
// `src/sinks/`. What programs write down is `Sink` in `config.hpp`.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "expplat/exposure/event.hpp"

namespace expplat::exposure {

/// What became of a batch. Events that are in neither count are kept and offered again.
struct Delivery {
    std::size_t acknowledged = 0;  // from the front: these will never be offered again
    std::size_t rejected = 0;      // after them: can never succeed; counted as dead-lettered
    std::string message;           // of a failure; logged
};

class EventSink {
public:
    virtual ~EventSink() = default;
    [[nodiscard]] virtual Delivery deliver(std::span<const Event> batch) = 0;
};

}  // namespace expplat::exposure
