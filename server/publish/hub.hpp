// `Hub`: the current releases of every environment of this server, and the streams that follow them.
//
// The publisher (`publisher.hpp`) puts documents in; distribution and evaluation take releases out; a stream is a function
// that is given shared pieces and says whether it still wants more. Safe from many threads. Two audiences, as
// CONTROL-PLANE.md has it: `server` keys see all of a ruleset, `client` keys what is marked client-visible.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/publish/channel.hpp"

namespace expplat::server::publish {

enum class Audience : std::uint8_t { server, client };

struct EnvironmentName {
    std::string project;
    std::string environment;
    friend auto operator<=>(const EnvironmentName&, const EnvironmentName&) = default;
};

/// Called with the hub's lock of that channel held: it must queue, not wait, and not ask the hub. False: no more. A null piece
/// ends the stream: its environment is archived.
using Send = std::function<bool(const SharedText&)>;

class Hub {
public:
    /// Makes these documents current and tells the streams. Errors: as `Channel::publish`; nothing has changed then.
    [[nodiscard]] Result<void> publish(const EnvironmentName& name, std::string document,
                                       std::string client_document);

    /// Of an environment that is served no more: it has no release, and its streams are ended.
    void retire(const EnvironmentName& name);
    /// Those that have a release.
    [[nodiscard]] std::vector<EnvironmentName> names() const;

    /// Null before the first.
    [[nodiscard]] std::shared_ptr<const Release> current(const EnvironmentName& name,
                                                         Audience audience) const;
    /// 0 before the first.
    [[nodiscard]] std::uint64_t version(const EnvironmentName& name) const;

    /// Sends what brings a stream up to date that has `version`, and from there on all that comes. An environment that is not
    /// there yet begins with its first release.
    void follow(const EnvironmentName& name, Audience audience, std::optional<std::uint64_t> version,
                Send send);
    /// Sends the current release's `change` unless it is of `version`, and from there on that of each that comes.
    void follow_changes(const EnvironmentName& name, Audience audience, std::optional<std::uint64_t> version,
                        Send send);

    /// To every stream: a piece that means nothing, so that nobody takes the connection for dead; and those that want no more
    /// are forgotten.
    void beat();

    [[nodiscard]] std::size_t streams() const noexcept { return streams_.load(std::memory_order_relaxed); }

private:
    struct Side {
        Channel channel;
        std::mutex
            publishing;    // one document at a time; taken before `mutex`, which nobody holds while compiling
        std::mutex mutex;  // guards the streams, and that each gets every event once, in order
        std::vector<Send> streams;
        std::vector<Send> watchers;  // of changes alone
    };
    struct Environment {
        Side server;
        Side client;
    };
    [[nodiscard]] Environment& environment(const EnvironmentName& name);
    [[nodiscard]] const Environment* find(const EnvironmentName& name) const;
    [[nodiscard]] Side& side_of(const EnvironmentName& name, Audience audience);
    void tell(std::vector<Send>& streams, const SharedText& piece);

    mutable std::mutex mutex_;  // guards the map; what it leads to stays
    std::map<EnvironmentName, std::unique_ptr<Environment>> environments_;
    std::atomic<std::size_t> streams_{0};
};

}  // namespace expplat::server::publish
