// REDIS_URL: what it may say, and that no refusal repeats it.
#include "server/publish/redis_address.hpp"

#include <gtest/gtest.h>

#include <string>

namespace expplat::tests {
namespace {

using server::publish::RedisAddress;

TEST(RedisAddress, ReadsAllOfIt) {
    const auto plain = RedisAddress::parse("redis://cache");
    ASSERT_TRUE(plain) << plain.error().message;
    EXPECT_EQ(plain->url.host, "cache");
    EXPECT_EQ(plain->url.port, 6379);
    EXPECT_FALSE(plain->url.tls);
    EXPECT_TRUE(plain->user.empty() && plain->password.empty());
    EXPECT_EQ(plain->database, 0u);

    const auto full = RedisAddress::parse("rediss://expplat:p%40ss%3A%2Fword@master.cache.example:6380/3");
    ASSERT_TRUE(full) << full.error().message;
    EXPECT_EQ(full->url.host, "master.cache.example");
    EXPECT_EQ(full->url.port, 6380);
    EXPECT_TRUE(full->url.tls);
    EXPECT_EQ(full->user, "expplat");
    EXPECT_EQ(full->password, "p@ss:/word");
    EXPECT_EQ(full->database, 3u);

    const auto password = RedisAddress::parse("redis://:secret@[::1]/0");
    ASSERT_TRUE(password) << password.error().message;
    EXPECT_EQ(password->url.host, "::1");
    EXPECT_EQ(password->url.port, 6379);
    EXPECT_TRUE(password->user.empty());
    EXPECT_EQ(password->password, "secret");
    EXPECT_EQ(RedisAddress::parse("redis://[::1]:80/")->url.port, 80);
    EXPECT_EQ(RedisAddress::parse("rediss://h:443")->url.port, 443);
}

TEST(RedisAddress, RefusesTheRestWithoutRepeatingIt) {
    for (const char* const text : {"",
                                   "cache:6379",
                                   "http://s3cret@h",
                                   "redis:/h",
                                   "redis://",
                                   "redis://:s3cret@",
                                   "redis://s3cret@h",
                                   "redis://user:@h",
                                   "redis://:s3cret%@h",
                                   "redis://:s3cret%4@h",
                                   "redis://:s3cret%zz@h",
                                   "redis://h:",
                                   "redis://h:0",
                                   "redis://h:65536",
                                   "redis://h:s3cret",
                                   "redis://h/s3cret",
                                   "redis://h/-1",
                                   "redis://h/65536",
                                   "redis://h/1/2",
                                   "redis://h/1?s3cret=1",
                                   "redis://h#s3cret",
                                   "redis://[::1",
                                   "redis://s3 cret",
                                   "redis://h\r\ns3cret",
                                   "REDIS://h"}) {
        const auto refused = RedisAddress::parse(text);
        ASSERT_FALSE(refused) << text;
        EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
        EXPECT_EQ(refused.error().message.find("s3"), std::string::npos) << refused.error().message;
    }
}

}  // namespace
}  // namespace expplat::tests
