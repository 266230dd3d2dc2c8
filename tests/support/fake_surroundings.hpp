// `FakeSurroundings`: environment variables and files that a test writes down, for look-ups of credentials.
//
// Both may change between look-ups, as rotated tokens do. Outlives what it was given to. Beside it `SetClock`, a clock that
// stands until a test moves it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "expplat/base/clock.hpp"
#include "src/aws/surroundings.hpp"

namespace expplat::tests {

struct FakeSurroundings {
    std::map<std::string, std::string> variables;
    std::map<std::string, std::string> files;

    [[nodiscard]] aws::Surroundings surroundings() {
        return {[this](const std::string& name) -> std::optional<std::string> {
                    const auto entry = variables.find(name);
                    return entry == variables.end() ? std::nullopt : std::optional(entry->second);
                },
                [this](const std::string& path, std::size_t most_bytes) -> Result<std::string> {
                    const auto entry = files.find(path);
                    if (entry == files.end()) return Error{ErrorCode::not_found, path + ": not there"};
                    if (entry->second.size() > most_bytes)
                        return Error{ErrorCode::too_large, path + ": too large"};
                    return entry->second;
                }};
    }
};

class SetClock final : public Clock {
public:
    [[nodiscard]] std::int64_t unix_ms() const noexcept override { return unix_start_ms + ms; }
    [[nodiscard]] std::int64_t steady_ms() const noexcept override { return 1'000 + ms; }

    static constexpr std::int64_t unix_start_ms = 1'763'902'800'000;  // 2025-11-23T13:00:00Z
    std::int64_t ms = 0;
};

}  // namespace expplat::tests
