// Where the memory of images comes from: a host's `std::pmr::memory_resource`, or else `new`, and for large ones the system.
//
// Used where a client opens or adopts a ruleset. The resource outlives the images. A large image is mapped by itself: each
// patch makes one and frees one, which in a heap that others use too leaves holes that never go back to the system.
#pragma once

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <cstddef>
#include <memory_resource>
#include <new>

#include "expplat/image/image.hpp"

namespace expplat::runtime {

#if defined(__linux__)
/// Images of this size and more are mapped.
inline constexpr std::size_t mapped_bytes = std::size_t{256} << 10;

[[nodiscard]] inline image::Memory system_memory() noexcept {
    return {nullptr,
            [](void*, std::size_t size, std::size_t alignment) -> void* {
                const image::Memory heap;
                if (size < mapped_bytes) return heap.allocate(heap.owner, size, alignment);
                void* const bytes =
                    ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                if (bytes == MAP_FAILED) throw std::bad_alloc();
                return bytes;
            },
            [](void*, void* bytes, std::size_t size, std::size_t alignment) {
                const image::Memory heap;
                if (size < mapped_bytes) heap.free(heap.owner, bytes, size, alignment);
                else ::munmap(bytes, size);
            }};
}
#else
[[nodiscard]] inline image::Memory system_memory() noexcept { return {}; }
#endif

[[nodiscard]] inline image::Memory memory_of(std::pmr::memory_resource* resource) noexcept {
    if (resource == nullptr) return system_memory();
    return {resource,
            [](void* owner, std::size_t size, std::size_t alignment) {
                return static_cast<std::pmr::memory_resource*>(owner)->allocate(size, alignment);
            },
            [](void* owner, void* bytes, std::size_t size, std::size_t alignment) {
                static_cast<std::pmr::memory_resource*>(owner)->deallocate(bytes, size, alignment);
            }};
}

}  // namespace expplat::runtime
