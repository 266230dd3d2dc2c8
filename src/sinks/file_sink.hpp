// `FileSink`: events as JSON lines at the end of a file.
//
// Made by the client for `Sink::file`. A batch is acknowledged once the operating system has all of it; a batch of which
// only a part could be written (a full disk) is offered again from the first event that is not whole, after the torn line
// was cut off. Not thread-safe: the client calls it from one place at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "expplat/base/result.hpp"
#include "expplat/exposure/sink.hpp"
#include "src/sinks/event_json.hpp"
#include "src/sinks/prefix_report.hpp"

namespace expplat::sinks {

class FileSink final : public exposure::EventSink {
public:
    /// Opens the file to append to it; makes it where it is not there. Errors: `io`.
    [[nodiscard]] static Result<std::unique_ptr<exposure::EventSink>> open(const std::string& path,
                                                                           EventOrigin origin);
    ~FileSink() override;
    FileSink(const FileSink&) = delete;
    FileSink& operator=(const FileSink&) = delete;

    void send(std::span<const exposure::Event> batch, Done done) override;

private:
    [[nodiscard]] exposure::Delivery write(std::span<const exposure::Event> batch);

    FileSink(int descriptor, std::string path, EventOrigin origin)
        : descriptor_(descriptor), path_(std::move(path)), origin_(std::move(origin)) {}

    int descriptor_;
    std::string path_;
    EventOrigin origin_;
    std::string text_;  // of one batch; kept for its memory
};

}  // namespace expplat::sinks
