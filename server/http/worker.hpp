// `Worker`: one of a listener's threads, with the connections that live on it; and `Service`, what the threads share.
//
// A connection belongs to one worker from its arrival to its end, and all its reading and writing is done there without a
// lock. Other threads reach it through the worker's inbox: one wake-up takes over all that lies in it, so that an event
// for thousands of streams costs no system call each. Internal: it includes Asio. Next: `connection.hpp`.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <ctime>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "server/http/listener.hpp"

struct ssl_ctx_st;

namespace expplat::server::http {

using Clock = std::chrono::steady_clock;

/// What all workers of a listener read, and what they count.
struct Service {
    ListenerSettings settings;
    Handler handler;
    std::shared_ptr<ssl_ctx_st> tls;
    std::chrono::milliseconds tick{0};  // between two looks at the connections' deadlines

    std::atomic<std::size_t> connections{0};
    std::atomic<std::size_t> refused{0};  // those that get 503, as long as they are open
    std::atomic<std::size_t> streams{0};
    std::atomic<bool> draining{false};
    std::mutex mutex;              // for `gone` alone
    std::condition_variable gone;  // the last connection went

    // A connection is counted when it is accepted, before its worker knows it: the limit holds exactly.
    void count_in(bool is_refused) noexcept { (is_refused ? refused : connections).fetch_add(1); }
    void count_out(bool is_refused) {
        {
            const std::lock_guard lock(mutex);
            (is_refused ? refused : connections).fetch_sub(1);
        }
        gone.notify_all();
    }
};

class Worker : public std::enable_shared_from_this<Worker> {
public:
    static constexpr std::size_t read_bytes = 32 * 1024;

    explicit Worker(std::shared_ptr<Service> service);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void start();
    /// Closes everything, and returns when the thread is gone.
    void finish();

    // From any thread; false once the worker has finished, and then nothing happens.
    bool post(std::function<void()> task);
    bool wake(std::shared_ptr<Stream::Connection> connection);

    /// The worker whose thread this is, or null.
    [[nodiscard]] static const Worker* current() noexcept;

    // From its own thread alone:
    void adopt(int descriptor, std::string remote, bool is_refused);
    void remove(Stream::Connection& connection);
    /// Closes what is idle, and gives every stream its own moment until `end`.
    void drain(Clock::time_point end);
    [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }
    [[nodiscard]] Service& service() noexcept { return *service_; }
    /// Lent to who reads or writes a head, until it returns.
    [[nodiscard]] std::span<char> read_buffer() noexcept { return buffer_; }
    [[nodiscard]] std::string& head_buffer() noexcept { return head_; }
    /// `Sun, 06 Nov 1994 08:49:37 GMT`, of now.
    [[nodiscard]] std::string_view date();
    [[nodiscard]] std::string make_id();
    [[nodiscard]] Clock::time_point drain_end() const noexcept { return drain_end_; }

private:
    void run();
    void take_inbox();
    bool put(std::function<void()>* task, std::shared_ptr<Stream::Connection>* connection);
    void schedule_tick();
    void look_at_deadlines();
    void close_all();

    const std::shared_ptr<Service> service_;
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>,
                                      boost::asio::io_context::executor_type>
        timer_;
    std::vector<std::shared_ptr<Stream::Connection>> connections_;
    std::chrono::milliseconds tick_;
    Clock::time_point drain_end_ = Clock::time_point::max();
    std::vector<char> buffer_;
    std::string head_;
    std::time_t date_second_ = -1;
    std::string date_;
    std::mt19937_64 random_;

    std::mutex mutex_;  // guards the four below
    std::vector<std::function<void()>> tasks_;
    std::vector<std::shared_ptr<Stream::Connection>> awake_;
    bool is_notified_ = false;
    bool is_finished_ = false;

    std::thread thread_;  // last: it uses all of the above
};

}  // namespace expplat::server::http
