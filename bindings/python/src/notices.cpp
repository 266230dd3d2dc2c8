#include "bindings/python/src/notices.hpp"

#include <memory>
#include <utility>

namespace expplat::python {

namespace {

Notices* current = new Notices;  // outlives every client, whatever the order of exit

/// What the callbacks are given. Each of the three has its own, as each is released by itself.
struct Listener {
    std::uint64_t client;
};

std::uint64_t client_of(void* user_data) noexcept { return static_cast<Listener*>(user_data)->client; }
void release(void* user_data) { delete static_cast<Listener*>(user_data); }

/// Runs `act`; a notice for which there is no memory is lost.
template <class Act>
void contained(Act&& act) noexcept {
    try {
        std::forward<Act>(act)();
    } catch (...) { return; }
}

void on_log(void* user_data, std::int32_t level, expplat_str line) {
    contained([&] {
        Notice notice;
        notice.client = client_of(user_data);
        notice.level = level;
        notice.text.assign(line.data, line.size);
        Notices::instance().add(std::move(notice));
    });
}

void on_status(void* user_data, const expplat_status* status) {
    contained([&] {
        Notice notice;
        notice.kind = Notice::Kind::status;
        notice.client = client_of(user_data);
        notice.status = *status;
        notice.environment.assign(status->environment.data, status->environment.size);
        notice.text.assign(status->error.data, status->error.size);
        notice.status.environment = notice.status.error = {nullptr, 0};
        Notices::instance().add(std::move(notice));
    });
}

void on_ruleset(void* user_data, const expplat_ruleset_change* change) {
    contained([&] {
        Notice notice;
        notice.kind = Notice::Kind::ruleset;
        notice.client = client_of(user_data);
        notice.version = change->version;
        notice.origin = change->origin;
        notice.everything = change->everything;
        for (std::size_t i = 0; i < change->key_count; ++i)
            notice.keys.emplace_back(change->keys[i].data, change->keys[i].size);
        Notices::instance().add(std::move(notice));
    });
}

}  // namespace

Notices& Notices::instance() noexcept { return *current; }

void Notices::renew() { current = new Notices; }  // the old one's mutex may be locked for ever

void Notices::add(Notice notice) {
    {
        const std::scoped_lock lock(mutex_);
        if (waiting_.size() >= most) {
            ++dropped_;
            return;
        }
        if (dropped_ > 0) {
            Notice lost;
            lost.client = notice.client;
            lost.level = EXPPLAT_LOG_WARNING;
            lost.text = std::to_string(std::exchange(dropped_, 0)) +
                        " lines and changes were not told: whoever listens is too slow";
            waiting_.push_back(std::move(lost));
        }
        waiting_.push_back(std::move(notice));
    }
    changed_.notify_one();
}

std::optional<Notice> Notices::take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
    if (waiting_.empty()) return std::nullopt;
    Notice notice = std::move(waiting_.front());
    waiting_.pop_front();
    return notice;
}

void Notices::stop() {
    {
        const std::scoped_lock lock(mutex_);
        stopped_ = true;
    }
    changed_.notify_all();
}

expplat_code listen(expplat_config* config, std::uint64_t client_number) {
    expplat_code code = expplat_config_on_log(config, on_log, new Listener{client_number}, release);
    if (code == EXPPLAT_OK)
        code = expplat_config_on_status(config, on_status, new Listener{client_number}, release);
    if (code == EXPPLAT_OK)
        code = expplat_config_on_ruleset(config, on_ruleset, new Listener{client_number}, release);
    return code;
}

}  // namespace expplat::python
