// `LogWriter`: lines of the log, taken from any thread and written by one.
//
// Who logs never waits for who reads: a line goes into a bounded queue, and where that is full it is dropped and counted.
// The descriptor (standard error, mostly) is written to when it takes something, so that a pipe which nobody reads keeps
// neither a request nor the end of the program waiting. Made by `main.cpp` before the program, and goes after it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace expplat::server::program {

class LogWriter {
public:
    static constexpr std::size_t bytes_queued = std::size_t{8} << 20;
    /// At the end, for what is queued.
    static constexpr std::chrono::milliseconds patience{1'000};

    /// `descriptor` stays the caller's.
    explicit LogWriter(int descriptor, std::size_t bytes = bytes_queued,
                       std::chrono::milliseconds at_the_end = patience);
    ~LogWriter();
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;

    /// `line` has no line end yet.
    void write(const std::string& line);
    /// Lines that were not written, for want of room or because writing failed.
    [[nodiscard]] std::uint64_t dropped() const;

private:
    void run();
    /// False where it cannot be written, or the end will not wait for it.
    [[nodiscard]] bool write_out(const std::string& text);
    [[nodiscard]] bool await_room();

    const int descriptor_;
    const std::size_t bytes_most_;
    const std::chrono::milliseconds at_the_end_;
    mutable std::mutex mutex_;  // guards all below
    std::condition_variable filled_;
    std::string queue_;        // whole lines
    std::uint64_t lines_ = 0;  // in it
    std::uint64_t dropped_ = 0;
    bool ends_ = false;
    std::chrono::steady_clock::time_point end_at_;  // once it ends
    std::thread thread_;
};

}  // namespace expplat::server::program
