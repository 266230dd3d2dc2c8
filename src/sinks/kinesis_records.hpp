// A batch of events as records of a Kinesis stream: one event each, or many in the Kinesis Producer Library's format.
//
// Used by `kinesis_sink.hpp`, which sends them. The partition key is the unit's id, so that a unit's events stay in one
// shard; aggregates are filled by ranges of the hash of that key, so that a large batch spreads over the shards. Pure;
// thread-safe. Source: EVENTS.md, "The record" and "Producing".
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/exposure/event.hpp"
#include "expplat/exposure/sink.hpp"

namespace expplat::sinks {

/// Aggregates that are filled side by side, each with a quarter of the hashes ...
inline constexpr std::size_t kinesis_lanes = 4;
/// ... in a batch of at least so many events; a smaller one is one record.
inline constexpr std::size_t kinesis_lanes_from_events = 64;

struct KinesisRecord {
    std::string partition_key;
    std::string data;
    std::vector<std::size_t> events;  // indexes into the batch, ascending
};

struct KinesisRecords {
    std::vector<KinesisRecord> records;
    std::vector<exposure::Report::Rejected> rejected;  // over 1 MiB by themselves; indexes ascending
};

/// The unit's id; its SHA-256 in hexadecimal where it has more than 256 characters; the event's id where it is empty or
/// no UTF-8.
[[nodiscard]] std::string partition_key_of(const exposure::Event& event);
/// The same of a unit's id alone, and of what stands for one that is empty or no UTF-8.
[[nodiscard]] std::string partition_key_of(std::string_view unit_id, std::string_view otherwise);

/// All events of the batch. With `aggregate` a host without MD5 gets plain records.
[[nodiscard]] KinesisRecords pack_records(std::span<const exposure::Event> batch, bool aggregate);

/// A record's text and the partition key that it goes under; views.
struct KeyedText {
    std::string_view key;
    std::string_view data;
};

/// The same of events that are written already (the server's intake).
[[nodiscard]] KinesisRecords pack_texts(std::span<const KeyedText> texts, bool aggregate);

/// The events with these indexes, one record each; none of them is over 1 MiB.
[[nodiscard]] std::vector<KinesisRecord> plain_records(std::span<const exposure::Event> batch,
                                                       std::span<const std::size_t> events);

/// The records in order, in as few calls of PutRecords as its limits allow.
[[nodiscard]] std::vector<std::vector<KinesisRecord>> split_into_calls(std::vector<KinesisRecord> records);

}  // namespace expplat::sinks
