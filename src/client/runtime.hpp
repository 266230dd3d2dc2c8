// `Runtime`: what is behind a `Client`: the current ruleset, the recorder, and one background thread.
//
// The thread runs only where there is something to do: a sink to deliver to, or a file to watch. After a fork the child
// has its own thread and starts with empty queues and counts; the parent is undisturbed. `client.cpp` has the answering
// functions; this file has everything that is not on their path.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "expplat/client.hpp"
#include "src/client/delivery.hpp"
#include "src/client/published.hpp"
#include "src/client/recorder.hpp"
#include "src/ruleset/workspace.hpp"

namespace expplat::runtime {

class Runtime {
public:
    /// Errors: those of `Client::open`.
    [[nodiscard]] static Result<std::unique_ptr<Runtime>> open(Config config);
    ~Runtime();
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;

    [[nodiscard]] const Publication& publication() const noexcept { return publication_; }
    /// Null where nothing is recorded.
    [[nodiscard]] Recorder* recorder() const noexcept { return recording_.load(std::memory_order_acquire); }
    void track(std::string_view event, const User& user, std::optional<double> value,
               std::string_view properties) noexcept;
    /// Wakes the thread.
    void wake() const noexcept;

    Result<void> reload();
    [[nodiscard]] bool flush(std::chrono::milliseconds timeout);
    void close();
    [[nodiscard]] Status status();
    [[nodiscard]] Stats stats();

    // Around a fork; called for every runtime of the process.
    void before_fork() noexcept;
    void after_fork_in_parent() noexcept;
    void after_fork_in_child() noexcept;

private:
    explicit Runtime(Config config);

    /// The file as it was read last, to see whether it changed.
    struct FileStamp {
        std::int64_t modified_ns = -1;
        std::int64_t size = -1;
        std::uint64_t inode = 0;
        friend bool operator==(const FileStamp&, const FileStamp&) = default;
    };

    [[nodiscard]] Result<void> start_recording();
    [[nodiscard]] Result<std::unique_ptr<Delivery>> make_delivery();
    [[nodiscard]] Result<void> adopt_file(bool only_if_changed);
    [[nodiscard]] Result<void> adopt_text(std::string_view json);
    void publish(image::Image image, std::uint64_t unsupported);
    [[nodiscard]] static FileStamp stamp_of(const std::string& path);
    void log(LogLevel level, std::string_view line) const;
    /// Lets `writing_` go and logs what was noted under it: a logger may ask the client.
    void log_notes(std::unique_lock<std::mutex>& writing);

    void start_thread();
    void stop_thread();
    void run(std::uint64_t generation);
    [[nodiscard]] std::int64_t watch(std::int64_t now_ms);

    /// What the thread waits on. Replaced in a forked child, where nobody waits on the old one any more.
    struct Signal {
        std::mutex mutex;  // guards the flags
        std::condition_variable changed;
        std::condition_variable stepped;  // for who flushes
        bool wake = false;
        bool stop = false;
        int flushing = 0;  // threads that want everything sent
    };

    Config config_;
    std::shared_ptr<const Clock> clock_;

    std::mutex writing_;  // guards the ruleset's side: the workspace, the stamp, publishing
    ruleset::Workspace workspace_{ruleset::Mode::tolerant};
    Publication publication_;
    FileStamp stamp_;
    std::string refused_;                                  // the last refusal of the watch, logged once
    std::vector<std::pair<LogLevel, std::string>> notes_;  // to be logged once `writing_` is let go
    std::uint64_t adopted_ = 0;
    std::uint64_t refusals_ = 0;
    std::uint64_t unsupported_ = 0;

    std::unique_ptr<Recorder> recorder_;
    std::unique_ptr<Delivery> delivery_;
    std::atomic<Recorder*> recording_{nullptr};

    std::unique_ptr<Signal> signal_;
    std::unique_ptr<std::thread> thread_;
    std::int64_t watched_at_ms_ = 0;            // the thread's own
    std::atomic<std::uint64_t> generation_{0};  // forks since the opening: a thread of another one has ended
    std::atomic<bool> closed_{false};
};

}  // namespace expplat::runtime
