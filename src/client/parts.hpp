// The parts of a client's loop, each made as the configuration asks for it.
//
// Called by `Loop` when it starts, and by the loop of a forked child again. Pure but for what the parts open: sockets'
// descriptors, files, the spool's folder. Errors are those of `Client::open`.
#pragma once

#include <functional>
#include <memory>

#include "expplat/base/clock.hpp"
#include "expplat/config.hpp"
#include "expplat/exposure/sink.hpp"
#include "src/client/delivery.hpp"
#include "src/net/http_transport.hpp"
#include "src/sync/settings.hpp"

namespace expplat::runtime {

/// Null where neither source nor sink needs the network.
[[nodiscard]] Result<std::unique_ptr<net::HttpTransport>> open_transport(const Config& config);

[[nodiscard]] sync::FollowerSettings follower_settings(const Config& config);

/// `transport` is there for sinks that need it, and outlives the result; so does `queue`. `wake` makes the loop step soon, from any
/// thread, until the result is abandoned or destroyed.
[[nodiscard]] Result<std::unique_ptr<Delivery>> open_delivery(const Config& config,
                                                              exposure::EventQueue& queue,
                                                              net::Transport* transport,
                                                              const std::shared_ptr<const Clock>& clock,
                                                              std::function<void()> wake);

}  // namespace expplat::runtime
