#include "server/http/workers.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

namespace expplat::server::http {

Workers::Workers(std::size_t threads, std::size_t queue, std::function<void(const std::string&)> fault)
    : most_(queue), fault_(std::move(fault)) {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

Workers::~Workers() {
    std::deque<Queued> dropped;  // goes without the lock: what a job holds may do something when it goes
    {
        const std::scoped_lock lock(mutex_);
        ends_ = true;
        const auto first_dropped = std::stable_partition(
            queue_.begin(), queue_.end(), [](const Queued& queued) { return queued.at_end == AtEnd::done; });
        std::move(first_dropped, queue_.end(), std::back_inserter(dropped));
        queue_.erase(first_dropped, queue_.end());
    }
    filled_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

bool Workers::post(Job& job, AtEnd at_end) {
    {
        const std::scoped_lock lock(mutex_);
        if (ends_ || queue_.size() >= most_) return false;
        queue_.push_back({std::move(job), at_end});
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
        Job job = std::move(queue_.front().job);
        queue_.pop_front();
        lock.unlock();
        perform(job);
        job = nullptr;  // what it holds goes without the lock
        lock.lock();
    }
}

void Workers::perform(const Job& job) const noexcept {
    try {
        try {
            job();
        } catch (const std::exception& error) {
            if (fault_) fault_(error.what());
        } catch (...) {
            if (fault_) fault_("an unknown exception");
        }
    } catch (...) {  // no memory for a line: the next one may be luckier
    }
}

}  // namespace expplat::server::http
