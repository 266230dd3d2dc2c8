// `random_text` and `kept_secret`: the passwords, ids and secrets that a server makes for itself.
//
// Used by `program.cpp` as it starts, and for ids by any thread. Hexadecimal, from the system's generator.
#pragma once

#include <cstddef>
#include <string>

#include "expplat/base/result.hpp"

namespace expplat::server::program {

/// Twice as many digits as `bytes`. Errors: `io`.
[[nodiscard]] Result<std::string> random_text(std::size_t bytes);

struct KeptSecret {
    std::string text;
    bool is_new = false;      // there was none
    bool is_exposed = false;  // others than its owner may read or change its file
};

/// The secret in a data folder; made where there is none, for the owner alone. Of two servers that start at once, both have
/// the one that was there first. Errors: `io`.
[[nodiscard]] Result<KeptSecret> kept_secret(const std::string& data);

}  // namespace expplat::server::program
