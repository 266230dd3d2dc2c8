// Asymmetric epochs: how a reader uses a ruleset that a writer may replace at any moment, for half a nanosecond.
//
// A reader marks its own thread's slot for the length of one call; a writer that has replaced something asks the kernel
// for a barrier on all threads (`membarrier`; where that is not to be had, readers pay for an exchange) and frees what no
// marked slot can still see. Nothing is pinned between calls, so an idle thread holds nothing. The slots are the one thing
// that all clients of a process share: they belong to threads, not to clients. Source: ARCHITECTURE.md, decision 2.
#pragma once

#include <atomic>
#include <cstdint>

// glibc keeps room in each thread's block for the eight bytes of a library that is loaded late; then finding them is no call.
#if defined(__GLIBC__)
#define EXPPLAT_STATIC_TLS __attribute__((tls_model("initial-exec")))
#else
#define EXPPLAT_STATIC_TLS
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
extern std::atomic<std::uint64_t> current;
/// Readers must order their mark themselves: the kernel has no `membarrier`, or a race detector watches.
extern std::atomic<bool> readers_order;
EXPPLAT_STATIC_TLS extern thread_local constinit ReaderSlot* this_thread_slot;

/// Takes a slot for this thread; it is given back when the thread ends.
[[nodiscard]] ReaderSlot* take_slot() noexcept;

/// This thread's slot.
[[nodiscard]] inline ReaderSlot& slot() noexcept {
    ReaderSlot* const own = this_thread_slot;
    return own != nullptr ? *own : *take_slot();
}

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
    ReadGuard() noexcept : slot_(epoch::slot()), outer_(slot_.epoch.load(std::memory_order_relaxed)) {
        if (outer_ != 0) [[unlikely]]
            return;
        const std::uint64_t now = epoch::current.load(std::memory_order_acquire);
        if (epoch::readers_order.load(std::memory_order_relaxed)) [[unlikely]] {
            slot_.epoch.exchange(now, std::memory_order_seq_cst);
        } else {
            slot_.epoch.store(now, std::memory_order_relaxed);
            std::atomic_signal_fence(
                std::memory_order_seq_cst);  // the compiler; the writer's barrier does the rest
        }
    }
    ~ReadGuard() { slot_.epoch.store(outer_, std::memory_order_release); }
    ReadGuard(const ReadGuard&) = delete;
    ReadGuard& operator=(const ReadGuard&) = delete;

    /// Spreads counters that many threads write.
    [[nodiscard]] std::uint32_t slot_number() const noexcept { return slot_.number; }

private:
    ReaderSlot& slot_;
    std::uint64_t outer_;
};

}  // namespace expplat::runtime
