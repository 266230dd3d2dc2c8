// HTTP dates: the standard's example, the calendar against the C library, and what is no IMF-fixdate.
#include "src/net/http_date.hpp"

#include <gtest/gtest.h>
#include <time.h>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace expplat::net {
namespace {

static_assert(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == 784'111'777);
static_assert(parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT") == 0);

TEST(HttpDate, AgreesWithTheCLibraryFrom1900To9999) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 20'000; ++round) {
        const auto seconds = static_cast<std::int64_t>(random() % 255'611'289'599u) - 2'208'988'800;
        const auto time = static_cast<time_t>(seconds);
        tm parts{};
        ASSERT_NE(gmtime_r(&time, &parts), nullptr);
        char text[64];
        ASSERT_EQ(strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts), 29u);
        ASSERT_EQ(parse_http_date(text), seconds) << text;
    }
}

TEST(HttpDate, ALeapDayIsADateInALeapYearAlone) {
    EXPECT_EQ(parse_http_date("Thu, 29 Feb 2024 00:00:00 GMT"), 1'709'164'800);
    EXPECT_EQ(parse_http_date("Sat, 29 Feb 2025 00:00:00 GMT"), std::nullopt);
    EXPECT_EQ(parse_http_date("Thu, 29 Feb 1900 00:00:00 GMT"), std::nullopt);
    EXPECT_EQ(parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT"), 1'483'228'800) << "a leap second";
}

TEST(HttpDate, AnythingElseIsNone) {
    for (const char* const text :
         {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",  // RFC 9110's obsolete forms
          "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 GMT ",
          " Sun, 06 Nov 1994 08:49:37 GMT", "Xyz, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Xyz 1994 08:49:37 GMT",
          "sun, 06 nov 1994 08:49:37 gmt", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
          "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:00 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
          "Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov +994 08:49:37 GMT",
          "Sun, 06 Nov 1994 08:49:37+0000"}) {
        EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
    }
}

TEST(HttpDate, AnyChangedByteIsReadOrRefusedAndNeverMore) {
    const std::string whole = "Sun, 06 Nov 1994 08:49:37 GMT";
    for (std::size_t at = 0; at < whole.size(); ++at) {
        EXPECT_EQ(parse_http_date(std::string_view(whole).substr(0, at)), std::nullopt);
        for (int byte = 0; byte < 256; ++byte) {
            std::string text = whole;
            text[at] = static_cast<char>(byte);
            (void)parse_http_date(text);
        }
    }
}

}  // namespace
}  // namespace expplat::net
