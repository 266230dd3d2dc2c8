// What can go wrong at set-up: a code that programs test and a message that people read.
//
// Used by everything that opens, reads or compiles. The evaluation path has its own, smaller
// vocabulary (`reason.hpp`): there the caller's default comes back with a reason.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace expplat {

/// Stable numbers: they are part of the C face and never renumbered.
enum class ErrorCode : std::uint8_t {
    invalid_argument = 1,  // the caller's configuration or arguments
    not_found = 2,         // a file, key or host that is not there
    io = 3,                // the operating system refused
    invalid_ruleset = 4,   // a document that RULESET.md refuses; the message lists every error
    invalid_image = 5,     // bytes that are no image, or a damaged one
    image_version = 6,     // an image of another format version: compile it again from its JSON
    too_large = 7,         // a limit of `limits.hpp`
    unsupported = 8,       // this build or platform cannot do it, and says what could
    not_ready = 9,         // no ruleset has been adopted yet
    closed = 10,           // the client was closed
    timeout = 11,
    unauthorized = 12,  // a key or credential was refused
    network = 13,
};

[[nodiscard]] constexpr std::string_view name(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::invalid_argument: return "invalid_argument";
        case ErrorCode::not_found: return "not_found";
        case ErrorCode::io: return "io";
        case ErrorCode::invalid_ruleset: return "invalid_ruleset";
        case ErrorCode::invalid_image: return "invalid_image";
        case ErrorCode::image_version: return "image_version";
        case ErrorCode::too_large: return "too_large";
        case ErrorCode::unsupported: return "unsupported";
        case ErrorCode::not_ready: return "not_ready";
        case ErrorCode::closed: return "closed";
        case ErrorCode::timeout: return "timeout";
        case ErrorCode::unauthorized: return "unauthorized";
        case ErrorCode::network: return "network";
    }
    return "unknown";
}

struct Error {
    ErrorCode code = ErrorCode::invalid_argument;
    std::string message;
};

}  // namespace expplat
