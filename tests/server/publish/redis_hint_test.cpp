// Messages of a subscription: which are hints.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/publish/redis_hints.hpp"

namespace expplat::tests {
namespace {

using server::publish::read_hint;
using server::publish::redis_error_code;
using server::publish::RespValue;

constexpr std::string_view prefix = "expplat:0:ruleset:";

RespValue message(const std::string& channel, const std::string& payload,
                  const std::string& kind = "pmessage") {
    RespValue list{RespValue::Kind::list, {}, 0, {}};
    for (const std::string& text : {kind, std::string("expplat:0:ruleset:*"), channel, payload})
        list.items.push_back({RespValue::Kind::string, text, 0, {}});
    return list;
}

TEST(RedisHint, IsAnEnvironmentAndItsVersion) {
    const auto hint = read_hint(message("expplat:0:ruleset:game/production", "42"), prefix);
    ASSERT_TRUE(hint);
    EXPECT_EQ(hint->name.project, "game");
    EXPECT_EQ(hint->name.environment, "production");
    EXPECT_EQ(hint->version, 42u);
}

TEST(RedisHint, IsNothingElse) {
    const std::string channel = "expplat:0:ruleset:game/production";
    for (const char* const payload : {"", "-1", "1 ", "x", "99999999999999999999"})
        EXPECT_FALSE(read_hint(message(channel, payload), prefix)) << payload;
    for (const std::string& other :
         {std::string("expplat:1:ruleset:game/production"), std::string("expplat:0:ruleset:game"),
          std::string("expplat:0:ruleset:/production"), std::string("expplat:0:ruleset:game/"), std::string(),
          "expplat:0:ruleset:" + std::string(300, 'p') + "/e"})
        EXPECT_FALSE(read_hint(message(other, "1"), prefix)) << other;
    EXPECT_FALSE(read_hint(message(channel, "1", "message"), prefix));
    RespValue with_null = message(channel, "1");
    with_null.items[3] = {};
    EXPECT_FALSE(read_hint(with_null, prefix));
    RespValue short_one = message(channel, "1");
    short_one.items.pop_back();
    EXPECT_FALSE(read_hint(short_one, prefix));
    EXPECT_FALSE(read_hint({RespValue::Kind::status, "PONG", 0, {}}, prefix));
}

TEST(RedisHint, AnErrorIsNamedWithoutWhatItRepeats) {
    const auto code = [](const char* text) {
        return redis_error_code({RespValue::Kind::error, text, 0, {}});
    };
    EXPECT_EQ(code("WRONGPASS invalid username-password pair"), "WRONGPASS");
    EXPECT_EQ(code("ERR unknown command 'AUTH', with args beginning with: 's3cret'"), "ERR");
    EXPECT_EQ(code("s3cret"), "an error");
    EXPECT_EQ(code(""), "an error");
}

}  // namespace
}  // namespace expplat::tests
