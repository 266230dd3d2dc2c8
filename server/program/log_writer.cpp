#include "server/program/log_writer.hpp"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace expplat::server::program {

namespace {

using Clock = std::chrono::steady_clock;

/// How long a descriptor that takes nothing is waited for before the end is looked at.
constexpr int look_ms = 100;

}  // namespace

LogWriter::LogWriter(int descriptor, std::size_t bytes, std::chrono::milliseconds at_the_end)
    : descriptor_(descriptor), bytes_most_(bytes), at_the_end_(at_the_end), thread_([this] { run(); }) {}

LogWriter::~LogWriter() {
    {
        const std::scoped_lock lock(mutex_);
        ends_ = true;
        end_at_ = Clock::now() + at_the_end_;
    }
    filled_.notify_all();
    thread_.join();
}

void LogWriter::write(const std::string& line) {
    {
        const std::scoped_lock lock(mutex_);
        if (queue_.size() + line.size() + 1 > bytes_most_) {
            ++dropped_;
            return;
        }
        queue_ += line;
        queue_ += '\n';
        if (++lines_ > 1) return;  // it is woken already
    }
    filled_.notify_one();
}

std::uint64_t LogWriter::dropped() const {
    const std::scoped_lock lock(mutex_);
    return dropped_;
}

void LogWriter::run() {
    std::string text;
    std::unique_lock lock(mutex_);
    for (;;) {
        filled_.wait(lock, [this] { return ends_ || lines_ > 0; });
        if (lines_ == 0) return;
        text.clear();
        text.swap(queue_);
        const std::uint64_t lines = std::exchange(lines_, 0);
        lock.unlock();
        const bool is_written = write_out(text);
        lock.lock();
        if (!is_written) dropped_ += lines;
    }
}

bool LogWriter::write_out(const std::string& text) {
    for (std::size_t at = 0; at < text.size();) {
        if (!await_room()) return false;
        // A pipe that takes anything takes so much without waiting (POSIX, `write` and PIPE_BUF).
        const ssize_t written =
            ::write(descriptor_, text.data() + at, std::min<std::size_t>(text.size() - at, PIPE_BUF));
        if (written > 0) at += static_cast<std::size_t>(written);
        else if (written < 0 && errno != EINTR && errno != EAGAIN) return false;
    }
    return true;
}

bool LogWriter::await_room() {
    for (;;) {
        pollfd wanted{descriptor_, POLLOUT, 0};
        const int ready = ::poll(&wanted, 1, look_ms);
        if (ready > 0) return (wanted.revents & POLLOUT) != 0;
        if (ready < 0 && errno != EINTR) return false;
        const std::scoped_lock lock(mutex_);
        if (ends_ && Clock::now() >= end_at_) return false;
    }
}

}  // namespace expplat::server::program
