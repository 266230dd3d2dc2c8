// Addresses against RULESET.md's rows and the system's inet_pton; blocks against single bits.
#include "expplat/eval/address.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <ostream>
#include <random>
#include <string>
#include <string_view>

namespace expplat::eval {

void PrintTo(const Address& address, std::ostream* out) {
    *out << std::hex << address.high << ":" << address.low << std::dec << (address.v6 ? " v6" : " v4");
}

void PrintTo(const Cidr& cidr, std::ostream* out) {
    PrintTo(cidr.base, out);
    *out << "/" << int{cidr.length};
}

namespace {

constexpr Address v4(std::uint32_t bits) { return {0, bits, false}; }
constexpr Address v6(std::uint64_t high, std::uint64_t low) { return {high, low, true}; }

bool is_address(std::string_view text) {
    Address parsed{};
    return parse_address(text, parsed);
}

Address address(std::string_view text) {
    Address parsed{};
    EXPECT_TRUE(parse_address(text, parsed)) << text;
    return parsed;
}

Cidr cidr(std::string_view text) {
    Cidr parsed{};
    EXPECT_TRUE(parse_cidr(text, parsed)) << text;
    return parsed;
}

bool is_in(std::string_view address_text, std::string_view cidr_text) {
    return contains(cidr(cidr_text), address(address_text));
}

// --- texts -----------------------------------------------------------------------------------------

TEST(Address, ipv4) {
    EXPECT_EQ(address("0.0.0.0"), v4(0));
    EXPECT_EQ(address("10.1.2.3"), v4(0x0A010203));
    EXPECT_EQ(address("255.255.255.255"), v4(0xFFFFFFFF));
    EXPECT_EQ(address("203.0.113.195"), v4(0xCB0071C3));
}

TEST(Address, ipv6) {
    EXPECT_EQ(address("::"), v6(0, 0));
    EXPECT_EQ(address("::1"), v6(0, 1));
    EXPECT_EQ(address("1::"), v6(0x0001'0000'0000'0000, 0));
    EXPECT_EQ(address("2001:db8::"), v6(0x2001'0DB8'0000'0000, 0));
    EXPECT_EQ(address("2001:DB8::a:B"), v6(0x2001'0DB8'0000'0000, 0x000A'000B));
    EXPECT_EQ(address("1:2:3:4:5:6:7:8"), v6(0x0001'0002'0003'0004, 0x0005'0006'0007'0008));
    EXPECT_EQ(address("0001:0002:0003:0004:0005:0006:0007:0008"),
              v6(0x0001'0002'0003'0004, 0x0005'0006'0007'0008));
    EXPECT_EQ(address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), v6(~std::uint64_t{0}, ~std::uint64_t{0}));
}

TEST(Address, a_gap_stands_for_one_group_or_more_at_any_place) {
    EXPECT_EQ(address("::2:3:4:5:6:7:8"), v6(0x0000'0002'0003'0004, 0x0005'0006'0007'0008));
    EXPECT_EQ(address("1::3:4:5:6:7:8"), v6(0x0001'0000'0003'0004, 0x0005'0006'0007'0008));
    EXPECT_EQ(address("1:2:3::5:6:7:8"), v6(0x0001'0002'0003'0000, 0x0005'0006'0007'0008));
    EXPECT_EQ(address("1:2:3:4::6:7:8"), v6(0x0001'0002'0003'0004, 0x0000'0006'0007'0008));
    EXPECT_EQ(address("1:2:3:4:5::7:8"), v6(0x0001'0002'0003'0004, 0x0005'0000'0007'0008));
    EXPECT_EQ(address("1:2:3:4:5:6:7::"), v6(0x0001'0002'0003'0004, 0x0005'0006'0007'0000));
    EXPECT_EQ(address("1:2:3:4:5::"), v6(0x0001'0002'0003'0004, 0x0005'0000'0000'0000));
    EXPECT_EQ(address("1:2:3:4::8"), v6(0x0001'0002'0003'0004, 8));
    EXPECT_EQ(address("1:2:3::"), v6(0x0001'0002'0003'0000, 0));
    EXPECT_EQ(address("1:2::8"), v6(0x0001'0002'0000'0000, 8));
    EXPECT_FALSE(is_address("1:2:3:4::5:6:7:8"));
    EXPECT_FALSE(is_address("::1:2:3:4:5:6:7:8"));
    EXPECT_FALSE(is_address("1:2:3:4:5:6:7:8::"));
}

TEST(Address, a_dotted_quad_is_the_last_two_groups) {
    EXPECT_EQ(address("64:ff9b::192.0.2.33"), v6(0x0064'FF9B'0000'0000, 0xC000'0221));
    EXPECT_EQ(address("::1.2.3.4"), v6(0, 0x0102'0304));  // IPv4-compatible, long deprecated: plain IPv6
    EXPECT_EQ(address("1:2:3:4:5:6:1.2.3.4"), v6(0x0001'0002'0003'0004, 0x0005'0006'0102'0304));
    EXPECT_EQ(address("1:2:3:4:5::1.2.3.4"), v6(0x0001'0002'0003'0004, 0x0005'0000'0102'0304));
    EXPECT_EQ(address("::2:3:4:5:6:1.2.3.4"), v6(0x0000'0002'0003'0004, 0x0005'0006'0102'0304));
    EXPECT_FALSE(is_address("1:2:3:4:5:6::1.2.3.4"));
    EXPECT_FALSE(is_address("1:2:3:4:5:6:7:1.2.3.4"));
    EXPECT_FALSE(is_address("1:2:3:4:5:1.2.3.4"));
    EXPECT_FALSE(is_address("1.2.3.4::"));
    EXPECT_FALSE(is_address("::1.2.3.4:5"));
    EXPECT_FALSE(is_address("::1.2.3"));
    EXPECT_FALSE(is_address("::1.2.3.4.5"));
    EXPECT_FALSE(is_address("::01.2.3.4"));
    EXPECT_FALSE(is_address("::1.2.3.256"));
    EXPECT_FALSE(is_address("::a.2.3.4"));
}

TEST(Address, ipv4_mapped_is_ipv4) {
    for (const char* text : {"::ffff:10.1.2.3", "::FFFF:10.1.2.3", "::ffff:a01:203", "::ffff:0a01:0203",
                             "0:0:0:0:0:ffff:10.1.2.3", "0000:0000:0000:0000:0000:FFFF:0A01:0203",
                             "0::ffff:a01:203", "::0:ffff:10.1.2.3"}) {
        EXPECT_EQ(address(text), v4(0x0A010203)) << text;
    }
    EXPECT_EQ(address("::ffff:0:0"), v4(0));
    EXPECT_EQ(address("::fffe:1.2.3.4"), v6(0, 0xFFFE'0102'0304));
    EXPECT_EQ(address("::ffff:0:1.2.3.4"), v6(0, 0xFFFF'0000'0102'0304));
    EXPECT_EQ(address("::1:ffff:1.2.3.4"), v6(0, 0x0001'FFFF'0102'0304));
    EXPECT_EQ(address("1::ffff:1.2.3.4"), v6(0x0001'0000'0000'0000, 0xFFFF'0102'0304));
}

TEST(Address, is_nothing_else) {
    for (const char* text : {"",
                             " ",
                             ".",
                             "1",
                             "1.2",
                             "1.2.3",
                             "1.2.3.",
                             ".1.2.3",
                             "1.2.3.4.",
                             "1.2.3.4.5",
                             "1..3.4",
                             "1.2.3.4 ",
                             " 1.2.3.4",
                             "1.2.3. 4",
                             "01.2.3.4",
                             "1.2.3.04",
                             "00.0.0.0",
                             "1.2.3.00",
                             "000.0.0.0",
                             "256.0.0.0",
                             "1.2.3.256",
                             "1.2.3.1000",
                             "1.2.3.4294967300",
                             "1.2.3.-4",
                             "1.2.3.+4",
                             "0x1.2.3.4",
                             "1.2.3.a",
                             "1,2,3,4",
                             "16909060",
                             "1.2.3.4/32",
                             "1.2.3.4:80",
                             "\xD9\xA1.2.3.4",
                             ":",
                             ":::",
                             ":1",
                             "1:",
                             "1:2",
                             ":1::",
                             "::1:",
                             "1:::2",
                             "::1::",
                             "1::2::3",
                             "::::",
                             "1:2:3:4:5:6:7",
                             "1:2:3:4:5:6:7:",
                             ":1:2:3:4:5:6:7",
                             "1:2:3:4:5:6:7:8:9",
                             "1:2:3:4:5:6:7:8:",
                             "12345::",
                             "::12345",
                             "::00001",
                             "::g",
                             "::-1",
                             "::1 ",
                             " ::1",
                             "[::1]",
                             "::1%eth0",
                             "fe80::1%1",
                             "::1/128",
                             "::ffff:1.2.3.4%1",
                             "::0x1",
                             "1.2.3.4::1",
                             "localhost"}) {
        EXPECT_FALSE(is_address(text)) << text;
    }
    using namespace std::string_view_literals;
    EXPECT_FALSE(is_address("1.2.3.4\0"sv));
    EXPECT_FALSE(is_address("::1\0"sv));
    EXPECT_FALSE(is_address("\0"sv));
    EXPECT_FALSE(is_address(std::string_view{}));
}

TEST(Address, refusal_leaves_the_result_alone) {
    Address kept = v6(1, 2);
    EXPECT_FALSE(parse_address("1:2:3:4:5:6:7:1.2.3.4", kept));
    EXPECT_EQ(kept, v6(1, 2));
    Cidr block{v4(7), 31};
    EXPECT_FALSE(parse_cidr("10.0.0.0/33", block));
    EXPECT_EQ(block, (Cidr{v4(7), 31}));
}

// --- blocks ----------------------------------------------------------------------------------------

TEST(Cidr, host_bits_are_cleared) {
    EXPECT_EQ(cidr("10.1.2.3/8"), (Cidr{v4(0x0A000000), 8}));
    EXPECT_EQ(cidr("10.1.2.3/32"), (Cidr{v4(0x0A010203), 32}));
    EXPECT_EQ(cidr("255.255.255.255/1"), (Cidr{v4(0x80000000), 1}));
    EXPECT_EQ(cidr("255.255.255.255/0"), (Cidr{v4(0), 0}));
    EXPECT_EQ(cidr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/0"), (Cidr{v6(0, 0), 0}));
    EXPECT_EQ(cidr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/63"), (Cidr{v6(~std::uint64_t{1}, 0), 63}));
    EXPECT_EQ(cidr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/64"), (Cidr{v6(~std::uint64_t{0}, 0), 64}));
    EXPECT_EQ(cidr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/65"),
              (Cidr{v6(~std::uint64_t{0}, std::uint64_t{1} << 63), 65}));
    EXPECT_EQ(cidr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"),
              (Cidr{v6(~std::uint64_t{0}, ~std::uint64_t{0}), 128}));
}

TEST(Cidr, a_mapped_base_of_96_bits_or_more_is_ipv4) {
    EXPECT_EQ(cidr("::ffff:10.1.2.3/104"), cidr("10.1.2.3/8"));
    EXPECT_EQ(cidr("::ffff:0:0/96"), cidr("0.0.0.0/0"));
    EXPECT_EQ(cidr("::ffff:10.1.2.3/96"), cidr("0.0.0.0/0"));
    EXPECT_EQ(cidr("0:0:0:0:0:ffff:a01:203/128"), cidr("10.1.2.3/32"));
}

TEST(Cidr, a_mapped_base_of_less_than_96_bits_stays_ipv6) {
    EXPECT_EQ(cidr("::ffff:10.0.0.0/95"), (Cidr{v6(0, 0xFFFE'0000'0000), 95}));
    EXPECT_EQ(cidr("::ffff:10.0.0.0/90"), (Cidr{v6(0, 0xFFC0'0000'0000), 90}));
    EXPECT_EQ(cidr("::ffff:10.0.0.0/80"), (Cidr{v6(0, 0), 80}));
    EXPECT_EQ(cidr("::ffff:10.0.0.0/0"), (Cidr{v6(0, 0), 0}));
    EXPECT_EQ(cidr("::ffff:10.0.0.0/33").base.v6, true);  // 33 is no IPv4 length, but this base is IPv6
    EXPECT_TRUE(is_in("::ffc0:0:1", "::ffff:10.0.0.0/90"));
    EXPECT_FALSE(is_in("::ffbf:0:1", "::ffff:10.0.0.0/90"));
    EXPECT_FALSE(is_in("::ffff:10.0.0.0", "::ffff:10.0.0.0/90"));
    EXPECT_FALSE(is_in("10.0.0.0", "::ffff:10.0.0.0/90"));
}

TEST(Cidr, no_block_holds_the_other_family) {
    EXPECT_FALSE(is_in("10.1.2.3", "::/0"));
    EXPECT_FALSE(is_in("::ffff:10.1.2.3", "::/0"));
    EXPECT_FALSE(is_in("0.0.0.0", "::/96"));
    EXPECT_FALSE(is_in("::", "0.0.0.0/0"));
    EXPECT_FALSE(is_in("::10.1.2.3", "10.0.0.0/8"));
    EXPECT_TRUE(is_in("::ffff:10.1.2.3", "10.0.0.0/8"));
    EXPECT_TRUE(is_in("::ffff:a01:203", "::ffff:0:0/96"));
    EXPECT_TRUE(is_in("10.1.2.3", "::ffff:10.0.0.0/104"));
    EXPECT_FALSE(is_in("::fffe:0:0", "::ffff:0:0/96"));
}

TEST(Cidr, holds_what_shares_its_prefix) {
    EXPECT_TRUE(is_in("10.255.255.255", "10.0.0.0/8"));
    EXPECT_FALSE(is_in("11.0.0.0", "10.0.0.0/8"));
    EXPECT_FALSE(is_in("9.255.255.255", "10.0.0.0/8"));
    EXPECT_TRUE(is_in("10.1.2.2", "10.1.2.3/31"));
    EXPECT_FALSE(is_in("10.1.2.4", "10.1.2.3/31"));
    EXPECT_TRUE(is_in("0.0.0.0", "0.0.0.0/0"));
    EXPECT_TRUE(is_in("255.255.255.255", "1.2.3.4/0"));
    EXPECT_TRUE(is_in("2001:db8:ffff::1", "2001:db8::/32"));
    EXPECT_FALSE(is_in("2001:db9::", "2001:db8::/32"));
    EXPECT_TRUE(is_in("::1", "::1/128"));
    EXPECT_FALSE(is_in("::2", "::1/128"));
    EXPECT_TRUE(is_in("ffff::", "::/0"));
}

TEST(Cidr, is_nothing_else) {
    for (const char* text : {"",
                             "/",
                             "10.0.0.0",
                             "::",
                             "10.0.0.0/",
                             "/8",
                             "10.0.0.0/33",
                             "10.0.0.0/99",
                             "10.0.0.0/128",
                             "10.0.0.0/256",
                             "10.0.0.0/264",
                             "10.0.0.0/08",
                             "10.0.0.0/00",
                             "10.0.0.0/008",
                             "10.0.0.0/+8",
                             "10.0.0.0/-1",
                             "10.0.0.0/ 8",
                             "10.0.0.0/8 ",
                             " 10.0.0.0/8",
                             "10.0.0.0 /8",
                             "10.0.0.0/8/8",
                             "10.0.0.0//8",
                             "10.0.0.0/8a",
                             "10.0.0.0/a",
                             "10.0.0.0/0x8",
                             "10.0.0.0/255.0.0.0",
                             "10.0.0/8",
                             "10/8",
                             "010.0.0.0/8",
                             "::/129",
                             "::/999",
                             "::/1000",
                             "::/4294967296",
                             "::/18446744073709551616",
                             "::/012",
                             "::1%eth0/64",
                             "fe80::1/64%1",
                             "::ffff:1.2.3.4/129",
                             "2001:db8/32"}) {
        Cidr parsed{};
        EXPECT_FALSE(parse_cidr(text, parsed)) << text;
    }
    using namespace std::string_view_literals;
    Cidr parsed{};
    EXPECT_FALSE(parse_cidr("10.0.0.0/8\0"sv, parsed));
    EXPECT_FALSE(parse_cidr("10.0.0.0\0/8"sv, parsed));
}

TEST(Cidr, every_length_splits_at_its_bit) {
    // Of each length: the base itself, every address that differs from it in one bit, and all later bits.
    for (int length = 0; length <= 128; ++length) {
        const Cidr block = cidr("2001:db8:85a3:8d3:1319:8a2e:370:7348/" + std::to_string(length));
        for (int bit = 0; bit < 128; ++bit) {
            Address other = address("2001:db8:85a3:8d3:1319:8a2e:370:7348");
            (bit < 64 ? other.high : other.low) ^= std::uint64_t{1} << (63 - bit % 64);
            EXPECT_EQ(contains(block, other), bit >= length) << length << " " << bit;
        }
    }
    for (int length = 0; length <= 32; ++length) {
        const Cidr block = cidr("203.0.113.195/" + std::to_string(length));
        EXPECT_EQ(block, cidr("::ffff:203.0.113.195/" + std::to_string(length + 96)));
        for (int bit = 0; bit < 32; ++bit) {
            const Address other = v4(0xCB0071C3u ^ std::uint32_t{1} << (31 - bit));
            EXPECT_EQ(contains(block, other), bit >= length) << length << " " << bit;
        }
    }
}

TEST(Cidr, parses_at_compile_time) {
    static constexpr auto inside = [] {
        Cidr block{};
        Address inner{};
        return parse_cidr("2001:db8::/32", block) && parse_address("2001:db8::192.0.2.1", inner) &&
               contains(block, inner);
    }();
    static_assert(inside);
    SUCCEED();
}

// --- generated, against inet_pton ------------------------------------------------------------------

/// What inet_pton says; mapped addresses as IPv4.
bool system_address(const std::string& text, Address& address) {
    if (text.find('\0') != std::string::npos) return false;
    in_addr four{};
    if (inet_pton(AF_INET, text.c_str(), &four) == 1) {
        address = v4(ntohl(four.s_addr));
        return true;
    }
    in6_addr six{};
    if (inet_pton(AF_INET6, text.c_str(), &six) != 1) return false;
    std::array<std::uint64_t, 2> halves{};
    for (std::size_t i = 0; i < 16; ++i) halves[i / 8] = halves[i / 8] << 8 | six.s6_addr[i];
    address =
        IN6_IS_ADDR_V4MAPPED(&six) ? v4(static_cast<std::uint32_t>(halves[1])) : v6(halves[0], halves[1]);
    return true;
}

TEST(Address, agrees_with_inet_pton) {
    std::mt19937 random(1);
    const auto below = [&random](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
    static const char* const groups[] = {"0",
                                         "1",
                                         "f",
                                         "ffff",
                                         "FFFF",
                                         "db8",
                                         "2001",
                                         "00",
                                         "0000",
                                         "12345",
                                         "g",
                                         "1.2.3.4",
                                         "255.255.255.255",
                                         "1.2.3.04",
                                         ""};
    static const char* const octets[] = {"0",   "1",   "9",   "10",  "99", "100", "199",  "200", "249",
                                         "250", "255", "256", "300", "00", "01",  "1000", "a",   ""};
    static constexpr std::string_view bytes = "0123456789abcdefABCDEF::::....gG%/ ";
    std::size_t accepted[2] = {};
    for (int i = 0; i < 400'000; ++i) {
        std::string text;
        switch (below(4)) {
            case 0:
                for (std::size_t n = below(10) == 0 ? below(7) : 4; n > 0; --n) {
                    text += octets[below(below(3) == 0 ? std::size(octets) : 11)];
                    if (n > 1) text += '.';
                }
                break;
            case 1:
            case 2: {
                if (below(6) == 0) text = "::";
                if (below(8) == 0) text = "::ffff:";
                for (std::size_t n = below(2) == 0 ? 8 : below(11); n > 0; --n) {
                    text += groups[below(below(4) == 0 ? std::size(groups) : 9)];
                    if (n > 1) text += below(6) == 0 ? "::" : ":";
                }
                if (below(8) == 0) text += "::";
                if (below(8) == 0) text += ":1.2.3.4";
                break;
            }
            default:
                for (std::size_t n = below(24); n > 0; --n) text += bytes[below(bytes.size())];
        }
        if (below(4) == 0 && !text.empty()) text[below(text.size())] = bytes[below(bytes.size())];
        Address expected{};
        Address parsed{};
        const bool valid = system_address(text, expected);
        ASSERT_EQ(parse_address(text, parsed), valid) << text;
        if (!valid) continue;
        ASSERT_EQ(parsed, expected) << text;
        ++accepted[parsed.v6 ? 1 : 0];
    }
    EXPECT_GT(accepted[0], 20'000u);
    EXPECT_GT(accepted[1], 20'000u);
}

TEST(Address, reads_back_what_inet_ntop_writes) {
    std::mt19937_64 random(2);
    for (int i = 0; i < 50'000; ++i) {
        std::uint64_t high = random();
        std::uint64_t low = random();
        for (int group = 0; group < 4; ++group) {  // runs of zeros, so that gaps of all sizes are written
            if (random() % 2 == 0) high &= ~(std::uint64_t{0xFFFF} << (16 * group));
            if (random() % 2 == 0) low &= ~(std::uint64_t{0xFFFF} << (16 * group));
        }
        in6_addr six{};
        for (std::size_t byte = 0; byte < 16; ++byte) {
            six.s6_addr[byte] = static_cast<std::uint8_t>((byte < 8 ? high : low) >> (56 - 8 * (byte % 8)));
        }
        char text[INET6_ADDRSTRLEN];
        ASSERT_NE(inet_ntop(AF_INET6, &six, text, sizeof text), nullptr);
        ASSERT_EQ(address(text),
                  IN6_IS_ADDR_V4MAPPED(&six) ? v4(static_cast<std::uint32_t>(low)) : v6(high, low))
            << text;
    }
}

}  // namespace
}  // namespace expplat::eval
