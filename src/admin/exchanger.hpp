// `Exchanger`: one request and its answer, waited for.
//
// Over any `net::Transport`: `step` is called until the answer is there, and lets it come (for `HttpTransport`, `poll`). For
// programs that have nothing else to do, as the command line; the client of the library is never one. Not thread-safe.
#pragma once

#include <functional>
#include <string_view>

#include "expplat/base/result.hpp"
#include "src/net/transport.hpp"

namespace expplat::admin {

class Exchanger {
public:
    /// The transport outlives it. `step` answers false where waiting on is of no use: a signal came.
    Exchanger(net::Transport& transport, std::function<bool()> step)
        : transport_(transport), step_(std::move(step)) {}

    /// Errors: those of the exchange, and `closed` where `step` gave up. `write`, where there is one, gets the pieces of a
    /// success's body (200) instead of the response; where it answers false the exchange ends with `io`.
    [[nodiscard]] Result<net::Response> send(net::Request request,
                                             const std::function<bool(std::string_view)>& write = {});

private:
    net::Transport& transport_;
    std::function<bool()> step_;
};

}  // namespace expplat::admin
