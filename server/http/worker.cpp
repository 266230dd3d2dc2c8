#include "server/http/worker.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cstdio>
#include <exception>
#include <utility>

#include "server/http/connection.hpp"

namespace expplat::server::http {

namespace {

thread_local const Worker* current_worker = nullptr;

/// Signals are the program's, and what OpenSSL writes to a closed socket raises none.
void block_signals() noexcept {
    sigset_t signals;
    sigfillset(&signals);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGPROF})
        sigdelset(&signals, fault);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

std::mt19937_64 seeded() {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device(), device(), device(), device(), device()};
    return std::mt19937_64(seed);
}

}  // namespace

Worker::Worker(std::shared_ptr<Service> service)
    : service_(std::move(service)),
      work_(context_.get_executor()),
      timer_(context_),
      tick_(service_->tick),
      buffer_(read_bytes),
      random_(seeded()) {}

Worker::~Worker() = default;

const Worker* Worker::current() noexcept { return current_worker; }

void Worker::start() {
    thread_ = std::thread([this] { run(); });
}

void Worker::run() {
    block_signals();
    current_worker = this;
    schedule_tick();
    context_.run();
    current_worker = nullptr;
}

void Worker::finish() {
    if (!thread_.joinable()) return;
    post([this] {
        close_all();
        timer_.cancel();
        work_.reset();
        {
            const std::lock_guard lock(mutex_);
            is_finished_ = true;
        }
        take_inbox();
    });
    thread_.join();
}

// --- the inbox --------------------------------------------------------------------------------------

bool Worker::put(std::function<void()>* task, std::shared_ptr<Stream::Connection>* connection) {
    {
        const std::lock_guard lock(mutex_);
        if (is_finished_) return false;
        if (task != nullptr) tasks_.push_back(std::move(*task));
        if (connection != nullptr) awake_.push_back(std::move(*connection));
        if (std::exchange(is_notified_, true)) return true;
    }
    boost::asio::post(context_, [this] { take_inbox(); });
    return true;
}

bool Worker::post(std::function<void()> task) { return put(&task, nullptr); }

bool Worker::wake(std::shared_ptr<Stream::Connection> connection) { return put(nullptr, &connection); }

void Worker::take_inbox() {
    std::vector<std::function<void()>> tasks;
    std::vector<std::shared_ptr<Stream::Connection>> awake;
    {
        const std::lock_guard lock(mutex_);
        tasks.swap(tasks_);
        awake.swap(awake_);
        is_notified_ = false;
    }
    for (const std::function<void()>& task : tasks) task();
    for (const std::shared_ptr<Stream::Connection>& connection : awake) connection->attend();
}

// --- the connections --------------------------------------------------------------------------------

void Worker::adopt(int descriptor, std::string remote, bool is_refused) {
    if (service_->draining.load()) {
        ::close(descriptor);
        service_->count_out(is_refused);
        return;
    }
    std::shared_ptr<Stream::Connection> connection;
    try {
        connection = std::make_shared<Stream::Connection>(shared_from_this(), descriptor, std::move(remote),
                                                          is_refused);
    } catch (const std::exception&) {  // no memory, or no room in the reactor; the descriptor is closed
        service_->count_out(is_refused);
        return;
    }
    connection->set_place(connections_.size());
    connections_.push_back(connection);
    connection->start();
}

void Worker::remove(Stream::Connection& connection) {
    const std::size_t place = connection.place();
    connections_[place].swap(connections_.back());
    connections_[place]->set_place(place);
    connections_.pop_back();
}

void Worker::schedule_tick() {
    timer_.expires_after(tick_);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        look_at_deadlines();
        bool is_finished = false;
        {
            const std::lock_guard lock(mutex_);
            is_finished = is_finished_;
        }
        if (!is_finished) schedule_tick();
    });
}

void Worker::look_at_deadlines() {
    const Clock::time_point now = Clock::now();
    for (std::size_t i = connections_.size();
         i-- > 0;) {  // from the end: who goes is replaced by one seen already
        if (i >= connections_.size() || !connections_[i]->is_due(now)) continue;
        const std::shared_ptr<Stream::Connection> due = connections_[i];
        due->on_due(now);
    }
}

void Worker::drain(Clock::time_point end) {
    const Clock::time_point now = Clock::now();
    drain_end_ = end;
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(end - now);
    tick_ = std::clamp(time / 50, std::chrono::milliseconds(2), tick_);
    std::vector<std::shared_ptr<Stream::Connection>> all = connections_;
    std::erase_if(all, [](const auto& connection) { return !connection->drain_if_idle(); });
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto share =
            (end - now) * static_cast<std::int64_t>(i + 1) / static_cast<std::int64_t>(all.size());
        all[i]->end_stream_at(now + share);
    }
    timer_.cancel();
    schedule_tick();
}

void Worker::close_all() {
    const std::vector<std::shared_ptr<Stream::Connection>> all = connections_;
    for (const std::shared_ptr<Stream::Connection>& connection : all) connection->close();
}

// --- what answers need ------------------------------------------------------------------------------

std::string_view Worker::date() {
    const std::time_t now = std::time(nullptr);
    if (now == date_second_) return date_;
    constexpr std::array<const char*, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm utc{};
    gmtime_r(&now, &utc);
    std::array<char, 64> text{};
    const int length = std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                     days[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                                     months[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900,
                                     utc.tm_hour, utc.tm_min, utc.tm_sec);
    date_.assign(text.data(), static_cast<std::size_t>(length));
    date_second_ = now;
    return date_;
}

std::string Worker::make_id() {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string id(32, '0');
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < id.size(); ++i) {
        if (i % 16 == 0) bits = random_();
        id[i] = digits[bits & 15u];
        bits >>= 4u;
    }
    return id;
}

}  // namespace expplat::server::http
