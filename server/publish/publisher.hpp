// `Publisher`: brings what was committed to the store into the hub.
//
// Who commits on this server publishes behind it (`publish_now`); a thread looks for what other servers have committed, every
// few seconds and at once where somebody says so (`look`). The store's outbox is emptied on the way, and each of its rows is
// announced. Started and ended by the program's root. Source: CONTROL-PLANE.md, "Rules of the interface".
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "server/domain/store.hpp"
#include "server/publish/hub.hpp"

namespace expplat::server::publish {

class Publisher {
public:
    using Log = std::function<void(const std::string& line)>;

    /// For who is to be told of a new version; must not wait.
    using Announce = std::function<void(const EnvironmentName& name, std::uint64_t version)>;

    /// Both outlive it. `log` gets what went wrong, once each time. Where `outbox_waits` is set the outbox is left to
    /// whoever that tells, and so are announcements.
    Publisher(domain::Store& store, Hub& hub, std::function<std::int64_t()> now_ms, Log log,
              Announce announce = {}, std::function<void()> outbox_waits = {});
    ~Publisher();
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    /// Brings the hub up to date, on the calling thread; several may call, one works. False where the store could not be read.
    bool publish_now();

    void start(std::chrono::milliseconds interval = std::chrono::seconds(5));
    /// The thread looks now, instead of when its interval is over. From any thread; never waits for the store.
    void look();

private:
    bool publish_news();
    void empty_outbox();
    void run(std::chrono::milliseconds interval);

    domain::Store& store_;
    Hub& hub_;
    std::function<std::int64_t()> now_ms_;
    Log log_;
    Announce announce_;
    std::function<void()> outbox_waits_;

    std::mutex publishing_;  // one at a time
    std::mutex mutex_;       // guards what follows
    std::condition_variable woken_;
    bool ends_ = false;
    bool looks_ = false;
    std::thread thread_;
};

}  // namespace expplat::server::publish
