// `read_event`: one record of an intake's request (EVENTS.md, "The record"), checked, as the store keeps it; and the same as
// a stream carries it.
//
// Used by `events.cpp`. What is wrong is said in words for the one who sent it: it can never succeed. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "server/domain/event_stream.hpp"
#include "server/domain/tables/events.hpp"
#include "src/ruleset/json.hpp"

namespace expplat::server::api {

struct BadEvent {
    std::string id;  // empty where it has none that can be read
    std::string reason;
};

/// A sender's clock against ours, as its batch shows it (`sent_at`).
class SenderClock {
public:
    /// In Unix milliseconds. Without `sent_at` the sender's clock is believed.
    SenderClock(std::optional<std::int64_t> sent_ms, std::int64_t received_ms) noexcept;

    /// When an event happened, by our clock. A clock that is a minute or more off is corrected, and by whole minutes: the
    /// way of a batch takes less, and a repeat of the event is given the same time. An event that claims to be of after
    /// its own sending was not stamped by that clock; its time is left.
    [[nodiscard]] std::int64_t corrected(std::int64_t time_ms) const noexcept;

private:
    std::int64_t sent_ms_;
    std::int64_t behind_ms_;
};

/// `project` and `environment` are the key's: what the record says of them is kept in its body and believed in nothing.
/// The event's time, in its body too, is the corrected one.
[[nodiscard]] std::variant<domain::RawEvent, BadEvent> read_event(const ruleset::Node& record,
                                                                  const std::string& project,
                                                                  const std::string& environment,
                                                                  const SenderClock& clock,
                                                                  std::int64_t received_ms);

/// A record that was found good, for who reads it out of a stream and knows no key: its project and environment are the
/// event's.
[[nodiscard]] domain::StreamedEvent streamed(const ruleset::Node& record, const domain::RawEvent& event);

}  // namespace expplat::server::api
