#include "src/client/epoch.hpp"

#include <algorithm>
#include <mutex>

#if defined(__linux__)
#include <linux/membarrier.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(_WIN32)
#include <windows.h>
#endif

// Race detectors do not know the kernel's barrier.
#if defined(__SANITIZE_THREAD__)
#define EXPPLAT_RACE_DETECTOR 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define EXPPLAT_RACE_DETECTOR 1
#endif
#endif

namespace expplat::runtime {

namespace {

std::atomic<ReaderSlot*> all_slots{nullptr};
constinit ReaderSlot no_slot{.epoch = UINT64_MAX};  // none of `all_slots`
constinit ReaderSlot
    inner_slot;  // what guards within others clear: nobody looks at it, and the outer guard's mark stays

}  // namespace

namespace epoch {

std::atomic<std::uint64_t> current{1};
std::atomic<bool> readers_order{true};
thread_local constinit ReaderSlot* this_thread_slot = &no_slot;

}  // namespace epoch

namespace {

/// Gives the slot back when its thread ends.
struct SlotOwner {
    ReaderSlot* slot = nullptr;
    ~SlotOwner() {
        if (slot == nullptr) return;
        epoch::this_thread_slot = &no_slot;
        slot->epoch.store(0, std::memory_order_release);
        slot->taken.store(false, std::memory_order_release);
    }
};
thread_local SlotOwner slot_owner;

#if defined(__linux__)
/// In a forked child only the thread that forked lives: the others' slots are free, whatever they were doing.
void after_fork_in_child() noexcept {
    for (ReaderSlot* slot = all_slots.load(std::memory_order_acquire); slot != nullptr; slot = slot->next) {
        if (slot == epoch::this_thread_slot) continue;
        slot->epoch.store(0, std::memory_order_relaxed);
        slot->taken.store(false, std::memory_order_relaxed);
    }
}
#endif

/// True where a barrier on all threads of the process can be had.
bool register_barrier() noexcept {
#if defined(EXPPLAT_RACE_DETECTOR)
    return false;
#elif defined(__linux__)
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
#elif defined(_WIN32)
    return true;
#else
    return false;
#endif
}

void barrier_on_all_threads() noexcept {
    if (epoch::readers_order.load(std::memory_order_relaxed))
        return;  // their exchanges and our loads are sequentially consistent
#if defined(__linux__)
    syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
#elif defined(_WIN32)
    FlushProcessWriteBuffers();
#endif
}

/// Takes a slot for this thread; it is given back when the thread ends.
ReaderSlot* take_slot() noexcept {
    for (ReaderSlot* slot = all_slots.load(std::memory_order_acquire); slot != nullptr; slot = slot->next) {
        bool taken = false;
        if (slot->taken.compare_exchange_strong(taken, true, std::memory_order_acquire)) { return slot; }
    }
    // Once for each thread that lives at the same time as others. A process without memory for it ends here: an answer that
    // nobody guards could be freed while it is read.
    auto* const slot = new ReaderSlot;  // NOLINT(bugprone-unhandled-exception-at-new)
    slot->taken.store(true, std::memory_order_relaxed);
    slot->next = all_slots.load(std::memory_order_relaxed);
    do {
        slot->number = slot->next == nullptr ? 0 : slot->next->number + 1;
    } while (!all_slots.compare_exchange_weak(slot->next, slot, std::memory_order_acq_rel));
    return slot;
}

}  // namespace

namespace epoch {

ReaderSlot* enter_seldom() noexcept {
    if (this_thread_slot != &no_slot) return &inner_slot;
    this_thread_slot = slot_owner.slot = take_slot();
    mark(*this_thread_slot);
    return this_thread_slot;
}

void prepare() noexcept {
    static std::once_flag once;
    std::call_once(once, [] {
        if (register_barrier()) readers_order.store(false, std::memory_order_seq_cst);
#if defined(__linux__)
        pthread_atfork(nullptr, nullptr, &after_fork_in_child);
#endif
    });
}

std::uint64_t advance() noexcept { return current.fetch_add(1, std::memory_order_acq_rel); }

std::uint64_t oldest_reader() noexcept {
    barrier_on_all_threads();
    std::uint64_t oldest = UINT64_MAX;
    for (const ReaderSlot* slot = all_slots.load(std::memory_order_acquire); slot != nullptr;
         slot = slot->next) {
        const std::uint64_t reading = slot->epoch.load(std::memory_order_seq_cst);
        if (reading != 0) oldest = std::min(oldest, reading);
    }
    return oldest;
}

}  // namespace epoch

}  // namespace expplat::runtime
