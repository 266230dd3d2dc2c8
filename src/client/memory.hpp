// A host's `std::pmr::memory_resource` as the memory of images.
//
// Used where a client opens or adopts a ruleset. Null is the default: `operator new`. The resource outlives the images.
#pragma once

#include <cstddef>
#include <memory_resource>

#include "expplat/image/image.hpp"

namespace expplat::runtime {

[[nodiscard]] inline image::Memory memory_of(std::pmr::memory_resource* resource) noexcept {
    if (resource == nullptr) return {};
    return {resource,
            [](void* owner, std::size_t size, std::size_t alignment) {
                return static_cast<std::pmr::memory_resource*>(owner)->allocate(size, alignment);
            },
            [](void* owner, void* bytes, std::size_t size, std::size_t alignment) {
                static_cast<std::pmr::memory_resource*>(owner)->deallocate(bytes, size, alignment);
            }};
}

}  // namespace expplat::runtime
