// `DescriptorTable`: the file descriptors that a transport has open, so that a forked child can close its copies.
//
// The loop's thread writes down each descriptor when it opens it and strikes it out before it closes it; a child reads
// the table as the parent left it, at any moment, in the middle of anything: so it is an array of atomics, without a
// lock or a pointer. What does not fit in is not closed in a child, which then holds it until its end.
#pragma once

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>

namespace expplat::net {

class DescriptorTable {
public:
    static constexpr std::size_t capacity = 512;

    void add(int descriptor) noexcept {
        if (descriptor < 0) return;
        for (std::atomic<int>& slot : slots_) {
            if (slot.load(std::memory_order_relaxed) >= 0) continue;
            slot.store(descriptor, std::memory_order_relaxed);
            return;
        }
    }
    void remove(int descriptor) noexcept {
        if (descriptor < 0) return;
        for (std::atomic<int>& slot : slots_) {
            if (slot.load(std::memory_order_relaxed) != descriptor) continue;
            slot.store(none, std::memory_order_relaxed);
            return;
        }
    }
    /// In a child of `fork` alone.
    void close_all() noexcept {
        for (std::atomic<int>& slot : slots_) {
            const int descriptor = slot.exchange(none, std::memory_order_relaxed);
            if (descriptor >= 0) ::close(descriptor);
        }
    }

    DescriptorTable() noexcept {
        for (std::atomic<int>& slot : slots_) slot.store(none, std::memory_order_relaxed);
    }

private:
    static constexpr int none = -1;
    std::array<std::atomic<int>, capacity> slots_;
};

}  // namespace expplat::net
