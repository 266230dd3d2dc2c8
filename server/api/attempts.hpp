// `Attempts`: log-ins under way and those that failed, of this process, whatever threads they come on.
//
// Around every look at a password: the one of a log-in (`sessions.cpp`) and the old one when it is changed
// (`people.cpp`). The rules are `server/auth/lockout.hpp`'s. Safe from many threads.
#pragma once

#include <cstdint>
#include <mutex>
#include <string_view>

#include "server/auth/lockout.hpp"

namespace expplat::server::api {

class Attempts {
public:
    /// Throws `Refusal`, `too_many` with its time, where the account or the address must wait.
    void begin(std::string_view account, std::string_view address, std::int64_t now_ms);
    // What became of it:
    void failed(std::string_view account, std::string_view address, std::int64_t now_ms);
    void succeeded(std::string_view account, std::string_view address);

private:
    std::mutex mutex_;  // guards the table
    auth::Lockout lockout_;
};

}  // namespace expplat::server::api
