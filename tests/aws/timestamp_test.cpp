// Timestamps of AWS's answers, and texts that are none.
#include "src/aws/timestamp.hpp"

#include <gtest/gtest.h>

namespace expplat::aws {
namespace {

TEST(Timestamp, IsReadToTheMillisecond) {
    EXPECT_EQ(parse_timestamp("1970-01-01T00:00:00Z"), 0);
    EXPECT_EQ(parse_timestamp("2025-11-23T13:00:00Z"), 1'763'902'800'000);
    EXPECT_EQ(parse_timestamp("2025-11-23T13:00:00.5Z"), 1'763'902'800'500);
    EXPECT_EQ(parse_timestamp("2025-11-23T13:00:00.1239Z"), 1'763'902'800'123);
    EXPECT_EQ(parse_timestamp("2025-11-23T13:00:00+00:00"), 1'763'902'800'000);
    EXPECT_EQ(parse_timestamp("2024-02-29T23:59:60Z"), 1'709'251'200'000);
}

TEST(Timestamp, IsNothingElse) {
    for (const char* const text :
         {"", "Z", "2025-11-23", "2025-11-23T13:00:00", "2025-11-23 13:00:00Z", "2025-11-23T13:00:00.Z",
          "2025-13-23T13:00:00Z", "2025-02-29T13:00:00Z", "2025-11-23T24:00:00Z", "2025-11-23T13:60:00Z",
          "2025-11-23T13:00:00+01:00", "2025-11-23T13:00:00ZZ", "2O25-11-23T13:00:00Z",
          "-025-11-23T13:00:00Z"}) {
        EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace expplat::aws
