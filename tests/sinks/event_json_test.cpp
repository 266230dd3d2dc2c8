// The record of EVENTS.md, byte for byte.
#include "src/sinks/event_json.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "expplat/base/json_text.hpp"
#include "expplat/version.hpp"
#include "tests/sinks/event_fixture.hpp"

namespace expplat::tests {
namespace {

std::string json_of(const OwnEvent& own) {
    std::string json = "before ";
    sinks::append_event_json(json, own.view());
    EXPECT_TRUE(json.starts_with("before "));
    return json.substr(7);
}

const std::string sdk = "\"sdk\":\"expplat-cpp/" + std::string(version) + '"';

TEST(EventJson, AnExposure) {
    OwnEvent own;
    own.event.id = {0x01, 0x93, 0xf1, 0xc2, 0x7a, 0x3b, 0x7c, 0x44,
                    0x9f, 0x0e, 0x5d, 0x1c, 0x2b, 0x3a, 0x4f, 0x5e};
    own.event.time_ms = 1'763'902'800'123;
    own.event.ruleset_version = 42;
    own.attributes = R"({"country":"DE"})";
    EXPECT_EQ(
        json_of(own),
        R"({"v":1,"id":"0193f1c2-7a3b-7c44-9f0e-5d1c2b3a4f5e","type":"exposure","time":1763902800123,"project":"game",)"
        R"("environment":"production","experiment":"checkout-cta","variant":"green","unit":"key","unit_id":"user-42",)"
        R"("ruleset":42,)" +
            sdk + R"(,"attributes":{"country":"DE"}})");
}

TEST(EventJson, NamesWhatSendsIt) {
    OwnEvent own;
    own.event.sdk = "my-\"engine\"/1.0";
    EXPECT_NE(json_of(own).find(R"(,"sdk":"my-\"engine\"/1.0"})"), std::string::npos) << json_of(own);
}

TEST(EventJson, ATrackEvent) {
    OwnEvent own;
    own.event.type = exposure::EventType::track;
    own.event.has_value = true;
    own.event.value = 12.5;
    own.name = "purchase";
    own.properties = R"({"sku":"a1"})";
    EXPECT_EQ(
        json_of(own),
        R"({"v":1,"id":"00000000-0000-0000-0000-000000000000","type":"track","time":0,"project":"game",)"
        R"("environment":"production","event":"purchase","unit":"key","unit_id":"user-42",)" +
            sdk + R"(,"value":12.5,"properties":{"sku":"a1"}})");
}

TEST(EventJson, NumbersReadBackAsTheSameDouble) {
    OwnEvent own;
    own.event.type = exposure::EventType::track;
    own.event.has_value = true;
    for (const double value : {0.0, -0.0, 3.0, -2.5, 1e300, 5e-324, 0.1, std::numeric_limits<double>::max(),
                               std::numeric_limits<double>::lowest(), std::numeric_limits<double>::infinity(),
                               std::numeric_limits<double>::quiet_NaN()}) {
        own.event.value = value;
        std::string expected = "\"value\":";
        append_json_number(expected, value);
        EXPECT_NE(json_of(own).find(expected + '}'), std::string::npos) << expected << ' ' << json_of(own);
    }
}

/// Each byte, at each place of the eight that are looked at at once, in each text.
TEST(EventJson, EscapesEveryByteAsJsonSays) {
    for (int byte = 0; byte < 256; ++byte) {
        for (std::size_t place = 0; place < 17; ++place) {
            OwnEvent own;
            std::string text = "sixteen letters!!";
            text[place] = static_cast<char>(byte);
            own.project = own.environment = own.name = own.variant = own.unit = own.unit_id = text;
            std::string quoted;
            append_json_string(quoted, text);
            const std::string json = json_of(own);
            for (const char* member :
                 {"project", "environment", "experiment", "variant", "unit", "unit_id"}) {
                ASSERT_NE(json.find('"' + std::string(member) + "\":" + quoted + ','), std::string::npos)
                    << byte << ' ' << place << ' ' << member << ' ' << json;
            }
        }
    }
}

TEST(EventJson, TextsOfAnyLength) {
    for (std::size_t size = 0; size < 300; ++size) {
        OwnEvent own;
        own.unit_id = std::string(size, '\x01');  // the longest that escaping makes
        std::string quoted;
        append_json_string(quoted, own.unit_id);
        EXPECT_NE(json_of(own).find("\"unit_id\":" + quoted + ','), std::string::npos);
    }
    EXPECT_EQ(sinks::to_string(exposure::EventId{}), "00000000-0000-0000-0000-000000000000");
}

}  // namespace
}  // namespace expplat::tests
