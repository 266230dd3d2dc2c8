#include "src/client/runtime.hpp"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "src/client/agent.hpp"
#include "src/client/fork_registry.hpp"
#include "src/ruleset/json.hpp"

namespace expplat::runtime {

namespace {

using SteadyClock = std::chrono::steady_clock;

Result<void> check(const Config& config) {
    if (config.source.kind() == Source::Kind::none) {
        return Error{ErrorCode::invalid_argument,
                     "config.source is not set: use Source::server, Source::file or Source::text"};
    }
    if (config.queue_events == 0 || config.batch_events == 0 || config.batch_age_ms <= 0) {
        return Error{ErrorCode::invalid_argument,
                     "queue_events, batch_events and batch_age_ms must be positive"};
    }
    if (!is_agent_name(config.sdk)) {
        return Error{ErrorCode::invalid_argument, "sdk must be 1 to " + std::to_string(limits::sdk_bytes) +
                                                      " letters, digits, `-`, `.` or `_`"};
    }
    return {};
}

std::shared_ptr<const Clock> clock_of(const Config& config, const std::shared_ptr<HostClock>& host_clock) {
    if (config.clock != nullptr) return config.clock;
    if (host_clock != nullptr) return host_clock;
    return std::make_shared<const SystemClock>();
}

}  // namespace

Runtime::Runtime(Config config)
    : config_(std::move(config)),
      host_clock_(config_.manual_poll && config_.clock == nullptr ? std::make_shared<HostClock>() : nullptr),
      clock_(clock_of(config_, host_clock_)),
      rules_(config_, clock_),
      turn_(std::make_unique<Turn>()) {}

Result<std::unique_ptr<Runtime>> Runtime::open(Config config) {
    if (const Result<void> checked = check(config); !checked) return checked.error();
    epoch::prepare();
    std::unique_ptr<Runtime> runtime(new Runtime(std::move(config)));
    if (const Result<void> opened = runtime->rules_.open(); !opened) return opened.error();
    if (runtime->config_.sink.kind() != Sink::Kind::none) {
        Recorder::Limits limits;
        limits.queue_events = runtime->config_.queue_events;
        limits.wake_at_events = runtime->config_.batch_events;
        limits.memory = runtime->config_.memory;
        limits.dedupe_window_ms = runtime->config_.dedupe_window_ms;
        try {
            runtime->recorder_ =
                std::make_unique<Recorder>(limits, runtime->config_.event_attributes, runtime->clock_);
        } catch (const std::bad_alloc&) {
            return Error{ErrorCode::too_large, "there is not enough memory for the queue of events"};
        }
        runtime->recording_.store(runtime->recorder_.get(), std::memory_order_release);
    }
    Result<std::unique_ptr<Loop>> loop =
        Loop::open(runtime->config_, runtime->rules_, runtime->recorder_.get(), runtime->clock_);
    if (!loop) return loop.error();
    runtime->loop_ = std::move(*loop);
    fork_registry::add(*runtime);
    runtime->start_thread();
    return runtime;
}

Runtime::~Runtime() {
    if (loop_ == nullptr) return;  // it was never opened
    close();
    fork_registry::remove(*this);
}

void Runtime::log(LogLevel level, std::string_view line) const {
    if (config_.logger) config_.logger(level, line);
}

void Runtime::track(std::string_view event, const User& user, std::optional<double> value,
                    std::string_view properties) noexcept {
    Recorder* const recorder = this->recorder();
    if (recorder == nullptr) return;
    std::string compact;  // a record is one line, whatever white space the caller wrote
    if (!properties.empty()) {
        const Result<ruleset::Document> parsed = ruleset::parse_json(properties, limits::user_bytes);
        if (parsed && parsed->root().kind() == ruleset::NodeKind::object) {
            compact = ruleset::to_json(parsed->root());
        } else {
            log(LogLevel::warning,
                "track: the properties of " + std::string(event) + " are no JSON object and were left out");
        }
        properties = compact;
    }
    const ReadGuard guard;
    const std::string_view environment = publication().current()->view.environment();
    if (recorder->track(environment, event, user, value, properties)) wake();
}

// ---- stepping ----

template <class IsDone>
bool Runtime::step_until(SteadyClock::time_point deadline, bool everything, IsDone&& done) {
    for (;;) {
        const std::int64_t wait_ms = loop_->step(everything);
        if (done()) return true;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
        if (left <= 0) return false;
        loop_->wait(std::clamp<std::int64_t>(wait_ms, 1, left));
    }
}

bool Runtime::flush(std::chrono::milliseconds timeout) {
    if (closed_.load(std::memory_order_relaxed)) return loop_->idle();
    const auto deadline = SteadyClock::now() + timeout;
    const auto is_settled = [this, mark = loop_->mark()] { return loop_->is_settled(mark); };
    if (thread_ == nullptr) return step_until(deadline, true, is_settled);
    std::unique_lock lock(turn_->mutex);
    ++turn_->flushes_wanted;
    wake();
    turn_->stepped.wait_until(lock, deadline, [&] { return turn_->stop.load() || is_settled(); });
    --turn_->flushes_wanted;
    return is_settled();
}

bool Runtime::wait_ready(std::chrono::milliseconds timeout) {
    if (thread_ != nullptr) return rules_.wait_ready(timeout);
    return step_until(SteadyClock::now() + timeout, false, [this] { return rules_.is_ready(); });
}

std::int64_t Runtime::poll(std::optional<SteadyClock::time_point> now) {
    if (!config_.manual_poll || closed_.load(std::memory_order_relaxed)) return limits::batch_age_ms;
    if (now.has_value() && host_clock_ != nullptr) host_clock_->set(*now);
    loop_->wait(0);
    const std::int64_t wait_ms = loop_->step(false);
    loop_->wait(0);
    return wait_ms;
}

void Runtime::close() {
    if (closed_.exchange(true)) return;
    stop_thread();
    recording_.store(nullptr, std::memory_order_release);
    loop_->hurry();
    if (!step_until(SteadyClock::now() + std::chrono::milliseconds(config_.shutdown_timeout_ms), true,
                    [this] { return loop_->idle(); })) {
        log(LogLevel::warning, "events: not all could be sent before the shutdown's time was up");
    }
    loop_->stop();
    rules_.close();
}

Stats Runtime::stats() {
    Stats stats;
    loop_->add_to(stats);
    rules_.add_to(stats);
    return stats;
}

// ---- the thread ----

void Runtime::start_thread() {
    if (config_.manual_poll || !loop_->has_work()) return;
    thread_ = std::make_unique<std::thread>([this, &loop = *loop_] { run(loop); });
}

void Runtime::stop_thread() {
    if (thread_ == nullptr) return;
    turn_->stop.store(true);
    wake();
    thread_->join();
    thread_.reset();
    turn_->stepped.notify_all();
}

void Runtime::run(Loop& loop) {
    Turn& turn =
        *turn_;  // this thread's own, also where a sink or a listener forked and the child has another
    bool everything = false;
    for (;;) {
        const std::int64_t wait_ms = loop.step(everything);
        if (turn.stop.load()) return;
        {
            const std::scoped_lock lock(turn.mutex);
            everything = turn.flushes_wanted > 0;
        }
        turn.stepped.notify_all();
        loop.wait(std::max<std::int64_t>(wait_ms, 1));
    }
}

// ---- fork ----

void Runtime::before_fork() noexcept {
    rules_.mutex().lock();
    if (recorder_ != nullptr) recorder_->queue().mutex().lock();
}

void Runtime::after_fork_in_parent() noexcept {
    if (recorder_ != nullptr) recorder_->queue().mutex().unlock();
    rules_.mutex().unlock();
}

void Runtime::after_fork_in_child() noexcept {
    if (recorder_ != nullptr) {
        recorder_->queue().clear();
        recorder_->reset_counts();
        recorder_->queue().mutex().unlock();
    }
    rules_.after_fork_in_child();
    rules_.mutex().unlock();
    (void)thread_.release();  // that thread is the parent's: there is nothing here to join
    turn_.release()->stop.store(
        true);  // should this thread be the one that steps the parent's loop, it ends there
    turn_ = std::make_unique<Turn>();
    Loop* const parents = loop_.release();  // in whatever state its thread left it: never destroyed
    parents->abandon_after_fork();
    loop_ = Loop::without_work(config_, rules_, clock_);
    if (closed_.load(std::memory_order_relaxed)) return;
    Result<std::unique_ptr<Loop>> loop = Loop::open(config_, rules_, recorder_.get(), clock_);
    if (!loop) {
        log(LogLevel::error, "after a fork: " + loop.error().message);
        recording_.store(nullptr, std::memory_order_release);
        return;
    }
    loop_ = std::move(*loop);
    start_thread();
}

}  // namespace expplat::runtime
