// Asymmetric epochs: how a reader uses a ruleset that a writer may replace at any moment, for half a nanosecond.
//
// A reader marks its own thread's slot for the length of one call; a writer that has replaced something asks the kernel
// for a barrier on all threads (`membarrier`; where that is not to be had, readers pay for an exchange) and frees what no
// marked slot can still see. Nothing is pinned between calls, so an idle thread holds nothing. The slots are the one thing
// that all clients of a process share: they belong to threads, not to clients. Source: ARCHITECTURE.md, decision 2.
#pragma once

#include <atomic>
#include <cstdint>

#include "expplat/base/inline.hpp"

// glibc keeps room in each thread's block for the eight bytes of a library that is loaded late; then finding them is no call.
#if defined(__GLIBC__)
#define EXPPLAT_STATIC_TLS __attribute__((tls_model("initial-exec")))
#else
#define EXPPLAT_STATIC_TLS
#endif

// Reached without a look into a table of addresses, as nothing outside of the library that is linked asks for them.
#if defined(__GNUC__) && !defined(_WIN32)
#define EXPPLAT_WITHIN __attribute__((visibility("hidden")))
#else
#define EXPPLAT_WITHIN
#endif

namespace expplat::runtime {

struct alignas(64) ReaderSlot {
    std::atomic<std::uint64_t> epoch{0};  // 0: not reading; otherwise the epoch that reading began in
    std::atomic<bool> taken{false};       // by a living thread
    ReaderSlot* next = nullptr;           // slots are never freed, only taken again
    std::uint32_t number = 0;             // spreads counters
};

namespace epoch {

// Written by writers; constant-initialised, so that there is no order of initialisation to think of.
EXPPLAT_WITHIN extern std::atomic<std::uint64_t> current;
/// Readers must order their mark themselves: the kernel has no `membarrier`, or a race detector watches.
EXPPLAT_WITHIN extern std::atomic<bool> readers_order;
/// Of a thread that has none, one that is always marked.
EXPPLAT_STATIC_TLS extern thread_local constinit ReaderSlot* this_thread_slot;

/// Marks the slot's thread as reading.
EXPPLAT_INLINE void mark(ReaderSlot& slot) noexcept {
    const std::uint64_t now = current.load(std::memory_order_acquire);
    if (readers_order.load(std::memory_order_relaxed)) [[unlikely]] {
        slot.epoch.exchange(now, std::memory_order_seq_cst);
    } else {
        slot.epoch.store(now, std::memory_order_relaxed);
        std::atomic_signal_fence(
            std::memory_order_seq_cst);  // the compiler; the writer's barrier does the rest
    }
}

/// What to clear at the end for a thread that has no slot yet, which takes and marks one until the thread ends, or that
/// is reading already.
[[nodiscard]] EXPPLAT_NOINLINE ReaderSlot* enter_seldom() noexcept;

/// To be called once before the first reader: registers with the kernel and for fork.
void prepare() noexcept;

/// Ends the epoch; what was unreachable before the call may be freed once `oldest_reader()` is over the result.
[[nodiscard]] std::uint64_t advance() noexcept;

/// The oldest epoch that a reader is still in, or UINT64_MAX. Includes the barrier.
[[nodiscard]] std::uint64_t oldest_reader() noexcept;

}  // namespace epoch

/// Marks this thread as reading. May be nested.
class ReadGuard {
public:
    ReadGuard() noexcept : slot_(epoch::this_thread_slot) {
        if (slot_->epoch.load(std::memory_order_relaxed) != 0) [[unlikely]] {
            slot_ = epoch::enter_seldom();
        } else {
            epoch::mark(*slot_);
        }
    }
    ~ReadGuard() { slot_->epoch.store(0, std::memory_order_release); }
    ReadGuard(const ReadGuard&) = delete;
    ReadGuard& operator=(const ReadGuard&) = delete;

    /// Spreads counters that many threads write.
    [[nodiscard]] std::uint32_t slot_number() const noexcept { return slot_->number; }

private:
    ReaderSlot* slot_;
};

}  // namespace expplat::runtime
