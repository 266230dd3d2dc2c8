// Instants: RFC 3339 texts and Unix milliseconds as points of one time line, compared exactly.
//
// The ruleset's compiler parses operands of `before` and `after`, the evaluator attributes (RULESET.md,
// section 3). A fraction may have any number of digits: 18 are kept as a number and the others as a view
// of the parsed text, so that nothing is rounded and nothing allocated. Pure, so safe from any thread.
// Next: `eval/address.hpp`.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "expplat/eval/text.hpp"

namespace expplat::eval {

/// `seconds` since 1970-01-01T00:00:00Z, leap seconds not counted, plus a fraction of a second that is
/// never negative.
struct Instant {
    std::int64_t seconds;
    std::uint64_t fraction;  // of 10^-18 seconds: less than 10^18
    std::string_view rest;   // the fraction's digits after the 18th, without trailing zeros
};

[[nodiscard]] constexpr std::strong_ordering compare(const Instant& a, const Instant& b) noexcept {
    if (a.seconds != b.seconds) return a.seconds <=> b.seconds;
    if (a.fraction != b.fraction) return a.fraction <=> b.fraction;
    // Digits: the first that differs decides, and a longer rest is not zero. libc++ before 14 has no `<=>` of texts.
    return a.rest.compare(b.rest) <=> 0;
}

[[nodiscard]] constexpr Instant instant_of_unix_ms(std::int64_t ms) noexcept {
    std::int64_t seconds = ms / 1000;
    std::int64_t left = ms % 1000;
    if (left < 0) {  // before 1970: towards the earlier second
        seconds -= 1;
        left += 1000;
    }
    return {seconds, static_cast<std::uint64_t>(left) * 1'000'000'000'000'000u, {}};
}

namespace detail {

/// The number that `count` digits spell, or something above 9999 where one of them is none.
[[nodiscard]] constexpr unsigned digits_at(const char* text, std::size_t count) noexcept {
    unsigned number = 0;
    for (std::size_t i = 0; i < count; ++i) {
        number = number * 10 + (is_digit(text[i]) ? static_cast<unsigned>(text[i] - '0') : 100'000u);
    }
    return number;
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar, year 1 or later. Years begin in
/// March here, so that a leap day ends one.
[[nodiscard]] constexpr std::int64_t days_from_date(unsigned year, unsigned month, unsigned day) noexcept {
    const unsigned shifted_year = month > 2 ? year : year - 1;
    const unsigned shifted_month = month > 2 ? month - 3 : month + 9;
    const unsigned day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    const unsigned days =
        365 * shifted_year + shifted_year / 4 - shifted_year / 100 + shifted_year / 400 + day_of_year;
    return std::int64_t{days} - 719'468;  // 0000-03-01 to 1970-01-01
}

[[nodiscard]] constexpr unsigned days_of_month(unsigned year, unsigned month) noexcept {
    if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/// `YYYY-MM-DDThh:mm:ss`: the first 19 bytes of `text`.
[[nodiscard]] constexpr bool parse_local_time(const char* text, std::int64_t& seconds) noexcept {
    const unsigned year = digits_at(text, 4);
    const unsigned month = digits_at(text + 5, 2);
    const unsigned day = digits_at(text + 8, 2);
    const unsigned hour = digits_at(text + 11, 2);
    const unsigned minute = digits_at(text + 14, 2);
    const unsigned second = digits_at(text + 17, 2);
    const bool marked = text[4] == '-' && text[7] == '-' && (fold(text[10]) == 't' || text[10] == ' ') &&
                        text[13] == ':' && text[16] == ':';
    if (!marked || year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 ||
        day > days_of_month(year, month) || hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    seconds = days_from_date(year, month, day) * 86'400 + hour * 3'600 + minute * 60 + second;
    return true;
}

/// `Z` or `±hh:mm`, all of `text`; `-00:00` is `Z` too.
[[nodiscard]] constexpr bool parse_offset(std::string_view text, std::int64_t& seconds) noexcept {
    seconds = 0;
    if (text.size() == 1) return fold(text[0]) == 'z';
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return false;
    const unsigned hours = digits_at(text.data() + 1, 2);
    const unsigned minutes = digits_at(text.data() + 4, 2);
    if (hours > 23 || minutes > 59) return false;
    const std::int64_t east = hours * 3'600 + minutes * 60;
    seconds = text[0] == '+' ? east : -east;
    return true;
}

/// Digits, any number of them, as a fraction.
constexpr void read_fraction(std::string_view digits, Instant& instant) noexcept {
    for (std::size_t i = 0; i < 18; ++i) {
        instant.fraction =
            instant.fraction * 10 + (i < digits.size() ? static_cast<unsigned>(digits[i] - '0') : 0u);
    }
    if (digits.size() <= 18) return;
    digits.remove_prefix(18);
    while (!digits.empty() && digits.back() == '0') digits.remove_suffix(1);
    instant.rest = digits;
}

}  // namespace detail

/// True where all of `text` is an instant. `instant.rest` then views `text`; else `instant` is unchanged.
/// An offset may carry the instant out of the years 0001 to 9999, which bound only what is written.
[[nodiscard]] constexpr bool parse_instant(std::string_view text, Instant& instant) noexcept {
    constexpr std::size_t local_size = 19;
    Instant parsed{};
    if (text.size() <= local_size || !detail::parse_local_time(text.data(), parsed.seconds)) return false;
    text.remove_prefix(local_size);
    if (text[0] == '.') {
        std::size_t end = 1;
        while (end < text.size() && is_digit(text[end])) ++end;
        if (end == 1) return false;
        detail::read_fraction(text.substr(1, end - 1), parsed);
        text.remove_prefix(end);
    }
    std::int64_t offset = 0;
    if (!detail::parse_offset(text, offset)) return false;
    parsed.seconds -= offset;
    instant = parsed;
    return true;
}

}  // namespace expplat::eval
