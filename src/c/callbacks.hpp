// A program's C functions as the functions that the client calls.
//
// Made by `config.cpp`. The `user_data` is released with the last copy of the function. Next: `objects.hpp`.
#pragma once

#include <memory>

#include "expplat/c/expplat.h"
#include "expplat/config.hpp"
#include "expplat/sink.hpp"
#include "expplat/status.hpp"

namespace expplat::c {

/// The user's pointer, released when nobody has it any more.
using UserData = std::shared_ptr<void>;
[[nodiscard]] UserData take(void* user_data, expplat_release release);

[[nodiscard]] Logger logger(expplat_log_callback callback, UserData user_data);
[[nodiscard]] StatusListener status_listener(expplat_status_callback callback, UserData user_data);
[[nodiscard]] RulesetListener ruleset_listener(expplat_ruleset_callback callback, UserData user_data);
[[nodiscard]] Sink::Callback sink_function(expplat_sink_callback callback, UserData user_data);

}  // namespace expplat::c
