// An HTTP date as Unix seconds: `Sun, 06 Nov 1994 08:49:37 GMT`.
//
// Read from `Retry-After` (`backoff.hpp`) and from the `Date` of an answer, by which AWS's clients correct a wrong clock.
// Only IMF-fixdate, the one form that RFC 9110 (5.6.7) lets a server send; the day's name is not checked against the
// date. Pure; safe on any bytes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace expplat::net {

namespace detail {

/// The number that `text` is, all of it decimal digits; -1 where it is not.
[[nodiscard]] constexpr int read_digits(std::string_view text) noexcept {
    int number = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return -1;
        number = number * 10 + (c - '0');
    }
    return number;
}

/// Which of the three-letter words, written one after the other, `word` is, from 0; -1 where it is none.
[[nodiscard]] constexpr int find_word(std::string_view words, std::string_view word) noexcept {
    for (std::size_t i = 0; i < words.size(); i += 3) {
        if (words.substr(i, 3) == word) return static_cast<int>(i / 3);
    }
    return -1;
}

}  // namespace detail

[[nodiscard]] constexpr std::optional<std::int64_t> parse_http_date(std::string_view text) noexcept {
    using detail::find_word;
    using detail::read_digits;
    constexpr std::string_view form = "ddd, 00 mmm 0000 00:00:00 GMT";
    if (text.size() != form.size()) return std::nullopt;
    for (const std::size_t i : {3u, 4u, 7u, 11u, 16u, 19u, 22u, 25u, 26u, 27u, 28u}) {
        if (text[i] != form[i]) return std::nullopt;
    }
    if (find_word("MonTueWedThuFriSatSun", text.substr(0, 3)) < 0) return std::nullopt;
    const int day = read_digits(text.substr(5, 2));
    const int month = 1 + find_word("JanFebMarAprMayJunJulAugSepOctNovDec", text.substr(8, 3));
    const int year = read_digits(text.substr(12, 4));
    const int hour = read_digits(text.substr(17, 2));
    const int minute = read_digits(text.substr(20, 2));
    const int second = read_digits(text.substr(23, 2));
    if (day < 1 || month < 1 || year < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
        second < 0 || second > 60) {  // 60 is a leap second
        return std::nullopt;
    }
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) return std::nullopt;
    const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
    return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

}  // namespace expplat::net
