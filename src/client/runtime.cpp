#include "src/client/runtime.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/stat.h>

#include "src/client/file_source.hpp"
#include "src/client/fork_registry.hpp"
#include "src/sinks/callback_sink.hpp"
#include "src/sinks/file_sink.hpp"

namespace expplat::runtime {

namespace {

/// How long the thread sleeps where nothing is due and nothing wakes it.
constexpr std::int64_t idle_ms = 1'000;

}  // namespace

Runtime::Runtime(Config config)
    : config_(std::move(config)),
      clock_(config_.clock != nullptr ? config_.clock : std::make_shared<const SystemClock>()),
      signal_(std::make_unique<Signal>()) {}

Result<std::unique_ptr<Runtime>> Runtime::open(Config config) {
    if (config.source.kind() == Source::Kind::none) {
        return Error{ErrorCode::invalid_argument,
                     "config.source is not set: use Source::file or Source::text"};
    }
    if (config.source.kind() == Source::Kind::server)
        return Error{ErrorCode::unsupported, "this build does not follow servers"};
    if (config.queue_events == 0 || config.batch_events == 0 || config.batch_age_ms <= 0) {
        return Error{ErrorCode::invalid_argument,
                     "queue_events, batch_events and batch_age_ms must be positive"};
    }
    epoch::prepare();
    std::unique_ptr<Runtime> runtime(new Runtime(std::move(config)));
    {
        std::unique_lock lock(runtime->writing_);
        const Result<void> adopted = runtime->config_.source.kind() == Source::Kind::file
                                         ? runtime->adopt_file(false)
                                         : runtime->adopt_text(runtime->config_.source.content());
        runtime->log_notes(lock);
        if (!adopted) return adopted.error();
    }
    if (const Result<void> recording = runtime->start_recording(); !recording) return recording.error();
    fork_registry::add(*runtime);
    runtime->start_thread();
    return runtime;
}

Runtime::~Runtime() {
    close();
    fork_registry::remove(*this);
}

// ---- the ruleset ----

Result<void> Runtime::reload() {
    if (config_.source.kind() != Source::Kind::file) return {};  // a text does not change
    std::unique_lock lock(writing_);
    Result<void> adopted = adopt_file(false);
    log_notes(lock);
    return adopted;
}

Runtime::FileStamp Runtime::stamp_of(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return {};
    return {std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec, status.st_size,
            status.st_ino};
}

Result<void> Runtime::adopt_file(bool only_if_changed) {
    const std::string& path = config_.source.content();
    const FileStamp stamp = stamp_of(path);
    if (only_if_changed && stamp == stamp_) return {};
    stamp_ = stamp;
    Result<image::Buffer> content = read_file(path, limits::image_bytes);
    if (!content) {
        ++refusals_;
        return content.error();
    }
    if (!is_image(*content)) {
        const Result<void> adopted =
            adopt_text({reinterpret_cast<const char*>(content->data()), content->size()});
        if (!adopted) return Error{adopted.error().code, path + ":\n" + adopted.error().message};
        return {};
    }
    Result<image::Image> image = image::Image::from_buffer(std::move(*content));
    if (!image) {
        ++refusals_;
        return Error{image.error().code, path + ": " + image.error().message};
    }
    const std::uint64_t unsupported = image->view().header().unsupported_count;
    publish(std::move(*image), unsupported);
    return {};
}

Result<void> Runtime::adopt_text(std::string_view json) {
    Result<ruleset::Compiled> compiled = workspace_.compile(json);
    if (!compiled) {
        ++refusals_;
        return compiled.error();
    }
    for (const std::string& pointer : compiled->unsupported) {
        notes_.emplace_back(LogLevel::warning,
                            "this library does not support " + pointer + ": it answers the caller's default");
    }
    publish(std::move(compiled->image), compiled->unsupported.size());
    return {};
}

void Runtime::publish(image::Image image, std::uint64_t unsupported) {
    const Published* const before = publication_.current();
    publication_.publish(new Published(publication_.counter(), std::move(image),
                                       before == nullptr ? nullptr : &before->table,
                                       Publication::next_serial()));
    ++adopted_;
    unsupported_ = unsupported;
    refused_.clear();
}

// ---- recording ----

Result<std::unique_ptr<Delivery>> Runtime::make_delivery() {
    std::unique_ptr<exposure::EventSink> sink;
    switch (config_.sink.kind()) {
        case Sink::Kind::none: return std::unique_ptr<Delivery>();
        case Sink::Kind::file: {
            const FileSettings& settings = config_.sink.file_settings();
            auto file = sinks::FileSink::open({settings.path, settings.rotate_bytes, settings.rotated_files});
            if (!file) return file.error();
            sink = std::move(*file);
            break;
        }
        case Sink::Kind::custom:
            if (!config_.sink.callback())
                return Error{ErrorCode::invalid_argument, "Sink::custom was given no function"};
            sink = std::make_unique<sinks::CallbackSink>(config_.sink.callback());
            break;
        case Sink::Kind::http:
        case Sink::Kind::kinesis: return Error{ErrorCode::unsupported, "this build has no network sinks"};
    }
    std::unique_ptr<sinks::Spool> spool;
    if (!config_.spool.empty()) {
        auto opened = sinks::Spool::open(config_.spool, config_.spool_bytes, clock_);
        if (!opened) return opened.error();
        spool = std::move(*opened);
    }
    std::unique_ptr<sinks::DeadLetters> dead_letters;
    if (!config_.dead_letters.empty()) {
        auto opened = sinks::DeadLetters::open(config_.dead_letters);
        if (!opened) return opened.error();
        dead_letters = std::move(*opened);
    }
    return std::make_unique<Delivery>(std::move(sink), recorder_->queue(), config_, clock_, std::move(spool),
                                      std::move(dead_letters));
}

Result<void> Runtime::start_recording() {
    Recorder::Limits limits;
    limits.queue_events = config_.queue_events;
    limits.wake_at_events = config_.batch_events;
    limits.dedupe_window_ms = config_.dedupe_window_ms;
    if (config_.sink.kind() == Sink::Kind::none) return {};
    recorder_ = std::make_unique<Recorder>(limits, config_.event_attributes, clock_);
    auto delivery = make_delivery();
    if (!delivery) return delivery.error();
    delivery_ = std::move(*delivery);
    recording_.store(recorder_.get(), std::memory_order_release);
    return {};
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
    const std::string_view environment = publication_.current()->view.environment();
    if (recorder->track(environment, event, user, value, properties)) wake();
}

/// The thread sends; who flushes asks it to, and waits.
bool Runtime::flush(std::chrono::milliseconds timeout) {
    if (delivery_ == nullptr) return true;
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    Signal& signal = *signal_;
    std::unique_lock lock(signal.mutex);
    ++signal.flushing;
    signal.wake = true;
    signal.changed.notify_one();
    const bool idle = signal.stepped.wait_until(lock, deadline, [&] { return delivery_->idle(); });
    --signal.flushing;
    return idle;
}

void Runtime::close() {
    if (closed_.exchange(true)) return;
    stop_thread();
    recording_.store(nullptr, std::memory_order_release);
    if (delivery_ == nullptr) return;
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(config_.shutdown_timeout_ms);
    delivery_->hurry();
    for (;;) {
        const std::int64_t wait_ms = delivery_->step(true);
        const auto left = deadline - std::chrono::steady_clock::now();
        if (delivery_->idle() || left <= std::chrono::milliseconds::zero()) break;
        std::this_thread::sleep_for(
            std::min<std::chrono::nanoseconds>(left, std::chrono::milliseconds(wait_ms)));
    }
    if (!delivery_->idle()) {
        log(LogLevel::warning, "events: not all could be sent before the shutdown's time was up");
    }
    delivery_->abandon();
}

Status Runtime::status() {
    const std::scoped_lock lock(writing_);
    Status status;
    status.state = State::ready;
    status.origin = config_.source.kind() == Source::Kind::file ? Origin::file : Origin::text;
    status.ruleset_version = publication_.current()->view.version();
    status.environment = publication_.current()->view.environment();
    status.unsupported = unsupported_;
    return status;
}

Stats Runtime::stats() {
    Stats stats;
    if (recorder_ != nullptr) {
        const Delivery::Counts counts = delivery_->counts();
        stats.adopted = counts.adopted;
        stats.deduplicated = recorder_->deduplicated();
        stats.acknowledged = counts.acknowledged;
        stats.spooled = counts.spooled;
        stats.dead_lettered = counts.dead_lettered;
        stats.dropped_queue_full = counts.totals.refused;
        stats.dropped_shutdown = counts.dropped_shutdown;
        stats.dropped_spool = counts.dropped_spool;
        stats.in_flight = counts.in_flight;
        stats.recorded = stats.deduplicated + counts.totals.accepted + counts.totals.refused;
        stats.batches = counts.batches;
        stats.failed_deliveries = counts.failed;
    }
    const std::scoped_lock lock(writing_);
    publication_.reclaim();
    const Published* const current = publication_.current();
    stats.ruleset_version = current->view.version();
    stats.image_bytes = current->view.size();
    stats.rulesets_adopted = adopted_;
    stats.rulesets_refused = refusals_;
    stats.unsupported_entities = unsupported_;
    stats.live_images = publication_.live();
    return stats;
}

void Runtime::log_notes(std::unique_lock<std::mutex>& writing) {
    const auto notes = std::exchange(notes_, {});
    writing.unlock();
    for (const auto& [level, line] : notes) log(level, line);
}

void Runtime::log(LogLevel level, std::string_view line) const {
    if (config_.logger) config_.logger(level, line);
}

// ---- the thread ----

void Runtime::start_thread() {
    if (delivery_ == nullptr && config_.source.watch_interval_ms() <= 0) return;
    watched_at_ms_ = clock_->steady_ms();
    thread_ = std::make_unique<std::thread>([this, generation = generation_.load()] { run(generation); });
}

void Runtime::stop_thread() {
    if (thread_ == nullptr) return;
    {
        const std::scoped_lock lock(signal_->mutex);
        signal_->stop = true;
    }
    signal_->changed.notify_all();
    thread_->join();
    thread_.reset();
}

void Runtime::wake() const noexcept {
    {
        const std::scoped_lock lock(signal_->mutex);
        signal_->wake = true;
    }
    signal_->changed.notify_one();
}

void Runtime::run(std::uint64_t generation) {
    for (;;) {
        bool everything = false;
        {
            const std::scoped_lock lock(signal_->mutex);
            everything = signal_->flushing > 0;
        }
        std::int64_t wait_ms = idle_ms;
        if (delivery_ != nullptr) wait_ms = std::min(delivery_->step(everything), wait_ms);
        if (generation != generation_.load()) return;  // the sink forked: the child has a thread of its own
        if (config_.source.watch_interval_ms() > 0) wait_ms = std::min(wait_ms, watch(clock_->steady_ms()));
        std::unique_lock lock(signal_->mutex);
        signal_->stepped.notify_all();
        signal_->changed.wait_for(lock, std::chrono::milliseconds(std::max<std::int64_t>(wait_ms, 1)),
                                  [this] { return signal_->wake || signal_->stop; });
        if (signal_->stop) return;
        signal_->wake = false;
    }
}

std::int64_t Runtime::watch(std::int64_t now_ms) {
    const std::int64_t interval_ms = config_.source.watch_interval_ms();
    const std::int64_t due_in_ms = watched_at_ms_ + interval_ms - now_ms;
    if (due_in_ms > 0) return due_in_ms;
    watched_at_ms_ = now_ms;
    std::unique_lock lock(writing_);
    publication_.reclaim();
    const Result<void> adopted = adopt_file(true);
    if (!adopted && adopted.error().message != refused_) {
        refused_ = adopted.error().message;
        notes_.emplace_back(LogLevel::error, "the ruleset was refused, the last good one stays: " + refused_);
    }
    log_notes(lock);
    return interval_ms;
}

// ---- fork ----

void Runtime::before_fork() noexcept {
    writing_.lock();
    if (recorder_ != nullptr) recorder_->queue().mutex().lock();
    signal_->mutex.lock();
}

void Runtime::after_fork_in_parent() noexcept {
    signal_->mutex.unlock();
    if (recorder_ != nullptr) recorder_->queue().mutex().unlock();
    writing_.unlock();
}

void Runtime::after_fork_in_child() noexcept {
    const bool had_thread = thread_ != nullptr;
    ++generation_;
    (void)thread_.release();  // that thread is the parent's: there is nothing here to join
    (void)signal_.release();  // and it may be waiting on this
    signal_ = std::make_unique<Signal>();
    if (delivery_ != nullptr) {
        recorder_->queue().clear();
        recorder_->reset_counts();
        recorder_->queue().mutex().unlock();
        delivery_->disown();
        (void)delivery_.release();  // the parent's thread may have been in the middle of it
        auto delivery = make_delivery();
        if (delivery) {
            delivery_ = std::move(*delivery);
        } else {
            recording_.store(nullptr, std::memory_order_release);
        }
    } else if (recorder_ != nullptr) {
        recorder_->queue().mutex().unlock();
    }
    writing_.unlock();
    if (had_thread) start_thread();
}

}  // namespace expplat::runtime
