// A client's status and counts as JSON: one object each, members named as in `status.hpp` and `stats.hpp`.
//
// Used by the command line and by the C face. Pure.
#pragma once

#include <string>

#include "expplat/stats.hpp"
#include "expplat/status.hpp"

namespace expplat::runtime {

[[nodiscard]] std::string to_json(const Status& status);
[[nodiscard]] std::string to_json(const Stats& stats);

}  // namespace expplat::runtime
