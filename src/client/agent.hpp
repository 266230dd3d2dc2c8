// How a client names itself, in events and to servers: `expplat-cpp/0.1.0`.
//
// Used by the loop's parts and by `delivery.hpp`. Pure. Source: EVENTS.md, "The record"; RFC 9110, section 10.1.5, whose
// tokens a name is made of.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "expplat/base/limits.hpp"
#include "expplat/config.hpp"
#include "expplat/version.hpp"

namespace expplat::runtime {

[[nodiscard]] inline bool is_agent_name(std::string_view name) noexcept {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '.' || c == '_';
    };
    return !name.empty() && name.size() <= limits::sdk_bytes && std::all_of(name.begin(), name.end(), fits);
}

[[nodiscard]] inline std::string agent_of(const Config& config) {
    return config.sdk + "/" + std::string(version);
}

}  // namespace expplat::runtime
