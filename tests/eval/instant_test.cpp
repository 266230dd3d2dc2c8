// Instants against RULESET.md's rows and a calendar that counts days one month at a time.
#include "expplat/eval/instant.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <random>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace expplat::eval {
namespace {

Instant instant(std::string_view text) {
    Instant parsed{};
    EXPECT_TRUE(parse_instant(text, parsed)) << text;
    return parsed;
}

bool is_instant(std::string_view text) {
    Instant parsed{};
    return parse_instant(text, parsed);
}

void expect_order(const std::vector<std::string>& ascending) {
    for (std::size_t i = 0; i < ascending.size(); ++i) {
        for (std::size_t j = 0; j < ascending.size(); ++j) {
            EXPECT_EQ(compare(instant(ascending[i]), instant(ascending[j])), i <=> j)
                << ascending[i] << " " << ascending[j];
        }
    }
}

void expect_equal(const std::vector<std::string>& spellings) {
    for (const std::string& a : spellings) {
        for (const std::string& b : spellings)
            EXPECT_TRUE(compare(instant(a), instant(b)) == 0) << a << " " << b;
    }
}

// --- a slow reference -------------------------------------------------------------------------------

bool is_leap(int year) {
    if (year % 400 == 0) return true;
    if (year % 100 == 0) return false;
    return year % 4 == 0;
}

int month_days(int year, int month) {
    static constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/// The first day of every year 1 to 10000, counted from 1970-01-01.
const std::vector<std::int64_t>& year_starts() {
    static const std::vector<std::int64_t> starts = [] {
        std::vector<std::int64_t> days(10'001, 0);
        for (int year = 2; year <= 10'000; ++year) {
            days[static_cast<std::size_t>(year)] =
                days[static_cast<std::size_t>(year - 1)] + (is_leap(year - 1) ? 366 : 365);
        }
        const std::int64_t epoch = days[1970];
        for (std::int64_t& day : days) day -= epoch;
        return days;
    }();
    return starts;
}

std::int64_t slow_days(int year, int month, int day) {
    std::int64_t days = year_starts()[static_cast<std::size_t>(year)];
    for (int m = 1; m < month; ++m) days += month_days(year, m);
    return days + day - 1;
}

struct SlowInstant {
    bool valid = false;
    std::int64_t seconds = 0;
    std::string digits;  // of the fraction, without trailing zeros

    explicit SlowInstant(const std::string& text) {
        static const std::regex grammar(
            R"(([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2})))");
        std::smatch match;
        if (!std::regex_match(text, match, grammar)) return;
        const auto number = [&match](std::size_t group) {
            return match[group].matched && match[group].length() > 0 ? std::stoi(match[group]) : 0;
        };
        const int year = number(1), month = number(2), day = number(3), hour = number(4), minute = number(5),
                  second = number(6);
        if (year == 0 || month < 1 || month > 12 || day < 1 || day > month_days(year, month)) return;
        if (hour > 23 || minute > 59 || second > 59 || number(9) > 23 || number(10) > 59) return;
        valid = true;
        seconds = ((slow_days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
        const int offset = (number(9) * 60 + number(10)) * 60;
        seconds += match[8] == "-" ? offset : -offset;
        digits = match[7];
        digits.erase(digits.find_last_not_of('0') + 1);
    }
};

std::strong_ordering compare_slow(const SlowInstant& a, const SlowInstant& b) {
    if (a.seconds != b.seconds) return a.seconds <=> b.seconds;
    return a.digits.compare(b.digits) <=> 0;
}

std::string digits_of(const Instant& parsed) {
    std::string digits = std::to_string(parsed.fraction);
    digits.insert(0, 18 - digits.size(), '0');
    digits += parsed.rest;
    digits.erase(digits.find_last_not_of('0') + 1);
    return digits;
}

// --- RULESET.md, section 3 -----------------------------------------------------------------------

TEST(Instant, known_points) {
    EXPECT_EQ(instant("1970-01-01T00:00:00Z").seconds, 0);
    EXPECT_EQ(instant("1969-12-31T23:59:59Z").seconds, -1);
    EXPECT_EQ(instant("2000-03-01T00:00:00Z").seconds, 951'868'800);
    EXPECT_EQ(instant("2024-02-29T12:00:00Z").seconds, 1'709'208'000);
    EXPECT_EQ(instant("2038-01-19T03:14:08Z").seconds, 2'147'483'648);
    EXPECT_EQ(instant("0001-01-01T00:00:00Z").seconds, -62'135'596'800);
    EXPECT_EQ(instant("9999-12-31T23:59:59Z").seconds, 253'402'300'799);
}

TEST(Instant, offsets_carry_out_of_the_written_years) {
    EXPECT_EQ(instant("0001-01-01T00:00:00+23:59").seconds, -62'135'596'800 - 86'340);
    EXPECT_EQ(instant("9999-12-31T23:59:59-23:59").seconds, 253'402'300'799 + 86'340);
}

TEST(Instant, equal_spellings) {
    expect_equal({"2024-02-29T12:00:00Z", "2024-02-29t12:00:00z", "2024-02-29 12:00:00Z",
                  "2024-02-29T12:00:00+00:00", "2024-02-29T12:00:00-00:00", "2024-02-29T12:00:00.0Z",
                  "2024-02-29T12:00:00.000000000000000000000000000000Z", "2024-02-29T13:30:00+01:30",
                  "2024-02-28T12:01:00-23:59", "2024-03-01T11:59:00+23:59", "2024-02-29t02:00:00.00-10:00"});
    expect_equal(
        {"2024-01-01T00:00:00.5Z", "2024-01-01T00:00:00.50z", "2024-01-01 00:00:00.500000000000000000000Z"});
    expect_equal(
        {"2024-01-01T00:00:00.1234567890123456789Z", "2024-01-01T00:00:00.12345678901234567890000Z"});
}

TEST(Instant, fractions_are_exact) {
    expect_order(
        {"2024-02-29T11:59:59.999999999999999999999999Z", "2024-02-29T12:00:00Z",
         "2024-02-29T12:00:00.0000000000000000000000000000000000000001Z",
         "2024-02-29T12:00:00.000000000000000001Z", "2024-02-29T12:00:00.0000000000000000010000000000001Z",
         "2024-02-29T12:00:00.00000000000000000101Z", "2024-02-29T12:00:00.0000000000000000011Z",
         "2024-02-29T12:00:00.1Z", "2024-02-29T12:00:00.10000000000000000001Z", "2024-02-29T12:00:00.19Z",
         "2024-02-29T12:00:00.2Z", "2024-02-29T12:00:00.999999999999999999Z",
         "2024-02-29T12:00:00.9999999999999999990000000000000000009Z",
         "2024-02-29T12:00:00.9999999999999999991Z", "2024-02-29T12:00:01Z"});
    const std::string long_fraction(100'000, '7');
    EXPECT_TRUE(compare(instant("2024-01-01T00:00:00." + long_fraction + "Z"),
                        instant("2024-01-01T00:00:00." + long_fraction + "1Z")) < 0);
}

TEST(Instant, keeps_eighteen_digits_and_views_the_others) {
    const std::string text = "2024-01-01T00:00:00.1234567890123456780120300Z";
    const Instant parsed = instant(text);
    EXPECT_EQ(parsed.fraction, 123'456'789'012'345'678u);
    EXPECT_EQ(parsed.rest, "01203");
    EXPECT_EQ(parsed.rest.data(), text.data() + 38);
    EXPECT_EQ(instant("2024-01-01T00:00:00.25Z").fraction, 250'000'000'000'000'000u);
    EXPECT_TRUE(instant("2024-01-01T00:00:00.2500000000000000000000Z").rest.empty());
}

TEST(Instant, is_nothing_else) {
    for (const char* text :
         {"", "Z", "yesterday", "2024", "2024-02-29", "2024-02-29T12:00Z", "2024-02-29T12:00:00",
          "2024-02-29T12:00:00.5", "2024-02-29T12:00:00.Z", "2024-02-29T12:00:00,5Z",
          "2024-02-29T12:00:00.5.5Z", "2024-02-29T12:00:00. 5Z", "2024-02-29T12:00:00ZZ",
          "2024-02-29T12:00:00Z ", " 2024-02-29T12:00:00Z", "2024-02-29T12:00:00 Z", "2024-02-29  12:00:00Z",
          "2024-02-29_12:00:00Z", "2024-02-29112:00:00Z", "2024-02-29T12:00:00z0", "2024-02-29T12:00:00UTC",
          // fields out of range
          "0000-01-01T00:00:00Z", "0000-12-31T23:59:59-23:59", "2024-00-01T00:00:00Z", "2024-13-01T00:00:00Z",
          "2024-01-00T00:00:00Z", "2024-01-32T00:00:00Z", "2024-04-31T00:00:00Z", "2024-06-31T00:00:00Z",
          "2024-09-31T00:00:00Z", "2024-11-31T00:00:00Z", "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
          "2100-02-29T00:00:00Z", "2024-02-30T00:00:00Z", "2000-02-30T00:00:00Z", "2024-02-29T24:00:00Z",
          "2024-02-29T23:60:00Z", "2024-02-29T23:59:60Z", "2016-12-31T23:59:60Z", "2024-02-29T99:00:00Z",
          // offsets
          "2024-02-29T12:00:00+", "2024-02-29T12:00:00+1:00", "2024-02-29T12:00:00+01",
          "2024-02-29T12:00:00+0100", "2024-02-29T12:00:00+01:0", "2024-02-29T12:00:00+01:000",
          "2024-02-29T12:00:00+24:00", "2024-02-29T12:00:00-24:00", "2024-02-29T12:00:00+23:60",
          "2024-02-29T12:00:0001:00",
          "2024-02-29T12:00:00\xE2\x88\x92"
          "01:00",
          "2024-02-29T12:00:00+01-00", "2024-02-29T12:00:00+01:00Z", "2024-02-29T12:00:00Z+01:00",
          "2024-02-29T12:00:00+-1:00",
          // years and shapes
          "02024-02-29T12:00:00Z", "+2024-02-29T12:00:00Z", "-2024-02-29T12:00:00Z", "24-02-29T12:00:00Z",
          "10000-01-01T00:00:00Z", "2024-2-29T12:00:00Z", "2024-02-9T12:00:00Z", "2024-02-29T2:00:00Z",
          "20240229T120000Z", "2024/02/29T12:00:00Z", "2024-02-29T12.00.00Z", "2024-W09-4T12:00:00Z",
          "2024-060T12:00:00Z", "2O24-02-29T12:00:00Z", "2024-02-29T12:00:0:Z", "2024-02-29T12:00:0/Z",
          "202/-02-29T12:00:00Z", "1709208000000", "1709208000"}) {
        EXPECT_FALSE(is_instant(text)) << text;
        EXPECT_FALSE(SlowInstant(text).valid) << text;
    }
    using namespace std::string_view_literals;
    EXPECT_FALSE(
        is_instant("2024-02-29\0"
                   "12:00:00Z"sv));
    EXPECT_FALSE(is_instant("2024-02-29T12:00:00Z\0"sv));
    EXPECT_FALSE(is_instant("2024-02-29T12:00:00\0"sv));
    EXPECT_FALSE(is_instant(std::string_view{}));
}

TEST(Instant, refusal_leaves_the_result_alone) {
    Instant kept{42, 7, "9"};
    EXPECT_FALSE(parse_instant("2024-02-29T12:00:00.5+24:00", kept));
    EXPECT_EQ(kept.seconds, 42);
    EXPECT_EQ(kept.fraction, 7u);
    EXPECT_EQ(kept.rest, "9");
}

TEST(Instant, unix_milliseconds_round_towards_the_past) {
    constexpr std::uint64_t ms = 1'000'000'000'000'000u;
    const auto expect = [](std::int64_t unix_ms, std::int64_t seconds, std::uint64_t fraction) {
        const Instant made = instant_of_unix_ms(unix_ms);
        EXPECT_EQ(made.seconds, seconds) << unix_ms;
        EXPECT_EQ(made.fraction, fraction) << unix_ms;
        EXPECT_TRUE(made.rest.empty());
    };
    expect(0, 0, 0);
    expect(1, 0, ms);
    expect(999, 0, 999 * ms);
    expect(1'000, 1, 0);
    expect(-1, -1, 999 * ms);
    expect(-999, -1, ms);
    expect(-1'000, -1, 0);
    expect(-1'001, -2, 999 * ms);
    expect(std::numeric_limits<std::int64_t>::max(), 9'223'372'036'854'775, 807 * ms);
    expect(std::numeric_limits<std::int64_t>::min(), -9'223'372'036'854'776, 192 * ms);
}

TEST(Instant, unix_milliseconds_and_texts_share_a_time_line) {
    EXPECT_TRUE(compare(instant_of_unix_ms(1'709'208'000'000), instant("2024-02-29T12:00:00Z")) == 0);
    EXPECT_TRUE(compare(instant_of_unix_ms(1'709'208'000'123), instant("2024-02-29T12:00:00.123Z")) == 0);
    EXPECT_TRUE(compare(instant_of_unix_ms(1'709'208'000'123),
                        instant("2024-02-29T12:00:00.1230000000000000000000001Z")) < 0);
    EXPECT_TRUE(compare(instant_of_unix_ms(-1), instant("1969-12-31T23:59:59.999Z")) == 0);
    EXPECT_TRUE(compare(instant_of_unix_ms(-62'135'596'800'000), instant("0001-01-01T00:00:00Z")) == 0);
    EXPECT_TRUE(compare(instant_of_unix_ms(253'402'300'799'999), instant("9999-12-31T23:59:59.999Z")) == 0);
    EXPECT_TRUE(compare(instant_of_unix_ms(std::numeric_limits<std::int64_t>::max()),
                        instant("9999-12-31T23:59:59-23:59")) > 0);
    EXPECT_TRUE(compare(instant_of_unix_ms(std::numeric_limits<std::int64_t>::min()),
                        instant("0001-01-01T00:00:00+23:59")) < 0);
}

TEST(Instant, parses_at_compile_time) {
    static constexpr auto seconds = [] {
        Instant parsed{};
        return parse_instant("1970-01-02T00:00:00.5Z", parsed) ? parsed.seconds : 0;
    }();
    static_assert(seconds == 86'400);
    SUCCEED();
}

// --- generated -------------------------------------------------------------------------------------

TEST(Instant, every_day_of_the_calendar) {
    std::int64_t seconds = -62'135'596'800;
    for (int year = 1; year <= 9999; ++year) {
        for (int month = 1; month <= 13; ++month) {
            const int days = month == 13 ? 0 : month_days(year, month);
            for (int day = 0; day <= days + 1; ++day) {
                char text[32];
                std::snprintf(text, sizeof text, "%04d-%02d-%02dT00:00:00Z", year, month, day);
                Instant parsed{};
                const bool real = day >= 1 && day <= days;
                ASSERT_EQ(parse_instant(text, parsed), real) << text;
                if (!real) continue;
                ASSERT_EQ(parsed.seconds, seconds) << text;
                seconds += 86'400;
            }
        }
    }
    EXPECT_EQ(seconds, 253'402'300'800);
}

TEST(Instant, agrees_with_the_slow_calendar) {
    std::mt19937 random(1);
    const auto below = [&random](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
    const auto number = [&below](int least, int most, int width) {
        char text[16];
        std::snprintf(text, sizeof text, "%0*d", width,
                      least + static_cast<int>(below(static_cast<std::size_t>(most - least + 1))));
        return std::string(text);
    };
    const auto written = [&] {
        const bool near = below(2) == 0;  // close to the others, so that fractions and offsets decide
        std::string text = near ? "2024-0" + number(2, 3, 1) + "-" + (below(2) == 0 ? "01" : "29")
                                : number(0, 9999, 4) + "-" + number(0, 13, 2) + "-" + number(0, 32, 2);
        text += "Tt "[below(3)];
        text += near ? "0" + number(0, 1, 1) + ":00:00"
                     : number(0, 24, 2) + ":" + number(0, 60, 2) + ":" + number(0, 60, 2);
        if (below(2) == 0) {
            text += '.';
            for (std::size_t i = below(28); i > 0; --i) text += "0000019"[below(7)];
        }
        if (below(3) != 0) return text + "Zz"[below(2)];
        return text + "+-"[below(2)] +
               (near ? "0" + number(0, 1, 1) + ":00" : number(0, 25, 2) + ":" + number(0, 61, 2));
    };
    std::size_t valid = 0;
    std::string previous = "1970-01-01T00:00:00Z";
    for (int i = 0; i < 60'000; ++i) {
        std::string text = written();
        if (below(4) == 0) {
            static constexpr std::string_view bytes = "0123456789-+:.TtZz \n";
            text[below(text.size())] = bytes[below(bytes.size())];
        }
        if (below(20) == 0) text.erase(below(text.size()), 1);
        const SlowInstant expected(text);
        Instant parsed{};
        ASSERT_EQ(parse_instant(text, parsed), expected.valid) << text;
        if (!expected.valid) continue;
        ++valid;
        ASSERT_EQ(parsed.seconds, expected.seconds) << text;
        ASSERT_EQ(digits_of(parsed), expected.digits) << text;
        ASSERT_EQ(compare(parsed, instant(previous)), compare_slow(expected, SlowInstant(previous)))
            << text << " " << previous;
        previous = text;
    }
    EXPECT_GT(valid, 20'000u);
}

}  // namespace
}  // namespace expplat::eval
