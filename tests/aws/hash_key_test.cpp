// Hash keys: MD5 as a decimal number of 128 bits.
#include "src/aws/hash_key.hpp"

#include <gtest/gtest.h>

namespace expplat::aws {
namespace {

TEST(HashKey, IsTheMd5OfThePartitionKey) {
    // Python: int(hashlib.md5(b"user-42").hexdigest(), 16)
    EXPECT_EQ(decimal(hash_key("user-42").value()), "157107139746365290205026809710278036035");
    EXPECT_EQ(decimal(hash_key("").value()), "281949768489412648962353822266799178366");
}

TEST(HashKey, IsWrittenInDecimal) {
    HashKey key{};
    EXPECT_EQ(decimal(key), "0");
    key.back() = 10;
    EXPECT_EQ(decimal(key), "10");
    key.fill(0xFF);
    EXPECT_EQ(decimal(key), "340282366920938463463374607431768211455");
    key = {1};
    EXPECT_EQ(decimal(key), "1329227995784915872903807060280344576");
}

}  // namespace
}  // namespace expplat::aws
