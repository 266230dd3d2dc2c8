// What a failed call to Kinesis means for whoever made it: try again, slow down, ask an operator, or give it up.
//
// Made from an answer by `classify`, carried by `kinesis.hpp`'s results. Pure; thread-safe. Sources: Kinesis Data Streams
// API Reference, "Common Errors" and the errors of PutRecords; AWS SDKs and Tools Reference Guide, "Retry behavior"; the
// lists of codes are those that AWS's SDKs share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/net/transport.hpp"

namespace expplat::aws {

enum class FaultKind : std::uint8_t {
    network,      // no answer, or none of Kinesis
    server,       // 5xx and its like: try again
    throttled,    // too many calls, or too much data: slow down
    clock,        // the request's time was refused
    credentials,  // there are none, or AWS does not know or accept them
    refused,      // no permission, no such stream, a key that is disabled: an operator can mend it
    invalid,      // the request itself: it can never succeed
};

[[nodiscard]] std::string_view name(FaultKind kind) noexcept;

struct KinesisFault {
    FaultKind kind = FaultKind::network;
    int status = 0;                   // 0: there was no answer
    bool timeout = false;             // there was none in time
    std::string code;                 // AWS's, without its namespace; empty where there is none
    std::string message;              // for people
    std::int64_t retry_after_ms = 0;  // what the answer asked for

    /// The same call may succeed by itself.
    [[nodiscard]] bool is_transient() const noexcept {
        return kind == FaultKind::network || kind == FaultKind::server || kind == FaultKind::throttled;
    }
};

/// The kind of a code in AWS's lists, of a call or of one record of it. A code that no list has is told by the status.
[[nodiscard]] FaultKind kind_of(std::string_view code, int status) noexcept;

/// Of an answer that is not 200.
[[nodiscard]] KinesisFault classify(const net::Response& response, std::int64_t now_unix_ms);

}  // namespace expplat::aws
