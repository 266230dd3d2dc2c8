#include "src/sync/follower.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace expplat::sync {

namespace {

constexpr std::int64_t most_wait_ms = 3'600'000;

}  // namespace

Follower::Follower(FollowerSettings settings, net::Transport& transport, Adopter adopter, std::uint32_t seed)
    : settings_(std::move(settings)),
      adopter_(std::move(adopter)),
      random_(seed),
      stream_(settings_, transport, adopter_),
      poller_(settings_, transport, adopter_) {}

void Follower::stop() noexcept {
    if (std::exchange(stopped_, true)) return;
    stream_.close();
    poller_.close();
    status_.state = FollowerState::stopped;
}

void Follower::forget() noexcept {
    stream_.forget();
    poller_.forget();
    stop();
}

std::int64_t Follower::step(std::int64_t now_ms, std::int64_t unix_ms) {
    if (stopped_) return most_wait_ms;
    if (!std::exchange(begun_, true)) {
        contact_at_ms_ = now_ms;
        polling_ = !settings_.streaming;
        (polling_ ? poll_due_ms_ : stream_due_ms_) = now_ms;
        if (std::string wrong = unusable(settings_); !wrong.empty()) {
            refused_ = true;
            trouble_ = std::move(wrong);
            stream_due_ms_ = poll_due_ms_ = never_ms;  // what is wrong with a setting stays wrong
            status_.contact = Contact::lost;
        }
    }
    stream_.step(now_ms);
    hear_stream(now_ms, unix_ms);
    hear_poll(now_ms, unix_ms);
    open_what_is_due(now_ms);
    judge_contact(now_ms);
    report();
    return stopped_ ? most_wait_ms : std::clamp<std::int64_t>(next_due_ms() - now_ms, 1, most_wait_ms);
}

// ---- what has come ----

void Follower::hear_stream(std::int64_t now_ms, std::int64_t unix_ms) {
    const Tidings tidings = stream_.take_tidings();
    take_refusals(tidings);
    if (tidings.adopted)
        stream_backoff_.reset();  // not where it only repeats itself: that may be all that it ever does
    if (tidings.delivered) {
        stream_proved_ = true;
        broken_ = 0;
        polling_ = false;
        refused_ = false;
        poll_due_ms_ = never_ms;
        poller_.close();
        trouble_.clear();
        status_.stream_error.clear();
    }
    if (tidings.current) resume_ = true;
    if (tidings.delivered || (tidings.heard && stream_proved_)) note_contact(now_ms, unix_ms);
    if (tidings.ending) end_stream(*tidings.ending, now_ms, unix_ms);
}

void Follower::end_stream(const Ending& ending, std::int64_t now_ms, std::int64_t unix_ms) {
    const bool delivered = std::exchange(stream_proved_, false);
    if (polling_) {  // it was a trial
        stream_due_ms_ = now_ms + about(stream_trial_interval_ms);
        status_.stream_error = ending.message;
        return;
    }
    trouble_ = ending.message;
    if (now_ms - opened_at_ms_ >= limits::stream_silence_ms && delivered) stream_backoff_.reset();
    if (status_.contact == Contact::unknown) status_.contact = Contact::lost;
    if (ending.kind == Ending::Kind::no_stream) return start_polling(ending.message, now_ms);
    if (ending.kind == Ending::Kind::not_followed) resume_ = false;
    if (!delivered && ending.reached && ++broken_ >= broken_streams)
        return start_polling(ending.message, now_ms);
    stream_due_ms_ = now_ms + wait_after(ending, stream_backoff_, stream_.retry_ms(), unix_ms);
}

void Follower::hear_poll(std::int64_t now_ms, std::int64_t unix_ms) {
    const Tidings tidings = poller_.take_tidings();
    take_refusals(tidings);
    if (!tidings.ending || !polling_) return;
    if (tidings.delivered) {
        trouble_.clear();
        refused_ = false;
        poll_backoff_.reset();
        note_contact(now_ms, unix_ms);
        poll_due_ms_ = now_ms + about(settings_.poll_interval_ms);
        // The way to the server has changed: streams may get through now.
        if (std::exchange(poll_failed_, false) && settings_.streaming) stream_due_ms_ = now_ms;
        return;
    }
    poll_failed_ = true;
    trouble_ = tidings.ending->message;
    if (status_.contact == Contact::unknown) status_.contact = Contact::lost;
    poll_due_ms_ = now_ms + wait_after(*tidings.ending, poll_backoff_, 0, unix_ms);
}

void Follower::take_refusals(const Tidings& tidings) {
    status_.refused += tidings.refused;
    if (!tidings.refusal.empty()) refusal_ = tidings.refusal;
    else if (tidings.current) refusal_.clear();
}

void Follower::note_contact(std::int64_t now_ms, std::int64_t unix_ms) {
    contact_at_ms_ = now_ms;
    status_.contact_at_ms = unix_ms;
    status_.contact = Contact::current;
}

void Follower::start_polling(std::string reason, std::int64_t now_ms) {
    polling_ = true;
    broken_ = 0;
    poll_failed_ = false;
    status_.stream_error = std::move(reason);
    poll_due_ms_ = now_ms;
    stream_due_ms_ = now_ms + about(stream_trial_interval_ms);
}

// ---- what is due ----

std::int64_t Follower::wait_after(const Ending& ending, net::Backoff& backoff, std::int64_t at_least_ms,
                                  std::int64_t unix_ms) {
    refused_ = ending.kind == Ending::Kind::refused;
    if (refused_) {
        std::uniform_int_distribution<std::int64_t> later(0, limits::unauthorized_retry_ms / 10);
        return limits::unauthorized_retry_ms + later(random_);
    }
    const std::int64_t asked_ms = net::parse_retry_after(ending.retry_after, unix_ms).value_or(0);
    return backoff.next_ms(random_, std::max(at_least_ms, asked_ms));
}

void Follower::open_what_is_due(std::int64_t now_ms) {
    if (!stream_.is_open() && stream_due_ms_ <= now_ms) {
        stream_due_ms_ = never_ms;
        opened_at_ms_ = now_ms;
        ++status_.connections;
        stream_.open(resume_ ? adopter_.version() : std::nullopt, now_ms);
    }
    if (!poller_.is_open() && poll_due_ms_ <= now_ms) {
        poll_due_ms_ = never_ms;
        ++status_.polls;
        poller_.ask();
    }
}

std::int64_t Follower::about(std::int64_t interval_ms) {
    std::uniform_int_distribution<std::int64_t> off(-interval_ms / 10, interval_ms / 10);
    return interval_ms + off(random_);
}

std::int64_t Follower::contact_limit_ms() const noexcept {
    return polling_ ? 2 * settings_.poll_interval_ms : limits::stream_silence_ms;
}

void Follower::judge_contact(std::int64_t now_ms) {
    if (status_.contact == Contact::current && now_ms - contact_at_ms_ > contact_limit_ms()) {
        status_.contact = Contact::lost;
    }
}

std::int64_t Follower::next_due_ms() const noexcept {
    std::int64_t due_ms = std::min(stream_due_ms_, poll_due_ms_);
    if (stream_.is_open()) due_ms = std::min(due_ms, stream_.due_ms());
    if (status_.contact == Contact::current)
        due_ms = std::min(due_ms, contact_at_ms_ + contact_limit_ms() + 1);
    return due_ms;
}

// ---- what is said ----

FollowerState Follower::state() const noexcept {
    if (refused_) return FollowerState::unauthorized;
    if (stream_proved_) return FollowerState::streaming;
    if (!trouble_.empty()) return FollowerState::backing_off;
    if (polling_ && status_.contact != Contact::unknown) return FollowerState::polling;
    return FollowerState::connecting;
}

void Follower::report() {
    if (stopped_) return;
    status_.state = state();
    status_.error = trouble_.empty() ? refusal_ : trouble_;
    const auto told = [](const FollowerStatus& status) {
        return std::tie(status.state, status.contact, status.error, status.stream_error, status.refused);
    };
    if (told(status_) == told(reported_)) return;
    reported_ = status_;
    if (on_change_) on_change_(reported_);
}

}  // namespace expplat::sync
