// Digests against the examples of their standards.
#include "src/aws/digest.hpp"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>

namespace expplat::aws {
namespace {

std::span<const unsigned char> bytes_of(std::string_view text) {
    return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

TEST(Digest, Sha256OfFips180) {
    EXPECT_EQ(hex(*sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hex(*sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, HmacSha256OfRfc4231) {
    EXPECT_EQ(hex(*hmac_sha256(bytes_of("Jefe"), "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    const std::string long_key(131, '\xAA');
    EXPECT_EQ(hex(*hmac_sha256(bytes_of(long_key), "Test Using Larger Than Block-Size Key - Hash Key First")),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Digest, Md5OfRfc1321) {
    EXPECT_EQ(hex(*md5("")), "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(hex(*md5("message digest")), "f96b697d7cb7938d525a2f31aaf161d0");
}

}  // namespace
}  // namespace expplat::aws
