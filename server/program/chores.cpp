#include "server/program/chores.hpp"

#include <chrono>
#include <exception>

#include "server/domain/bounds.hpp"
#include "server/domain/tables/events.hpp"
#include "server/domain/tables/rulesets.hpp"

namespace expplat::server::program {
namespace {

constexpr std::chrono::seconds tick_interval{1};
constexpr unsigned ticks_between_sweeps = 600;

}  // namespace

Chores::~Chores() {
    {
        const std::scoped_lock lock(mutex_);
        ends_ = true;
    }
    ending_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Chores::start() {
    thread_ = std::thread([this] { run(); });
}

void Chores::run() {
    std::unique_lock lock(mutex_);
    while (!ending_.wait_for(lock, tick_interval, [this] { return ends_; })) {
        lock.unlock();
        try {
            tick();
        } catch (const std::exception& error) {  // no memory, say: the next time may be better
            with_.log(std::string("chores: ") + error.what());
        }
        lock.lock();
    }
}

bool Chores::ends() {
    const std::scoped_lock lock(mutex_);
    return ends_;
}

void Chores::tick() {
    run_schedules();
    if (until_sweep_ > 0) {
        --until_sweep_;
        return;
    }
    until_sweep_ = ticks_between_sweeps;
    if (const auto expired = with_.idempotency.expire(); !expired) with_.log(expired.problem().detail);
    remove_old_events();
    remove_ended();
}

void Chores::run_schedules() {
    const auto run = with_.schedules.run_due();
    if (!run) {
        with_.log("schedules: " + run.problem().detail);
        return;
    }
    // Others look for themselves within the publisher's interval.
    if (run->applied > 0) (void)with_.publisher.publish_now();
}

void Chores::remove_old_events() {
    (void)remove("events", [&] {
        return with_.store.write([&](domain::Transaction& t) {
            return domain::tables::remove_events_before(t, with_.now_ms() - with_.events_kept_ms,
                                                        domain::bounds::raw_events_at_once);
        });
    });
    const auto environments =
        with_.store.read([](domain::Transaction& t) { return domain::tables::ruleset_heads(t); });
    if (!environments) return with_.log("events: " + environments.problem().detail);
    for (const domain::RulesetHead& one : *environments) {
        const std::int64_t removed = remove("events", [&] {
            return with_.store.write([&](domain::Transaction& t) {
                return domain::tables::keep_newest_events(t, one.project, one.environment,
                                                          domain::bounds::raw_events,
                                                          domain::bounds::raw_events_at_once);
            });
        });
        if (removed == 0) continue;
        with_.log("events: " + one.project + '/' + one.environment + " has more than " +
                  std::to_string(domain::bounds::raw_events) + "; the oldest " + std::to_string(removed) +
                  " were removed before their time");
    }
}

void Chores::remove_ended() {
    (void)remove("schedules", [this] { return with_.schedules.remove_ended(); });
    (void)remove("change requests", [this] { return with_.change_requests.remove_ended(); });
    (void)remove("keys", [this] { return with_.keys.remove_ended(); });
}

std::int64_t Chores::remove(std::string_view what,
                            const std::function<domain::Outcome<std::int64_t>()>& piece) {
    std::int64_t all = 0;
    while (!ends()) {
        const domain::Outcome<std::int64_t> removed = piece();
        if (!removed) {
            with_.log(std::string(what) + ": " + removed.problem().detail);
            break;
        }
        if (*removed == 0) break;
        all += *removed;
    }
    return all;
}

}  // namespace expplat::server::program
