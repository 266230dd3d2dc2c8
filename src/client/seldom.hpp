// `Seldom`: lets a text pass once in a while, so that a failure that repeats does not fill a host's log.
//
// Used by `Delivery` for what sinks say. Remembers the last sixteen texts; one that was forgotten passes early. A state
// machine without clock. Not thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace expplat::runtime {

class Seldom {
public:
    /// True where the text did not pass within `interval_ms` before `now_ms`.
    [[nodiscard]] bool passes(std::string_view text, std::int64_t now_ms, std::int64_t interval_ms) {
        Entry* oldest = entries_.data();
        for (Entry& entry : entries_) {
            if (entry.used && entry.text == text) {
                if (now_ms - entry.passed_at_ms < interval_ms) return false;
                entry.passed_at_ms = now_ms;
                return true;
            }
            if (oldest->used && (!entry.used || entry.passed_at_ms < oldest->passed_at_ms)) oldest = &entry;
        }
        *oldest = {true, now_ms, std::string(text)};
        return true;
    }

private:
    struct Entry {
        bool used = false;
        std::int64_t passed_at_ms = 0;
        std::string text;
    };
    std::array<Entry, 16> entries_;
};

}  // namespace expplat::runtime
