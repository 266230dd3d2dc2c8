// `Chores`: what the server does by itself, beside requests: schedules that are due, and what is too old to be kept.
//
// Any number of servers do them over one database: a schedule is leased by one of them, and removing twice is removing once.
// Started and ended by the program's root; all that it is given outlives it. `tick` is one second's work and may be called by
// a test instead.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "server/domain/change_requests.hpp"
#include "server/domain/idempotency.hpp"
#include "server/domain/keys.hpp"
#include "server/domain/schedules.hpp"
#include "server/domain/store.hpp"
#include "server/publish/publisher.hpp"

namespace expplat::server::program {

class Chores {
public:
    struct Surroundings {
        domain::Store& store;
        const domain::Schedules& schedules;
        const domain::ChangeRequests& change_requests;
        const domain::Keys& keys;
        const domain::Idempotency& idempotency;
        publish::Publisher& publisher;
        std::function<std::int64_t()> now_ms;
        std::int64_t events_kept_ms = 0;
        std::function<void(const std::string& line)> log;  // what went wrong, or was dropped
    };
    explicit Chores(Surroundings surroundings) : with_(std::move(surroundings)) {}
    ~Chores();
    Chores(const Chores&) = delete;
    Chores& operator=(const Chores&) = delete;

    void start();
    void tick();

private:
    void run();
    void run_schedules();
    void remove_old_events();
    void remove_ended();
    [[nodiscard]] bool ends();
    /// One piece after the other until nothing is left to do; how much was done. `what` it is, for the log.
    [[nodiscard]] std::int64_t remove(std::string_view what,
                                      const std::function<domain::Outcome<std::int64_t>()>& piece);

    const Surroundings with_;
    unsigned until_sweep_ = 0;  // ticks; the ticking thread's

    std::mutex mutex_;  // guards `ends_`
    std::condition_variable ending_;
    bool ends_ = false;
    std::thread thread_;
};

}  // namespace expplat::server::program
