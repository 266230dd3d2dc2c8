// `DeadLetters`: a file of the events that can never be delivered, each with the reason.
//
// Written by the client's loop when a sink rejects; read by people, and by a redrive. A line is
// `{"reason": …, "time": Unix milliseconds, "event": RECORD}`. Bounded: 64 MiB, and as much in `PATH.1`. Not thread-safe.
// Source: EVENTS.md, "Producing".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "expplat/base/result.hpp"
#include "expplat/exposure/event.hpp"
#include "src/sinks/append_file.hpp"

namespace expplat::sinks {

inline constexpr std::uint64_t dead_letters_bytes = std::uint64_t{64}
                                                    << 20;  // of a file, of which there are two

class DeadLetters {
public:
    /// Opens the file to append to it; makes it where it is not there, for its owner's eyes alone. Errors: `io`.
    [[nodiscard]] static Result<std::unique_ptr<DeadLetters>> open(
        const std::string& path, std::uint64_t rotate_bytes = dead_letters_bytes);

    explicit DeadLetters(AppendFile file) : file_(std::move(file)) {}

    /// Notes an event; `write` puts what was noted into the file.
    void add(const exposure::Event& event, std::string_view reason, std::int64_t unix_ms);
    /// Errors: `io`; what could not be written is forgotten.
    Result<void> write();

private:
    AppendFile file_;
    std::string lines_;
};

}  // namespace expplat::sinks
