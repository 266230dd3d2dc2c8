// The words that `run` and `watch` have in common: where rules come from and where events go.
//
// Pure but for reading EXPPLAT_SDK_KEY from the environment.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "expplat/client.hpp"
#include "expplat/config.hpp"
#include "src/cli/arguments.hpp"
#include "src/cli/interruption.hpp"

namespace expplat::cli {

/// `--source URL|FILE` with `--key KEY`, else EXPPLAT_SDK_KEY. A file is watched every `watch_interval_ms`; 0: not.
/// Error: `invalid_argument`.
[[nodiscard]] Result<Source> source_of(const Arguments& arguments, std::int64_t watch_interval_ms);

/// `kinesis:STREAM`, `http`, `file:PATH` or `none`. Error: `invalid_argument`.
[[nodiscard]] Result<Sink> sink_of(std::string_view word);

/// Warnings and errors as lines on standard error.
[[nodiscard]] Logger logger_on_standard_error();

/// Says on standard error why a client could not be opened: a ruleset's errors as they are, a line each.
void report(const Error& error);

/// Waits until there is a ruleset, at most so long. False, and said on standard error, where there is none by then or the
/// key was refused; false without a word after a signal.
[[nodiscard]] bool wait_ready(const Client& client, std::chrono::seconds most,
                              const Interruption& interruption);

}  // namespace expplat::cli
