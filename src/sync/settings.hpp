// `FollowerSettings`: whose ruleset is followed, and how.
//
// A plain value, from the client's configuration. The times that are no choice of a user's are constants here, those of
// docs/PROTOCOL.md in `limits.hpp`. Next: `follower.hpp`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "expplat/base/limits.hpp"
#include "src/net/transport.hpp"

namespace expplat::sync {

struct FollowerSettings {
    std::string url;        // the base of docs/PROTOCOL.md, `https://flags.example.com`
    std::string key;        // a secret
    bool streaming = true;  // false: poll only
    std::int64_t poll_interval_ms = limits::poll_interval_ms;
    std::string user_agent;  // `expplat-cpp/VERSION`
    net::Timeouts timeouts;  // of a poll; a stream has those for connecting and the first byte
};

// The longest wait before the second connection; it doubles up to `net::backoff_most_ms`.
inline constexpr std::int64_t reconnect_first_ms = 1'000;
// Streams that end or fall silent before their first event, one after another, until they are taken to be broken on the way.
inline constexpr int broken_streams = 3;
// While polling because streams are broken, one is tried so often.
inline constexpr std::int64_t stream_trial_interval_ms = 600'000;
// How long the text of an error's answer is waited for, and how much of it is read.
inline constexpr std::int64_t error_text_ms = 5'000;
inline constexpr std::size_t error_text_bytes = std::size_t{16} << 10;
// Of one line about what went wrong.
inline constexpr std::size_t message_bytes = 2'000;
// A longer `ETag` is not sent back.
inline constexpr std::size_t etag_bytes = 1'024;

}  // namespace expplat::sync
