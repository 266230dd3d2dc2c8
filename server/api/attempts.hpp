// `Attempts`: log-ins under way and those that failed, of this process, whatever threads they come on.
//
// Around every look at a password: the one of a log-in (`sessions.cpp`) and the old one when it is changed
// (`people.cpp`). The rules are `server/auth/lockout.hpp`'s. Safe from many threads.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string_view>
#include <utility>

#include "server/auth/lockout.hpp"

namespace expplat::server::api {

class Attempts {
public:
    /// `steady_ms`: of a clock that does not go back.
    explicit Attempts(std::function<std::int64_t()> steady_ms) : steady_ms_(std::move(steady_ms)) {}

    /// Throws `Refusal`, `too_many` with its time, where the account or the address must wait.
    void begin(std::string_view account, std::string_view address);
    // What became of it:
    void failed(std::string_view account, std::string_view address);
    void succeeded(std::string_view account, std::string_view address);

private:
    const std::function<std::int64_t()> steady_ms_;
    std::mutex mutex_;  // guards the table
    auth::Lockout lockout_;
};

}  // namespace expplat::server::api
