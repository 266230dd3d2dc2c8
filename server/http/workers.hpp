// `Workers`: threads for what may wait, so that the listener's never do.
//
// A bounded queue before a fixed number of threads; what does not fit is refused at once, which is what a client that can
// come again wants to hear. Safe from many threads. What is queued when it ends is dropped, as it has nobody to answer, but for
// what was posted to be done all the same.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace expplat::server::http {

/// What becomes of a job that is still queued when the workers end.
enum class AtEnd : std::uint8_t { dropped, done };

class Workers {
public:
    using Job = std::function<void()>;
    static constexpr std::size_t queued_most = 2'000;

    /// What a job throws ends that job and nothing else: `fault` is told, on the worker's thread; it may be empty.
    explicit Workers(std::size_t threads, std::size_t queue = queued_most,
                     std::function<void(const std::string& what)> fault = {});
    ~Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    /// False where the queue is full; the job is then as it was.
    [[nodiscard]] bool post(Job& job, AtEnd at_end = AtEnd::dropped);
    [[nodiscard]] std::size_t queued() const;

private:
    struct Queued {
        Job job;
        AtEnd at_end = AtEnd::dropped;
    };
    void run();
    void perform(const Job& job) const noexcept;

    const std::size_t most_;
    const std::function<void(const std::string&)> fault_;
    mutable std::mutex mutex_;  // guards the queue
    std::condition_variable filled_;
    std::deque<Queued> queue_;
    bool ends_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace expplat::server::http
