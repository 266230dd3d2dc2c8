// Holds many open streams of a server, and tells when a piece has reached every one of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace expplat::bench {

/// Opens `count` streams with `request` and prints `N streams`. Then, for each line of standard input, waits until every
/// stream has been sent that text, and prints the time of the last in nanoseconds of CLOCK_MONOTONIC. Ends with its input.
void hold_streams(std::uint16_t port, std::size_t count, const std::string& request);

}  // namespace expplat::bench
