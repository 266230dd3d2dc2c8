// Whose address a request has when proxies stand before the server.
#include "server/http/trusted_proxies.hpp"

#include <gtest/gtest.h>

#include <string>

namespace expplat::server::http {
namespace {

TrustedProxies trusting(std::string_view list) {
    const Result<TrustedProxies> proxies = TrustedProxies::parse(list);
    EXPECT_TRUE(proxies) << list;
    return proxies ? *proxies : TrustedProxies();
}

TEST(TrustedProxies, AreAddressesAndPrefixes) {
    const TrustedProxies proxies = trusting(" 10.0.0.0/8,192.0.2.7 , 2001:db8::/33, ::1");
    for (const char* const address :
         {"10.0.0.0", "10.255.255.255", "192.0.2.7", "2001:db8:7fff::1", "::1", "::ffff:10.1.2.3"})
        EXPECT_TRUE(proxies.contains(address)) << address;
    for (const char* const address :
         {"11.0.0.0", "9.255.255.255", "192.0.2.8", "2001:db8:8000::1", "::2", "", "10.0.0", "x"})
        EXPECT_FALSE(proxies.contains(address)) << address;
    EXPECT_TRUE(trusting("0.0.0.0/0").contains("203.0.113.9"));
    EXPECT_FALSE(trusting("0.0.0.0/0").contains("2001:db8::1"));
    EXPECT_TRUE(trusting("::/0").contains("203.0.113.9"));
    EXPECT_TRUE(trusting("").is_empty());
}

TEST(TrustedProxies, RefuseWhatIsNone) {
    for (const char* const list :
         {"x", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.1/8", "2001:db8::1/64",
          "::/129", "10.0.0.1,,10.0.0.2", "10.0.0.256", "[::1]", "10.0.0.1:80", "localhost"})
        EXPECT_FALSE(TrustedProxies::parse(list)) << list;
    std::string many = "10.0.0.1";
    for (std::size_t i = 1; i < TrustedProxies::networks_most; ++i) many += ",10.0.0.1";
    EXPECT_TRUE(TrustedProxies::parse(many));
    EXPECT_FALSE(TrustedProxies::parse(many + ",10.0.0.1"));
}

TEST(TrustedProxies, TheClientIsTheRightMostThatIsNone) {
    const TrustedProxies proxies = trusting("10.0.0.0/8,2001:db8::/32");
    const std::string peer = "10.0.0.1";
    EXPECT_EQ(proxies.client_of(peer, "203.0.113.9"), "203.0.113.9");
    EXPECT_EQ(proxies.client_of(peer, "198.51.100.1, 203.0.113.9"), "203.0.113.9");
    EXPECT_EQ(proxies.client_of(peer, "198.51.100.1, 203.0.113.9 ,10.0.0.7,\t2001:db8::1"), "203.0.113.9");
    EXPECT_EQ(proxies.client_of(peer, "203.0.113.9:4711, 10.0.0.7:1"), "203.0.113.9");
    EXPECT_EQ(proxies.client_of(peer, "[2001:DB9::1]:4711"), "2001:db9::1");
    EXPECT_EQ(proxies.client_of(peer, "2001:db9:0:0::1"), "2001:db9::1");
    EXPECT_EQ(proxies.client_of(peer, "::ffff:203.0.113.9"), "203.0.113.9");
    EXPECT_EQ(proxies.client_of(peer, "10.0.0.3, 10.0.0.2"), "10.0.0.3") << "nobody but proxies";
}

TEST(TrustedProxies, NobodyElseIsBelieved) {
    const TrustedProxies proxies = trusting("10.0.0.0/8");
    EXPECT_EQ(proxies.client_of("203.0.113.9", "198.51.100.1"), "203.0.113.9");
    EXPECT_EQ(TrustedProxies().client_of("127.0.0.1", "198.51.100.1"), "127.0.0.1");
}

TEST(TrustedProxies, GarbageMeansThePeer) {
    const TrustedProxies proxies = trusting("10.0.0.0/8");
    for (const char* const field :
         {"", " ", ",", "unknown", "203.0.113.9,", "203.0.113.9, unknown, 10.0.0.7", "_hidden",
          "203.0.113.9:", "203.0.113.9:x", "203.0.113.9:1234567", "[203.0.113.9]", "[2001:db9::1",
          "[2001:db9::1]x", "203.0.113.9 198.51.100.1", "0x7f.1", "\"203.0.113.9\""})
        EXPECT_EQ(proxies.client_of("10.0.0.1", field), "10.0.0.1") << field;
    EXPECT_EQ(proxies.client_of("10.0.0.1", "garbage, 203.0.113.9"), "203.0.113.9")
        << "what the client wrote itself does not matter";
    EXPECT_EQ(proxies.client_of("10.0.0.1", std::string(10'000, '1')), "10.0.0.1");
}

TEST(TrustedProxies, LoopbackIsThisMachine) {
    for (const char* const address : {"127.0.0.1", "127.9.9.9", "::1"}) EXPECT_TRUE(is_loopback(address));
    for (const char* const address : {"0.0.0.0", "::", "10.0.0.1", "localhost", ""})
        EXPECT_FALSE(is_loopback(address));
}

}  // namespace
}  // namespace expplat::server::http
