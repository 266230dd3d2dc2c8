// `FileSink`: events as JSON lines at the end of a file.
//
// Made by the client for `Sink::file`. A batch is acknowledged once the operating system has all of it; a batch of which
// only a part could be written (a full disk) is offered again from the first event that is not whole. Not thread-safe: the
// client's loop calls it. Next: `append_file.hpp`, which writes and rotates.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>

#include "expplat/base/result.hpp"
#include "expplat/exposure/sink.hpp"
#include "src/sinks/append_file.hpp"

namespace expplat::sinks {

class FileSink final : public exposure::EventSink {
public:
    /// Errors: `io`.
    [[nodiscard]] static Result<std::unique_ptr<exposure::EventSink>> open(AppendFileSettings settings);

    explicit FileSink(AppendFile file) : file_(std::move(file)) {}
    void send(std::span<const exposure::Event> batch, Done done) override;

private:
    AppendFile file_;
    std::string text_;  // of one batch; kept for its memory
};

}  // namespace expplat::sinks
