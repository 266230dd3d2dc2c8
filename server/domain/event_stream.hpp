// `EventStream`: the seam to where the intake's events go when they are not kept in the store.
//
// Given to the interface by the program's root, which has it where a stream is configured. Safe from many threads. Next:
// `server/pipeline/kinesis_intake.hpp`.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace expplat::server::domain {

/// One event, checked, and of an environment that its sender may write to.
struct StreamedEvent {
    std::string id;
    std::string unit_id;  // events of one unit stay together
    std::string body;     // the record, JSON (EVENTS.md)
};

struct EventFate {
    enum class Kind : std::uint8_t {
        accepted,  // durable
        retry,     // perhaps not: to be offered again
        rejected,  // can never succeed
    };
    Kind kind = Kind::retry;
    std::string reason;  // of a rejected one
};

struct StreamReport {
    std::vector<EventFate> fates;  // of each event
    bool throttled = false;        // it was too much at once, and nothing worse
};

class EventStream {
public:
    using Done = std::function<void(StreamReport)>;

    virtual ~EventStream() = default;
    /// Begins to deliver; `done` is called once, from another thread, within a bounded time, and must not wait. False where
    /// there is no room: then it is not called.
    [[nodiscard]] virtual bool put(std::vector<StreamedEvent> events, Done done) = 0;
    /// Whether something is wrong with it that was not seen to be mended yet; the log has what.
    [[nodiscard]] virtual bool is_failing() const noexcept = 0;
};

}  // namespace expplat::server::domain
