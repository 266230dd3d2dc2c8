// What an evaluation tells somebody who watches it. `NoTrace` watches nothing and costs nothing; `explain`
// has the other one.
//
// The evaluator is one template over its trace, so that an explanation cannot differ from the answer.
#pragma once

#include <cstdint>
#include <string_view>

#include "expplat/base/reason.hpp"
#include "expplat/base/user.hpp"
#include "expplat/image/layout.hpp"

namespace expplat::eval {

/// A random choice as it was made.
struct Choice {
    enum class Kind : std::uint8_t { split, sample, holdout, layer, traffic };
    Kind kind;
    std::string_view name;       // holdout, layer: its key
    std::string_view unit_name;  // empty: the user's key
    std::string_view unit;       // the value that was hashed
    std::uint32_t point = 0;     // in [0, 2^32)
    std::uint64_t from = 0;      // in when from <= point < below; a layer's are slots of 10,000
    std::uint64_t below = 0;
    std::uint32_t slot = 0;  // layer
    bool inside = false;
    std::string_view variant;  // split: the one chosen
};

struct NoTrace {
    static constexpr bool active = false;
};

}  // namespace expplat::eval
