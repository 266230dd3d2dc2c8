// `Loop`: everything of a client that is stepped: following the source, sending events, waiting for either.
//
// One thread at a time steps it: the client's own, or the program's (`poll`, `flush`, `close`). A forked child throws its
// copy away, in whatever state the parent's thread left it, and makes its own. `wake`, `idle`, `is_settled` and `add_to` may
// be called from any thread. `wait` waits for the network; a step waits for nothing but the disk (spool, cache, files),
// and takes the time that compiling a ruleset does. Next: `delivery.hpp`, `rules.hpp`; what is built from a configuration
// is `parts.hpp`.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

#include "expplat/base/clock.hpp"
#include "expplat/config.hpp"
#include "expplat/stats.hpp"
#include "src/client/delivery.hpp"
#include "src/client/recorder.hpp"
#include "src/client/rules.hpp"
#include "src/net/http_transport.hpp"
#include "src/sync/follower.hpp"

namespace expplat::runtime {

class Loop {
public:
    /// `recorder` is null where nothing is recorded. All but the result outlive it. Errors: those of `Client::open`.
    [[nodiscard]] static Result<std::unique_ptr<Loop>> open(const Config& config, Rules& rules,
                                                            Recorder* recorder,
                                                            const std::shared_ptr<const Clock>& clock);
    /// One that does nothing: of a client that was closed.
    [[nodiscard]] static std::unique_ptr<Loop> without_work(const Config& config, Rules& rules,
                                                            const std::shared_ptr<const Clock>& clock);
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    ~Loop();

    /// There is something to step: without, a client needs no thread.
    [[nodiscard]] bool has_work() const noexcept;
    /// Does what is due (`everything`: sends what is queued, due or not). In how many milliseconds there is more.
    [[nodiscard]] std::int64_t step(bool everything);
    /// Performs what the network has ready; waits for at most so long for it, or for `wake`.
    void wait(std::int64_t wait_ms);
    void wake() noexcept;

    /// The next step tries to send whatever back-off there is: a last try.
    void hurry() noexcept;

    /// Nothing is queued or on its way to the sink.
    [[nodiscard]] bool idle() const;
    /// What a flush waits for: that what is recorded by now is settled, whatever comes meanwhile (`delivery.hpp`).
    [[nodiscard]] std::uint64_t mark() const;
    [[nodiscard]] bool is_settled(std::uint64_t mark) const;
    /// Stops following and sending; what is left is spooled or counted as dropped.
    void stop();
    void add_to(Stats& stats) const;

    /// Lets the parent's connections go without a word to the other side. The object is not destroyed then.
    void abandon_after_fork() noexcept;

private:
    Loop(const Config& config, Rules& rules, Recorder* recorder, std::shared_ptr<const Clock> clock);
    [[nodiscard]] Result<void> start();
    [[nodiscard]] Result<void> follow();
    void hear(const sync::FollowerStatus& status);
    [[nodiscard]] std::int64_t watch(std::int64_t now_ms);

    const Config& config_;
    Rules& rules_;
    Recorder* recorder_;
    std::shared_ptr<const Clock> clock_;
    std::unique_ptr<net::HttpTransport>
        transport_;  // null where nothing needs the network; the last of these to go
    std::unique_ptr<sync::Follower> follower_;
    std::unique_ptr<Delivery> delivery_;
    std::atomic<std::uint64_t> connections_{0};  // of streams
    std::int64_t watched_at_ms_ = 0;

    // Where there is no transport to wait in.
    std::mutex waking_;  // guards `woken_`
    std::condition_variable woke_;
    bool woken_ = false;
};

}  // namespace expplat::runtime
