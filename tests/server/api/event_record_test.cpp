// What the intake makes of one record; above all of its time, where the sender's clock is wrong.
#include "server/api/event_record.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace expplat::server::api {
namespace {

constexpr std::int64_t received_ms = 1'763'902'800'000;
constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;

std::string record_at(std::int64_t time_ms) {
    return R"({"v":1,"id":"0193f1c2-7a3b-7c44-9f0e-5d1c2b3a4f5e","type":"exposure","time":)" +
           std::to_string(time_ms) +
           R"(,"project":"claimed","experiment":"cta","variant":"green","unit":"key","unit_id":"u1"})";
}

/// When an event happened that was stamped `time_ms` and sent at `sent_ms` by the same clock.
std::int64_t corrected(std::int64_t time_ms, std::optional<std::int64_t> sent_ms) {
    return SenderClock(sent_ms, received_ms).corrected(time_ms);
}

TEST(SenderClock, IsBelievedWhereItIsAbsentOrNearOurs) {
    EXPECT_EQ(corrected(received_ms - hour_ms, {}), received_ms - hour_ms);
    for (const std::int64_t off : {std::int64_t{0}, minute_ms - 1, 1 - minute_ms})
        EXPECT_EQ(corrected(received_ms - hour_ms, received_ms + off), received_ms - hour_ms);
}

TEST(SenderClock, IsCorrectedWhereItIsAMinuteOrMoreOff) {
    for (const std::int64_t off : {minute_ms, -minute_ms, 5 * hour_ms, -365 * 24 * hour_ms})
        EXPECT_EQ(corrected(received_ms + off - hour_ms, received_ms + off), received_ms - hour_ms) << off;
}

TEST(SenderClock, GivesARepeatedEventTheSameTime) {
    const std::int64_t time_ms = received_ms - 3 * hour_ms;
    const std::int64_t first = corrected(time_ms, received_ms - 2 * hour_ms);
    for (const std::int64_t way_ms : {1, 40, 2'000, 29'999})
        EXPECT_EQ(corrected(time_ms, received_ms - 2 * hour_ms - way_ms), first) << way_ms;
}

TEST(SenderClock, LeavesAnEventOfAfterItsSending) {
    EXPECT_EQ(corrected(received_ms - hour_ms, 1), received_ms - hour_ms);
}

TEST(SenderClock, NoNumberLeadsOutOfTime) {
    for (const std::int64_t sent :
         {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()})
        for (const std::int64_t time : {std::int64_t{0}, std::int64_t{253'402'300'799'999}}) {
            EXPECT_GE(corrected(time, sent), 0);
            EXPECT_LE(corrected(time, sent), 253'402'300'799'999);
        }
}

TEST(EventRecord, IsKeptWithItsCorrectedTime) {
    const auto document = ruleset::parse_json(record_at(received_ms + hour_ms));
    ASSERT_TRUE(document.ok());
    const auto read = read_event(document->root(), "game", "live",
                                 SenderClock(received_ms + 2 * hour_ms, received_ms), received_ms);
    const auto& event = std::get<domain::RawEvent>(read);
    EXPECT_EQ(event.time_ms, received_ms - hour_ms);
    EXPECT_EQ(event.body, record_at(received_ms - hour_ms));
    const domain::StreamedEvent sent = streamed(document->root(), event);
    EXPECT_NE(sent.body.find("\"time\":" + std::to_string(received_ms - hour_ms)), std::string::npos);
    EXPECT_EQ(sent.body.find("claimed"), std::string::npos);
}

}  // namespace
}  // namespace expplat::server::api
