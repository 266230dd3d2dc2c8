// `Workers`: threads for what may wait, so that the listener's never do.
//
// A bounded queue before a fixed number of threads; what does not fit is refused at once, which is what a client that can
// come again wants to hear. Safe from many threads. What is queued when it ends is still done.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace expplat::server::http {

class Workers {
public:
    using Job = std::function<void()>;

    /// A job must not throw.
    explicit Workers(std::size_t threads, std::size_t queue = 2'000);
    ~Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    /// False where the queue is full; the job is then as it was.
    [[nodiscard]] bool post(Job& job);
    [[nodiscard]] std::size_t queued() const;

private:
    void run();

    const std::size_t most_;
    mutable std::mutex mutex_;  // guards the queue
    std::condition_variable filled_;
    std::deque<Job> queue_;
    bool ends_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace expplat::server::http
