// How often this thread asked for heap memory: for tests of what must not allocate.
//
// A program that lists `eval/allocations.cpp` among its sources counts every `operator new` of every library in it.
#pragma once

#include <cstddef>

namespace expplat::tests {

/// Calls of `operator new` on this thread since it began.
[[nodiscard]] std::size_t allocations() noexcept;

}  // namespace expplat::tests
