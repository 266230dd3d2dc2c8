// The client's status as the struct of the C face.
//
// Used by `status.cpp` and by the listener of `callbacks.cpp`. Pure.
#pragma once

#include "expplat/c/expplat.h"
#include "expplat/status.hpp"

namespace expplat::c {

/// Its texts are those of `status`, and live as long.
[[nodiscard]] expplat_status borrowed(const Status& status) noexcept;

}  // namespace expplat::c
