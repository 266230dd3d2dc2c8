// Every bound of the library, each with its unit, in one place.
//
// The compiler, the verifier and the runtime all refuse or count what goes past
// one of these; nothing in the library grows without meeting a number here.
#pragma once

#include <cstddef>
#include <cstdint>

namespace expplat::limits {

// A ruleset as text (RULESET.md, section 1).
inline constexpr std::size_t ruleset_bytes = std::size_t{64} << 20;  // 64 MiB of JSON
inline constexpr std::size_t json_depth = 64;       // levels; the document's own object is level 1
inline constexpr std::size_t key_bytes = 128;       // a key of a map or of `variants`
inline constexpr std::size_t pattern_bytes = 1000;  // operand of `matches`
inline constexpr std::size_t pattern_memory_bytes = std::size_t{8} << 20;  // RE2's own budget
inline constexpr std::uint32_t flags = 100'000;                            // flags and experiments together
inline constexpr std::uint32_t list_entries = 1'000'000;  // entries of all lists of a ruleset together
inline constexpr std::uint64_t steps = 100'000;           // worst-case work of one flag or experiment
inline constexpr std::size_t reported_problems = 1'000;   // lines of one refusal

// A compiled image.
inline constexpr std::size_t image_bytes = std::size_t{1} << 30;
/// Nested calls that an evaluation may keep open. The compiler makes the heaviest call of
/// every list a tail call, so the open ones at least halve the remaining steps: 2^17 > `steps`.
inline constexpr std::uint32_t call_depth = 24;

// A user.
inline constexpr std::size_t user_attributes = 50'000;            // names, flattened
inline constexpr std::size_t user_bytes = std::size_t{64} << 20;  // names and strings together
inline constexpr std::size_t attribute_name_bytes = 65'534;

// Exposures.
inline constexpr std::size_t sdk_bytes = 64;  // the name of the face that a program uses
inline constexpr std::size_t queue_events = 10'000;
inline constexpr std::size_t batch_events = 500;
inline constexpr std::size_t batch_bytes = std::size_t{1} << 20;
inline constexpr std::int64_t batch_age_ms = 1'000;
inline constexpr std::int64_t dedupe_window_ms = 3'600'000;  // one hour
inline constexpr std::size_t dedupe_entries = 1u << 16;
inline constexpr std::size_t batches_under_way = 4;                     // handed to the sink at once
inline constexpr std::uint64_t spool_bytes = std::uint64_t{256} << 20;  // on disk, of one process
inline constexpr std::size_t rotated_files = 5;                         // of a file sink that rotates

// Following a server (docs/PROTOCOL.md).
inline constexpr std::int64_t poll_interval_ms = 30'000;
inline constexpr std::int64_t stream_silence_ms = 60'000;       // three heartbeats: the connection is dead
inline constexpr std::int64_t unauthorized_retry_ms = 300'000;  // between two tries of a refused key

}  // namespace expplat::limits
