// `DeniedAttempts`: how many entries of the audit somebody has had in this hour for what they may not do.
//
// Denied attempts are audited; but who knows a key, and everybody knows a client's, could fill the audit with them and keep
// those waiting who write. `ControlPlane` asks before it notes one. Of this process. Safe from many threads.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include "server/domain/bounds.hpp"

namespace expplat::server::domain {

class DeniedAttempts {
public:
    enum class Entry : std::uint8_t {
        one,
        last,  // of the hour
        none,
    };

    [[nodiscard]] Entry take(const std::string& actor, std::int64_t now_ms) {
        constexpr std::int64_t hour_ms = 3'600'000;
        const std::scoped_lock lock(mutex_);
        if (now_ms / hour_ms != hour_) {
            hour_ = now_ms / hour_ms;
            counts_.clear();
        }
        std::int64_t& count = counts_[actor];
        if (count >= bounds::denied_entries) return Entry::none;
        return ++count == bounds::denied_entries ? Entry::last : Entry::one;
    }

private:
    std::mutex mutex_;  // guards what follows
    std::int64_t hour_ = 0;
    std::unordered_map<std::string, std::int64_t> counts_;  // by actor: as many as there are people and keys
};

}  // namespace expplat::server::domain
