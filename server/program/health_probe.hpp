// `probe_health`: whether the server of these settings is alive, asked from the same machine.
//
// What `expplat-server health` does, for an image's HEALTHCHECK: the image has no other program that could. Plain sockets;
// waits at most `probe_ms` for each step.
#pragma once

#include <cstdint>

#include "expplat/base/result.hpp"
#include "server/program/settings.hpp"

namespace expplat::server::program {

inline constexpr std::int64_t probe_ms = 3'000;

/// Asks for `/health/live`; a server with TLS, whose certificate is for another name, is only connected to. Errors: `network`.
[[nodiscard]] Result<void> probe_health(const Settings& settings);

}  // namespace expplat::server::program
