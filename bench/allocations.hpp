// Counts heap allocations of the whole program, so that "allocates nothing" is a number.
//
// `allocations.cpp` replaces the global operator new; link it once.
#pragma once

#include <cstdint>

namespace expplat::bench {

/// Calls of operator new so far, by all threads.
[[nodiscard]] std::uint64_t allocation_count() noexcept;

}  // namespace expplat::bench
