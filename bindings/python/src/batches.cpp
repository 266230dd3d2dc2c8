#include "bindings/python/src/batches.hpp"

#include <span>
#include <utility>

#include "src/sinks/event_json.hpp"

namespace expplat::python {

namespace {

Batches* current = new Batches;  // outlives every client, whatever the order of exit

}  // namespace

Batches& Batches::instance() noexcept { return *current; }

void Batches::renew() { current = new Batches; }  // the old one's mutex may be locked for ever

void Batches::add(Batch batch, exposure::Answer answer) {
    {
        const std::scoped_lock lock(mutex_);
        batch.number = ++last_;
        answers_.emplace(batch.number, std::move(answer));
        waiting_.push_back(std::move(batch));
    }
    changed_.notify_one();
}

std::optional<Batch> Batches::take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
    if (stopped_) return std::nullopt;
    Batch batch = std::move(waiting_.front());
    waiting_.pop_front();
    return batch;
}

void Batches::stop() {
    {
        const std::scoped_lock lock(mutex_);
        stopped_ = true;
    }
    changed_.notify_all();
}

bool Batches::is_stopped() {
    const std::scoped_lock lock(mutex_);
    return stopped_;
}

void Batches::answer(std::uint64_t number, exposure::Delivery delivery) {
    exposure::Answer answer;
    {
        const std::scoped_lock lock(mutex_);
        const auto found = answers_.find(number);
        if (found == answers_.end()) return;  // of the parent of this forked child
        answer = std::move(found->second);
        answers_.erase(found);
    }
    answer(std::move(delivery));
}

void deliver_to_python(expplat_config& config, std::uint64_t client_number) {
    config.deferred = [client_number](std::span<const exposure::Event> events, exposure::Answer answer) {
        Batch batch;
        batch.client = client_number;
        batch.events.reserve(events.size());
        for (const exposure::Event& event : events)
            sinks::append_event_json(batch.events.emplace_back(), event);
        Batches::instance().add(std::move(batch), std::move(answer));
    };
}

}  // namespace expplat::python
