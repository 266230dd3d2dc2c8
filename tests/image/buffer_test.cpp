// `image::Buffer`: memory aligned for an image, and given back so that the next image of that size fits into it.
#include "expplat/image/image.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
#include <malloc.h>
#endif

namespace expplat::tests {
namespace {

using image::Buffer;

#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
/// What malloc has from the system. A sanitizer's says 0.
std::size_t heap_bytes() {
    const struct mallinfo2 heap = mallinfo2();
    return heap.arena + heap.hblkhd;
}

/// A client grew by an image with each patch: glibc did not reuse what an aligned `new` had freed. The first test, on a fresh
/// heap: on another one glibc does now and then.
TEST(Buffer, ReplacedOnesDoNotFillTheHeap) {
    // From the heap, as soon as one of that size was freed: glibc raises the bound itself, now and then.
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    constexpr std::size_t image_bytes = 7'000'000;
    std::vector<std::string> kept;  // what a client allocates between its images
    std::optional<Buffer> current;
    const auto replace = [&](int times) {
        for (; times > 0; --times) {
            Buffer next(image_bytes);
            std::memset(next.data(), 1, next.size());
            kept.emplace_back(200, 'x');
            current.emplace(std::move(next));
            kept.emplace_back(200, 'x');
        }
    };
    replace(5);
    const std::size_t before = heap_bytes();
    replace(40);
    EXPECT_LE(heap_bytes(), before + 2 * image_bytes);
}
#endif

TEST(Buffer, IsAlignedWhateverItsSize) {
    for (std::size_t size = 0; size < 300; ++size) {
        Buffer buffer(size);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % Buffer::alignment, 0u) << size;
        std::memset(buffer.data(), 0xff, size);
    }
}

}  // namespace
}  // namespace expplat::tests
