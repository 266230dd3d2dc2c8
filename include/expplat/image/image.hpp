// `Image`: owns the bytes of a verified image and shows them as a `View`.
//
// Made from any bytes by `Image::from_bytes` (which verifies them) or by the linker; shared read-only. The bytes are
// private memory aligned to 64, so nobody can change them after they were verified.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <utility>

#include "expplat/base/result.hpp"
#include "expplat/image/verify.hpp"
#include "expplat/image/view.hpp"

namespace expplat::image {

/// Where the bytes of a buffer come from: `operator new`, unless a host has memory of its own. Both functions have the
/// meaning of a `std::pmr::memory_resource`'s, which some platforms' libraries do not have yet; `owner` outlives the
/// buffers.
struct Memory {
    void* owner = nullptr;
    void* (*allocate)(void* owner, std::size_t size, std::size_t alignment) = by_new;
    void (*free)(void* owner, void* bytes, std::size_t size, std::size_t alignment) = by_delete;

private:
    // Aligned by hand, with the block's own address before the bytes: glibc before 2.38 does not reuse what an aligned `new`
    // has freed (its bug 14581), and a client that follows a server would grow by an image with each change.
    static void* by_new(void*, std::size_t size, std::size_t alignment) {
        void* const block = ::operator new(size + alignment);
        const auto address = reinterpret_cast<std::uintptr_t>(block);
        std::byte* const bytes = static_cast<std::byte*>(block) + (alignment - address % alignment);
        std::memcpy(bytes - sizeof block, &block, sizeof block);
        return bytes;
    }
    static void by_delete(void*, void* bytes, std::size_t, std::size_t) {
        void* block = nullptr;
        std::memcpy(&block, static_cast<std::byte*>(bytes) - sizeof block, sizeof block);
        ::operator delete(block);
    }
};

/// Aligned memory for an image that is being read or linked. Not initialised.
class Buffer {
public:
    static constexpr std::size_t alignment = 64;

    explicit Buffer(std::size_t size, const Memory& memory = {})
        : bytes_(static_cast<std::byte*>(memory.allocate(memory.owner, size > 0 ? size : 1, alignment)),
                 Free{memory, size > 0 ? size : 1}),
          size_(size) {}

    [[nodiscard]] std::byte* data() noexcept { return bytes_.get(); }
    [[nodiscard]] const std::byte* data() const noexcept { return bytes_.get(); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Makes it that size within what was allocated. False, and nothing changes, where that is too little, or more than
    /// twice as much.
    [[nodiscard]] bool fit(std::size_t size) noexcept {
        const std::size_t allocated = bytes_.get_deleter().size;
        if (size > allocated || allocated / 2 > size) return false;
        size_ = size;
        return true;
    }

private:
    struct Free {
        Memory memory;
        std::size_t size;
        void operator()(std::byte* bytes) const { memory.free(memory.owner, bytes, size, alignment); }
    };
    std::unique_ptr<std::byte, Free> bytes_;
    std::size_t size_;
};

class Image {
public:
    /// Verifies the buffer and takes it over. Errors: those of `verify`.
    [[nodiscard]] static Result<Image> from_buffer(Buffer buffer) {
        Result<View> view = verify({buffer.data(), buffer.size()});
        if (!view) return view.error();
        return Image(std::move(buffer));
    }
    /// Copies the bytes, then verifies the copy.
    [[nodiscard]] static Result<Image> from_bytes(std::span<const std::byte> bytes) {
        Buffer buffer(bytes.size());
        if (!bytes.empty()) std::memcpy(buffer.data(), bytes.data(), bytes.size());
        return from_buffer(std::move(buffer));
    }
    /// Takes over what the linker wrote.
    [[nodiscard]] static Image trust(Buffer buffer) noexcept { return Image(std::move(buffer)); }

    [[nodiscard]] View view() const noexcept { return View::trust(buffer_.data()); }
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
        return {buffer_.data(), buffer_.size()};
    }
    /// Its memory, for the next image; nobody may use its views any more.
    [[nodiscard]] Buffer take_buffer() && noexcept { return std::move(buffer_); }

private:
    explicit Image(Buffer buffer) noexcept : buffer_(std::move(buffer)) {}

    Buffer buffer_;
};

}  // namespace expplat::image
