// `read_event`: one record of an intake's request (EVENTS.md, "The record"), checked, as the store keeps it; and the same as
// a stream carries it.
//
// Used by `events.cpp`. What is wrong is said in words for the one who sent it: it can never succeed. Pure.
#pragma once

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

/// `project` and `environment` are the key's: what the record says of them is kept in its body and believed in nothing.
[[nodiscard]] std::variant<domain::RawEvent, BadEvent> read_event(const ruleset::Node& record,
                                                                  const std::string& project,
                                                                  const std::string& environment,
                                                                  std::int64_t received_ms);

/// A record that was found good, for who reads it out of a stream and knows no key: its project and environment are the
/// event's.
[[nodiscard]] domain::StreamedEvent streamed(const ruleset::Node& record, const domain::RawEvent& event);

}  // namespace expplat::server::api
