#include "src/sinks/deferred_sink.hpp"

#if !defined(_WIN32)
#include <unistd.h>
#endif

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "src/sinks/prefix_report.hpp"

namespace expplat::sinks {

namespace {

std::int64_t process() noexcept {
#if defined(_WIN32)
    return 0;
#else
    return getpid();
#endif
}

}  // namespace

struct DeferredSink::Inbox {
    struct Answered {
        std::uint64_t number = 0;
        exposure::Delivery delivery;
    };

    const std::int64_t owner = process();
    std::mutex mutex;  // guards the rest
    std::vector<Answered> answers;
    Wake wake;  // empty once the sink is gone
};

/// What is behind an answer: heard once; where its last copy goes without a word, nothing was taken.
class DeferredSink::Reply {
public:
    Reply(std::shared_ptr<Inbox> inbox, std::uint64_t number) : inbox_(std::move(inbox)), number_(number) {}
    Reply(const Reply&) = delete;
    Reply& operator=(const Reply&) = delete;
    ~Reply() { give({0, 0, "the program's own sink forgot a batch"}); }

    void give(exposure::Delivery delivery) noexcept {
        if (given_.exchange(true) || inbox_->owner != process()) return;
        const std::scoped_lock lock(inbox_->mutex);
        if (!inbox_->wake) return;
        inbox_->answers.push_back({number_, std::move(delivery)});  // there is room: `send` has reserved it
        inbox_->wake();
    }

private:
    std::shared_ptr<Inbox> inbox_;
    std::uint64_t number_;
    std::atomic<bool> given_{false};
};

DeferredSink::DeferredSink(Callback callback, Wake wake)
    : callback_(std::move(callback)), inbox_(std::make_shared<Inbox>()) {
    inbox_->wake = std::move(wake);
}

DeferredSink::~DeferredSink() {
    const std::scoped_lock lock(inbox_->mutex);
    inbox_->wake = nullptr;
}

void DeferredSink::send(std::span<const exposure::Event> batch, Done done) {
    const std::uint64_t number = ++last_;
    under_way_.emplace(number, UnderWay{batch.size(), std::move(done)});
    {
        const std::scoped_lock lock(inbox_->mutex);
        inbox_->answers.reserve(under_way_.size());
    }
    const auto reply = std::make_shared<Reply>(inbox_, number);
    try {
        callback_(batch, [reply](exposure::Delivery delivery) { reply->give(std::move(delivery)); });
    } catch (...) { reply->give({0, 0, "the program's own sink threw an exception"}); }
}

void DeferredSink::collect() {
    std::vector<Inbox::Answered> answers;
    {
        const std::scoped_lock lock(inbox_->mutex);
        if (inbox_->answers.empty()) return;
        answers.swap(inbox_->answers);
        inbox_->answers.reserve(under_way_.size());
    }
    for (Inbox::Answered& answered : answers) {
        const auto found = under_way_.find(answered.number);
        if (found == under_way_.end()) continue;
        const UnderWay parcel = std::move(found->second);
        under_way_.erase(found);
        parcel.done(report_of(std::move(answered.delivery), parcel.events));
    }
}

}  // namespace expplat::sinks
