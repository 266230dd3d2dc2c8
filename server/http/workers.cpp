#include "server/http/workers.hpp"

#include <utility>

namespace expplat::server::http {

Workers::Workers(std::size_t threads, std::size_t queue) : most_(queue) {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

Workers::~Workers() {
    {
        const std::scoped_lock lock(mutex_);
        ends_ = true;
    }
    filled_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

bool Workers::post(Job& job) {
    {
        const std::scoped_lock lock(mutex_);
        if (ends_ || queue_.size() >= most_) return false;
        queue_.push_back(std::move(job));
    }
    filled_.notify_one();
    return true;
}

std::size_t Workers::queued() const {
    const std::scoped_lock lock(mutex_);
    return queue_.size();
}

void Workers::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        filled_.wait(lock, [this] { return ends_ || !queue_.empty(); });
        if (queue_.empty()) return;
        const Job job = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        job();
        lock.lock();
    }
}

}  // namespace expplat::server::http
