// `Runtime`: what is behind a `Client`: the rules, the recorder, the loop, and the thread that steps it.
//
// The thread runs only where there is something to do and the program does not poll itself. After a fork the child has its
// own loop and thread and starts with empty queues and counts; the parent is undisturbed. `client.cpp` has the answering
// functions; this file has everything that is not on their path. Next: `rules.hpp`, `loop.hpp`.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>

#include "expplat/client.hpp"
#include "src/client/host_clock.hpp"
#include "src/client/loop.hpp"
#include "src/client/recorder.hpp"
#include "src/client/rules.hpp"

namespace expplat::runtime {

class Runtime {
public:
    /// Errors: those of `Client::open`.
    [[nodiscard]] static Result<std::unique_ptr<Runtime>> open(Config config);
    ~Runtime();
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;

    [[nodiscard]] const Publication& publication() const noexcept { return rules_.publication(); }
    /// Null where nothing is recorded.
    [[nodiscard]] Recorder* recorder() const noexcept { return recording_.load(std::memory_order_acquire); }
    void track(std::string_view event, const User& user, std::optional<double> value,
               std::string_view properties) noexcept;
    /// Wakes the thread.
    void wake() const noexcept { loop_->wake(); }

    Result<void> reload() { return rules_.reload(); }
    [[nodiscard]] bool wait_ready(std::chrono::milliseconds timeout);
    [[nodiscard]] bool flush(std::chrono::milliseconds timeout);
    std::int64_t poll(std::optional<std::chrono::steady_clock::time_point> now);
    void close();
    [[nodiscard]] Status status() const { return rules_.status(); }
    [[nodiscard]] Stats stats();

    // Around a fork; called for every runtime of the process.
    void before_fork() noexcept;
    void after_fork_in_parent() noexcept;
    void after_fork_in_child() noexcept;

private:
    explicit Runtime(Config config);
    void log(LogLevel level, std::string_view line) const;

    void start_thread();
    void stop_thread();
    void run(Loop& loop);
    /// Steps the loop on this thread until `done` or the deadline. True where it was done.
    template <class IsDone>
    bool step_until(std::chrono::steady_clock::time_point deadline, bool everything, IsDone&& done);

    /// What the thread and those who wait for it share. Replaced in a forked child, where nobody waits on the old one.
    struct Turn {
        std::mutex mutex;  // guards `flushes_wanted`
        std::condition_variable stepped;
        std::uint64_t flushes_wanted = 0;
        std::atomic<bool> stop{false};
    };

    const Config config_;
    std::shared_ptr<HostClock> host_clock_;  // where the program polls and gave no clock of its own
    std::shared_ptr<const Clock> clock_;
    Rules rules_;
    std::unique_ptr<Recorder> recorder_;
    std::atomic<Recorder*> recording_{nullptr};

    std::unique_ptr<Loop> loop_;
    std::unique_ptr<Turn> turn_;
    std::unique_ptr<std::thread> thread_;
    std::atomic<bool> closed_{false};
};

}  // namespace expplat::runtime
