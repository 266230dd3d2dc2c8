// Every bound of the control plane, each with its unit, in one place.
//
// What goes past one is refused (`too_large` or `invalid`) or removed as the comment says. The bounds of a ruleset itself are
// `expplat::limits`. Constants only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace expplat::server::domain::bounds {

inline constexpr std::size_t name_bytes = 200;
inline constexpr std::size_t description_bytes = 10'000;
inline constexpr std::size_t owner_bytes = 200;
inline constexpr std::size_t tags = 50;
inline constexpr std::size_t tag_bytes = 100;
inline constexpr std::size_t comment_bytes = 2'000;
inline constexpr std::size_t json_schema_bytes = std::size_t{64} << 10;
inline constexpr std::size_t schema_faults = 20;                 // told of one schema, or of one body by it
inline constexpr std::int64_t schema_steps = 5'000'000;          // of checking one body: about a second
inline constexpr std::size_t body_bytes = std::size_t{4} << 20;  // of one configuration
inline constexpr std::size_t url_bytes = 2'000;
inline constexpr std::size_t search_bytes = 200;
inline constexpr std::size_t subject_bytes =
    1'000;  // of a caller's words in the audit: name, address, request id

inline constexpr std::int64_t page_rows = 50;  // of a list, where the caller says nothing
inline constexpr std::int64_t page_rows_most = 500;

inline constexpr std::int64_t projects = 1'000;
inline constexpr std::int64_t environments = 50;   // of a project
inline constexpr std::int64_t entities = 100'000;  // of a project
inline constexpr std::int64_t webhooks = 50;       // of a project
inline constexpr std::int64_t keys = 1'000;        // of a project, that were not taken back and are not over
inline constexpr std::int64_t people = 100'000;
inline constexpr std::size_t grants = 200;             // of a person
inline constexpr std::size_t roles = 200;              // beside the built-in ones
inline constexpr std::size_t email_bytes = 254;        // RFC 5321, section 4.5.3.1.3
inline constexpr std::int64_t open_schedules = 5'000;  // of a project
inline constexpr std::int64_t open_change_requests = 5'000;
/// So long after its end a schedule, a change request or a key is kept; the audit has what it was.
inline constexpr std::int64_t ended_kept_ms = std::int64_t{90} * 86'400'000;
inline constexpr std::int64_t ended_at_once = 1'000;  // of one removal's transaction

inline constexpr std::int64_t ruleset_history =
    50;  // versions kept of an environment; older ones are removed
inline constexpr std::int64_t idempotency_ms = 86'400'000;  // 24 h: how long an answer is kept
inline constexpr std::int64_t idempotency_running_ms =
    60'000;  // then a request without an answer is taken for dead
inline constexpr std::size_t idempotency_key_bytes = 255;
inline constexpr std::size_t idempotency_body_bytes = std::size_t{1} << 20;

inline constexpr std::int64_t event_counters =
    1'000;  // of an environment; what is past them is counted as one
inline constexpr std::int64_t raw_events = 1'000'000;      // of an environment; the oldest make room
inline constexpr std::int64_t raw_events_at_once = 1'000;  // of one removal's transaction

inline constexpr std::size_t changes_at_once = 10'000;  // of one transaction
inline constexpr std::int64_t schedules_at_once = 50;   // of one `run_due`
inline constexpr std::int64_t schedule_ahead_ms = std::int64_t{5} * 366 * 86'400'000;
inline constexpr std::int64_t schedule_attempts = 5;          // while the store is away; a refusal is final
inline constexpr std::int64_t denied_entries = 100;           // in the audit, of a caller and an hour
inline constexpr std::int64_t time_ms = 253'402'300'799'999;  // the end of year 9999
inline constexpr std::int64_t audit_page = 1'000;             // rows read at once by verify and export

}  // namespace expplat::server::domain::bounds
