// `Poller`: asks for the whole ruleset, one request at a time, and is told 304 where the one it brought is still right.
//
// A part of `Follower`, which decides when to ask. Its handler is called from the transport's loop. Source:
// docs/PROTOCOL.md, `GET /api/v1/sdk/ruleset`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "src/net/transport.hpp"
#include "src/sync/adopter.hpp"
#include "src/sync/attempt.hpp"
#include "src/sync/settings.hpp"

namespace expplat::sync {

class Poller {
public:
    /// All three must outlive it.
    Poller(const FollowerSettings& settings, net::Transport& transport, const Adopter& adopter)
        : settings_(settings), transport_(transport), adopter_(adopter) {}
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    void ask();
    void close();
    /// As `Stream::forget`.
    void forget() noexcept { exchange_ = 0; }
    [[nodiscard]] bool is_open() const noexcept { return exchange_ != 0; }
    /// Its `ending` says that an answer, or none, has come.
    [[nodiscard]] Tidings take_tidings();

private:
    void on_answer(const Result<net::Response>& answer);
    void take_ruleset(const net::Response& response);

    const FollowerSettings& settings_;
    net::Transport& transport_;
    const Adopter& adopter_;
    net::ExchangeId exchange_ = 0;  // 0: none
    std::string etag_;              // of the last whole answer
    std::optional<std::uint64_t>
        etag_version_;           // the version held after it: the tag is worth nothing with another
    bool etag_adopted_ = false;  // what the tag stands for is what is held
    Tidings tidings_;
};

}  // namespace expplat::sync
