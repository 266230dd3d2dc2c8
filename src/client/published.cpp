#include "src/client/published.hpp"

#include <algorithm>
#include <thread>

namespace expplat::runtime {

namespace {
/// A reader is in its section for well under a microsecond, unless the scheduler took its core away.
constexpr int reclaim_attempts = 64;
}  // namespace

Publication::~Publication() {
    for (const Retired& retired : retired_) retired.published->release();
    if (const Published* const last = current_.load(std::memory_order_relaxed)) last->release();
}

void Publication::publish(Published* next) {
    Published* const previous = current_.exchange(next, std::memory_order_seq_cst);
    if (previous == nullptr) return;
    retired_.push_back({previous, epoch::advance()});
    for (int attempt = 0; attempt < reclaim_attempts; ++attempt) {
        reclaim();
        if (retired_.empty()) return;
        std::this_thread::yield();
    }
}

void Publication::reclaim() {
    if (retired_.empty()) return;
    const std::uint64_t oldest = epoch::oldest_reader();
    const auto freed = std::partition(retired_.begin(), retired_.end(),
                                      [oldest](const Retired& retired) { return retired.epoch >= oldest; });
    for (auto retired = freed; retired != retired_.end(); ++retired) {
        std::optional<image::Buffer> memory = retired->published->release_memory();
        if (memory && keeps_spare_) spare_ = std::move(memory);
    }
    retired_.erase(freed, retired_.end());
}

std::uint32_t Publication::next_serial() noexcept {
    static std::atomic<std::uint32_t> last{0};
    std::uint32_t serial = last.fetch_add(1, std::memory_order_relaxed) + 1;
    while (serial == 0) serial = last.fetch_add(1, std::memory_order_relaxed) + 1;
    return serial;
}

}  // namespace expplat::runtime
