// AWS's timestamps as Unix milliseconds: `2026-01-02T03:04:05Z`.
//
// Read from what the places of credentials say about expiry. ISO 8601 in UTC, with or without a fraction of a second,
// which is cut to milliseconds. Pure; safe on any bytes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace expplat::aws {

[[nodiscard]] constexpr std::optional<std::int64_t> parse_timestamp(std::string_view text) noexcept {
    constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
    if (text.size() <= shape.size()) return std::nullopt;
    int fields[6] = {};
    std::size_t field = 0;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] != 'd') {
            if (text[i] != shape[i]) return std::nullopt;
            ++field;
            continue;
        }
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        fields[field] = fields[field] * 10 + (text[i] - '0');
    }
    std::string_view rest = text.substr(shape.size());
    std::int64_t milliseconds = 0;
    if (rest.front() == '.') {
        rest.remove_prefix(1);
        std::int64_t unit = 100;
        std::size_t digits = 0;
        while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9') {
            milliseconds += unit * (rest[digits] - '0');
            unit /= 10;
            ++digits;
        }
        if (digits == 0) return std::nullopt;
        rest.remove_prefix(digits);
    }
    if (rest != "Z" && rest != "+00:00") return std::nullopt;
    const std::chrono::year_month_day day{std::chrono::year(fields[0]),
                                          std::chrono::month(static_cast<unsigned>(fields[1])),
                                          std::chrono::day(static_cast<unsigned>(fields[2]))};
    if (!day.ok() || fields[3] > 23 || fields[4] > 59 || fields[5] > 60) return std::nullopt;
    const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
    return (((days * 24 + fields[3]) * 60 + fields[4]) * 60 + fields[5]) * 1000 + milliseconds;
}

}  // namespace expplat::aws
