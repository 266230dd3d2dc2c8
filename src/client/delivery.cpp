#include "src/client/delivery.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

#include "expplat/base/limits.hpp"
#include "src/client/agent.hpp"

namespace expplat::runtime {

namespace {

constexpr std::int64_t once_a_minute_ms = 60'000;
constexpr std::int64_t once_a_second_ms = 1'000;
// Batches of one step, so that the loop comes to its other work; with a spool each may wait for the disk.
constexpr int moves_a_step = 64;
constexpr int spooled_moves_a_step = 16;
constexpr int adoptions_a_step = 4;  // segments read and counted, of at most a batch each

std::mt19937_64 seeded() {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
}

}  // namespace

Delivery::Delivery(std::unique_ptr<exposure::EventSink> sink, exposure::EventQueue& queue,
                   const Config& config, std::shared_ptr<const Clock> clock,
                   std::unique_ptr<sinks::Spool> spool, std::unique_ptr<sinks::DeadLetters> dead_letters)
    : queue_(queue),
      clock_(std::move(clock)),
      logger_(config.logger),
      project_(config.project),
      sdk_(agent_of(config)),
      batch_events_(config.batch_events),
      batch_age_ms_(config.batch_age_ms),
      batcher_(config.batch_events, config.batch_age_ms),
      random_(seeded()),
      spool_(std::move(spool)),
      dead_letters_(std::move(dead_letters)),
      sink_(std::move(sink)),
      adopting_(spool_ != nullptr && spool_->has_adopted()),
      unsettled_(adopting_ ? 0 : 1) {}

std::int64_t Delivery::step(bool everything) {
    if (sink_ == nullptr || disowned_) return batch_age_ms_;
    log_overflow();
    count_adopted();
    settle_answers();
    const int moves = spool_ == nullptr ? moves_a_step : spooled_moves_a_step;
    for (int move = 0; move < moves && !disowned_; ++move) {
        const std::int64_t now_ms = clock_->steady_ms();
        bool moved = take_due(everything, now_ms);
        moved |= send_ready(now_ms);
        if (disowned_) return batch_age_ms_;  // the sink forked, and this is the child
        moved |= settle_answers();
        if (!moved) {
            if (everything) note_settled();
            return wait_ms(everything, now_ms);
        }
    }
    if (everything) note_settled();
    return 1;
}

void Delivery::hurry() noexcept {
    outage_.hurry();
    spool_retry_at_ms_ = 0;
    for (Parcel& parcel : parcels_) parcel.retry_at_ms = 0;
}

// ---- from the queue ----

std::size_t Delivery::free_slots() const noexcept {
    return limits::batches_under_way - std::min(limits::batches_under_way, parcels_.size());
}

/// One batch, where one is due and has somewhere to go: to the spool, or right to the sink. Else events stay in the queue,
/// which is bounded.
bool Delivery::take_due(bool everything, std::int64_t now_ms) {
    const std::size_t queued = queue_.size();
    const exposure::Batcher::Action action = batcher_.next(queued, now_ms, queue_.bytes());
    store_parcels(now_ms);
    if (queued == 0 || (!action.send && !everything)) return false;
    const bool sendable = free_slots() > 0 && outage_.may_send(now_ms);
    const bool spoolable = can_spool(now_ms);
    if (!sendable && !spoolable) return false;
    Parcel parcel;
    take(parcel);
    if (parcel.batch.size() == 0) return false;
    if (spoolable && store(parcel) && (!sendable || !stored_.empty())) {
        stored_.emplace(std::move(parcel.segment), Stored{parcel.batch.size(), parcel.first});
        return true;
    }
    parcels_.push_back(std::move(parcel));
    return true;
}

void Delivery::take(Parcel& parcel) {
    {
        const std::scoped_lock lock(mutex_);
        queue_.take(parcel.batch, batch_events_, limits::batch_bytes,
                    [this](std::int64_t time_ms) { return make_id(time_ms); });
        unspooled_ += parcel.batch.size();
    }
    parcel.first = next_;
    next_ += parcel.batch.size();
    batcher_.took(parcel.batch.size());
    for (exposure::Event& event : parcel.batch.events) {
        event.project = project_;
        event.sdk = sdk_;
    }
}

// ---- the spool ----

bool Delivery::can_spool(std::int64_t now_ms) const noexcept {
    return spool_ != nullptr && now_ms >= spool_retry_at_ms_;
}

/// Writes a parcel to disk. False: it stays in memory alone, and so do the next ones for a while.
bool Delivery::store(Parcel& parcel) {
    Result<std::string> segment = spool_->store(parcel.batch.events);
    if (!segment) {
        spool_retry_at_ms_ = clock_->steady_ms() + spool_retry_ms;
        const bool is_full = segment.error().code == ErrorCode::too_large;
        const std::string why = is_full ? std::string("the spool is full") : segment.error().message;
        log_failure(why, why + "; events stay in memory until there is room", once_a_minute_ms);
        return false;
    }
    parcel.segment = std::move(*segment);
    const std::scoped_lock lock(mutex_);
    unspooled_ -= parcel.batch.size();
    counts_.spooled += parcel.batch.size();
    return true;
}

/// What had to stay in memory goes to disk once that works again.
void Delivery::store_parcels(std::int64_t now_ms) {
    for (Parcel& parcel : parcels_) {
        if (!can_spool(now_ms)) return;
        if (parcel.segment.empty() && !store(parcel)) return;
    }
}

/// Events of processes that died: they count from when they were read whole.
void Delivery::count_adopted() {
    for (int i = 0; i < adoptions_a_step && spool_ != nullptr; ++i) {
        const std::optional<std::string> segment = spool_->next_adopted();
        if (!segment) break;
        exposure::Batch batch;
        const Result<std::size_t> damaged = spool_->load(*segment, batch);
        if (!damaged) {
            log_failure("adopting", damaged.error().message, once_a_second_ms);
            continue;
        }
        if (*damaged > 0) {
            log_failure("damaged",
                        "spool: " + *segment + " has damaged records, which are lost; " +
                            std::to_string(batch.size()) + " are whole",
                        once_a_second_ms);
        }
        if (batch.size() == 0) {
            spool_->remove(*segment);
            continue;
        }
        stored_.emplace(*segment, Stored{batch.size(), 0});
        const std::scoped_lock lock(mutex_);
        counts_.adopted += batch.size();
        counts_.spooled += batch.size();
    }
    const std::scoped_lock lock(mutex_);
    adopting_ = spool_ != nullptr && spool_->has_adopted();
}

/// The oldest batch that is on disk alone. False: there was nothing left of it.
bool Delivery::load_oldest(Parcel& parcel) {
    const auto oldest = stored_.begin();
    const std::string segment = oldest->first;
    const std::uint64_t events = oldest->second.events;
    parcel.first = oldest->second.first;
    stored_.erase(oldest);
    const Result<std::size_t> damaged = spool_->load(segment, parcel.batch);
    const std::uint64_t whole = damaged ? std::min<std::uint64_t>(parcel.batch.size(), events) : 0;
    if (whole < events) {
        forget(segment, events - whole, damaged ? "damaged records" : damaged.error().message);
    }
    if (whole == 0) {
        spool_->remove(segment);
        return false;
    }
    parcel.batch.events.resize(whole);
    for (exposure::Event& event : parcel.batch.events) event.sdk = sdk_;
    parcel.segment = segment;
    return true;
}

void Delivery::forget(const std::string& segment, std::uint64_t events, std::string_view why) {
    {
        const std::scoped_lock lock(mutex_);
        counts_.spooled -= events;
        counts_.dropped_spool += events;
    }
    log_failure("reading back",
                "spool: " + std::to_string(events) + " events of " + segment +
                    " could not be read back: " + std::string(why),
                once_a_second_ms);
}

// ---- to the sink ----

/// Hands over one parcel: what is to be offered again first, then what is on disk.
bool Delivery::send_ready(std::int64_t now_ms) {
    if (!outage_.may_send(now_ms)) return false;
    const auto is_sent = [](const Parcel& parcel) { return parcel.answer != nullptr; };
    const auto sent = static_cast<std::size_t>(std::count_if(parcels_.begin(), parcels_.end(), is_sent));
    if (sent >= limits::batches_under_way) return false;
    const auto ready = std::find_if(parcels_.begin(), parcels_.end(), [&](const Parcel& parcel) {
        return !is_sent(parcel) && parcel.retry_at_ms <= now_ms;
    });
    if (ready != parcels_.end()) {
        send(*ready);
        return true;
    }
    if (stored_.empty() || free_slots() == 0) return false;
    Parcel parcel;
    if (!load_oldest(parcel)) return true;
    parcels_.push_back(std::move(parcel));
    send(parcels_.back());
    return true;
}

void Delivery::send(Parcel& parcel) {
    if (disowned_) return;  // a logger forked
    parcel.answer = std::make_shared<Answer>();
    parcel.outage = outage_.sent();
    {
        const std::scoped_lock lock(mutex_);
        ++counts_.batches;
    }
    sink_->send(parcel.batch.events, [answer = parcel.answer](exposure::Report report) {
        if (std::exchange(answer->given, true)) return;
        answer->report = std::move(report);
    });
}

bool Delivery::settle_answers() {
    bool any = false;
    sink_->collect();
    for (auto parcel = parcels_.begin(); parcel != parcels_.end();) {
        const auto next = std::next(parcel);
        if (parcel->answer != nullptr && parcel->answer->given) {
            const std::shared_ptr<Answer> answer = std::exchange(parcel->answer, nullptr);
            settle(parcel, answer->report);
            any = true;
        }
        parcel = next;
    }
    return any;
}

/// A report is believed only for what it can be true of: indexes past the end are nothing, and what is both rejected and to
/// be offered again is offered again.
void Delivery::settle(Parcels::iterator parcel, const exposure::Report& report) {
    std::vector<exposure::Event>& events = parcel->batch.events;
    fates_.assign(events.size(), Fate::acknowledged);
    for (const exposure::Report::Rejected& rejected : report.rejected) {
        if (rejected.index < events.size()) fates_[rejected.index] = Fate::rejected;
    }
    for (const std::size_t index : report.retry) {
        if (index < events.size()) fates_[index] = Fate::retry;
    }
    bury(*parcel, report);
    const auto count = [this](Fate fate) {
        return static_cast<std::uint64_t>(std::count(fates_.begin(), fates_.end(), fate));
    };
    const std::uint64_t retries = count(Fate::retry);
    const std::uint64_t settled = events.size() - retries;
    {
        const std::scoped_lock lock(mutex_);
        counts_.acknowledged += count(Fate::acknowledged);
        counts_.dead_lettered += count(Fate::rejected);
        (parcel->segment.empty() ? unspooled_ : counts_.spooled) -= settled;
        if (retries > 0) ++counts_.failed;
    }
    if (!report.message.empty()) log_failure(report.message, report.message, once_a_second_ms);
    back_off(*parcel, settled > 0, retries > 0 ? report.retry_after_ms : 0);
    if (retries == 0) {
        if (!parcel->segment.empty()) spool_->remove(parcel->segment);
        parcels_.erase(parcel);
        return;
    }
    std::size_t index = 0;
    std::erase_if(events, [&](const exposure::Event&) { return fates_[index++] != Fate::retry; });
}

/// Rejected events, with their reasons, to the dead letters.
void Delivery::bury(const Parcel& parcel, const exposure::Report& report) {
    if (dead_letters_ == nullptr) return;
    for (const exposure::Report::Rejected& rejected : report.rejected) {
        if (rejected.index >= fates_.size() || fates_[rejected.index] != Fate::rejected) continue;
        dead_letters_->add(parcel.batch.events[rejected.index], rejected.reason, clock_->unix_ms());
    }
    if (const Result<void> written = dead_letters_->write(); !written)
        log_failure("dead letters", written.error().message, once_a_second_ms);
}

/// A receiver that took a part is there, and only this parcel waits; one that took nothing is left alone by all. Never
/// for less than a millisecond: one step offers an event once.
void Delivery::back_off(Parcel& parcel, bool something_taken, std::int64_t retry_after_ms) {
    const std::int64_t now_ms = clock_->steady_ms();
    const std::int64_t asked_ms = std::clamp<std::int64_t>(retry_after_ms, 0, net::retry_after_most_ms);
    if (something_taken) {
        outage_.ended();
        parcel.retry_at_ms = now_ms + std::max<std::int64_t>(1, parcel.backoff.next_ms(random_, asked_ms));
    } else {
        outage_.failed(parcel.outage, now_ms, asked_ms, random_);
        parcel.retry_at_ms = 0;  // the outage makes it wait
    }
}

// ---- waiting, ending, counting ----

std::int64_t Delivery::wait_ms(bool everything, std::int64_t now_ms) {
    if (spool_ != nullptr && spool_->has_adopted()) return 1;
    std::int64_t wait_ms = batch_age_ms_;
    const std::size_t queued = queue_.size();
    const exposure::Batcher::Action action = batcher_.next(queued, now_ms, queue_.bytes());
    const bool due = queued > 0 && (action.send || everything);
    if (!due) wait_ms = std::min(wait_ms, action.wait_ms);
    bool waiting = (due || !stored_.empty()) && free_slots() > 0;
    std::int64_t retry_ms = waiting ? 0 : batch_age_ms_;
    for (const Parcel& parcel : parcels_) {
        if (parcel.answer != nullptr) continue;
        waiting = true;
        retry_ms = std::min(retry_ms, parcel.retry_at_ms - now_ms);
    }
    if (waiting) wait_ms = std::min(wait_ms, std::max(retry_ms, outage_.wait_ms(now_ms)));
    if (due && spool_ != nullptr) wait_ms = std::min(wait_ms, spool_retry_at_ms_ - now_ms);
    return std::max<std::int64_t>(wait_ms, 1);
}

bool Delivery::idle() const {
    const std::scoped_lock lock(mutex_);
    return abandoned_ || (unspooled_ == 0 && counts_.spooled == 0 && !adopting_ && queue_.size() == 0);
}

void Delivery::note_settled() {
    std::uint64_t first = next_;
    for (const Parcel& parcel : parcels_) first = std::min(first, parcel.first);
    for (const auto& [segment, stored] : stored_) first = std::min(first, stored.first);
    const std::scoped_lock lock(mutex_);
    unsettled_ = first;
}

bool Delivery::is_settled(std::uint64_t mark) const {
    const std::scoped_lock lock(mutex_);
    return abandoned_ || (!adopting_ && unsettled_ > mark);
}

void Delivery::abandon() {
    if (sink_ == nullptr || disowned_) return;
    settle_answers();
    sink_.reset();
    spool_retry_at_ms_ = 0;
    store_parcels(clock_->steady_ms());
    while (queue_.size() > 0 && can_spool(clock_->steady_ms())) {
        Parcel parcel;
        take(parcel);
        if (!store(parcel)) break;
    }
    spool_.reset();
    const std::scoped_lock lock(mutex_);
    adopting_ = false;
    abandoned_ = true;
}

/// In flight is what has no other fate: it is in the queue, or in a parcel of `unspooled_` events.
Delivery::Counts Delivery::counts() const {
    const std::scoped_lock lock(mutex_);
    Counts counts = counts_;
    counts.totals = queue_.totals();
    const std::uint64_t left = counts.totals.accepted + counts.adopted - counts.acknowledged -
                               counts.spooled - counts.dead_lettered - counts.dropped_spool;
    (abandoned_ ? counts.dropped_shutdown : counts.in_flight) = left;
    return counts;
}

void Delivery::disown() noexcept {
    disowned_ = true;
    if (spool_ != nullptr) spool_->disown();
}

// ---- words and ids ----

void Delivery::log(LogLevel level, const std::string& line) const {
    if (logger_) logger_(level, "events: " + line);
}

void Delivery::log_failure(std::string_view kind, const std::string& line, std::int64_t interval_ms) {
    if (seldom_.passes(kind, clock_->steady_ms(), interval_ms)) log(LogLevel::warning, line);
}

/// What a full queue dropped is logged once a minute.
void Delivery::log_overflow() {
    const std::uint64_t refused = queue_.totals().refused;
    const std::int64_t now_ms = clock_->steady_ms();
    if (refused == logged_refused_ ||
        (logged_refused_ > 0 && now_ms - overflow_logged_at_ms_ < once_a_minute_ms))
        return;
    log(LogLevel::warning, "the queue was full, " + std::to_string(refused - logged_refused_) +
                               " more were dropped, " + std::to_string(refused) + " in all");
    logged_refused_ = refused;
    overflow_logged_at_ms_ = now_ms;
}

/// UUIDv7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then random.
exposure::EventId Delivery::make_id(std::int64_t time_ms) {
    exposure::EventId id;
    const auto time = static_cast<std::uint64_t>(time_ms);
    const std::uint64_t words[2] = {random_(), random_()};
    for (std::size_t i = 0; i < 6; ++i) id[i] = static_cast<std::uint8_t>(time >> (40 - 8 * i));
    for (std::size_t i = 6; i < 16; ++i) id[i] = static_cast<std::uint8_t>(words[i / 8] >> (8 * (i % 8)));
    id[6] = static_cast<std::uint8_t>((id[6] & 0x0F) | 0x70);
    id[8] = static_cast<std::uint8_t>((id[8] & 0x3F) | 0x80);
    return id;
}

}  // namespace expplat::runtime
