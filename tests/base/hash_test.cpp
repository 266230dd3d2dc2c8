// `hash64` and `name_word`: what look-ups inside an image rest on.
//
// Values are pinned: an image of another function's values would find nothing, so a change here must come with a new
// `hash_version`.
#include "expplat/base/hash.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "expplat/base/name.hpp"
#include "expplat/base/version_key.hpp"

namespace expplat {
namespace {

[[nodiscard]] std::string bytes(std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>((i * 131 + size) & 0xFF);
    return text;
}

TEST(Hash, IsTheSameAtCompileTimeAndAtRunTime) {
    constexpr std::string_view texts[] = {"",
                                          "a",
                                          "ab",
                                          "abc",
                                          "abcd",
                                          "abcdefg",
                                          "abcdefgh",
                                          "abcdefghijklmnop",
                                          "abcdefghijklmnopq",
                                          "a text of more than thirty-two bytes, to have two rounds"};
    constexpr std::uint64_t hashes[] = {
        hash64(texts[0]), hash64(texts[1]), hash64(texts[2]), hash64(texts[3]), hash64(texts[4]),
        hash64(texts[5]), hash64(texts[6]), hash64(texts[7]), hash64(texts[8]), hash64(texts[9])};
    for (std::size_t i = 0; i < std::size(texts); ++i) {
        const std::string copy(texts[i]);
        EXPECT_EQ(hash64(copy), hashes[i]) << copy;
    }
}

TEST(Hash, NeedsANewVersionWhenItChanges) {
    ASSERT_EQ(hash_version, 1u) << "a new version: pin its values below";
    std::uint64_t all = 0;
    for (std::size_t size = 0; size <= 200; ++size) all = all * 31 + hash64(bytes(size));
    EXPECT_EQ(all, 0xB250576B8FF6221Du);
}

TEST(Hash, ReadsNothingOutsideTheText) {
    for (std::size_t size = 0; size <= 70; ++size) {
        const std::string text = bytes(size);
        const auto exact =
            std::make_unique<char[]>(size);  // ends where the text ends, for the address sanitizer
        text.copy(exact.get(), size);
        const std::string shifted = "x" + text + "y";
        EXPECT_EQ(hash64({exact.get(), size}), hash64(text));
        EXPECT_EQ(hash64(std::string_view(shifted).substr(1, size)), hash64(text)) << "wherever it stands";
    }
}

TEST(Hash, DependsOnEveryBitAndOnTheSize) {
    for (const std::size_t size : {1u, 2u, 3u, 4u, 7u, 8u, 15u, 16u, 17u, 31u, 32u, 33u, 64u, 128u}) {
        std::string text = bytes(size);
        std::set<std::uint64_t> seen{hash64(text)};
        for (std::size_t bit = 0; bit < 8 * size; ++bit) {
            text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
            seen.insert(hash64(text));
            text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
        }
        EXPECT_EQ(seen.size(), 8 * size + 1) << size;
    }
    std::set<std::uint64_t> zeros;
    for (std::size_t size = 0; size < 300; ++size) zeros.insert(hash64(std::string(size, '\0')));
    EXPECT_EQ(zeros.size(), 300u);
}

/// The index takes the lower bits for the slot and the upper half for the tag.
TEST(Hash, SpreadsUsualKeysOverBothHalves) {
    constexpr std::size_t keys = 1 << 16;
    constexpr std::size_t slots = 1 << 10;
    std::size_t low[slots] = {};
    std::size_t high[slots] = {};
    std::set<std::uint64_t> all;
    for (std::size_t i = 0; i < keys; ++i) {
        const std::uint64_t hash = hash64("flag-" + std::to_string(i));
        all.insert(hash);
        ++low[hash % slots];
        ++high[hash >> 54];
    }
    EXPECT_EQ(all.size(), keys);
    double chi_low = 0;
    double chi_high = 0;
    constexpr double expected = static_cast<double>(keys) / slots;
    for (std::size_t i = 0; i < slots; ++i) {
        chi_low +=
            (static_cast<double>(low[i]) - expected) * (static_cast<double>(low[i]) - expected) / expected;
        chi_high +=
            (static_cast<double>(high[i]) - expected) * (static_cast<double>(high[i]) - expected) / expected;
    }
    // 1,023 degrees of freedom: mean 1,023, deviation 45; six deviations.
    EXPECT_LT(chi_low, 1'295.0);
    EXPECT_LT(chi_high, 1'295.0);
}

TEST(NameWord, IsTheNameItselfWithItsSizeUpToSevenBytes) {
    EXPECT_EQ(name_word(""), 0u);
    EXPECT_EQ(name_word("a"), 0x0100000000000061u);
    EXPECT_EQ(name_word("ba"), 0x0200000000006162u);
    EXPECT_EQ(name_word("1234567"), 0x0737363534333231u);
    EXPECT_EQ(name_word("\xFF"), 0x01000000000000FFu);
    EXPECT_NE(name_word("a"), name_word(std::string_view("a\0", 2))) << "the size tells them apart";
    EXPECT_FALSE(is_hashed_name(name_word("\xFF\xFF\xFF\xFF\xFF\xFF\xFF")));
    static_assert(name_word("country") == 0x077972746E756F63u);
}

TEST(NameWord, IsAHashOfALongerNameAndSaysSo) {
    EXPECT_EQ(name_word("12345678") << 1, hash64("12345678") >> 1 << 1);
    EXPECT_TRUE(is_hashed_name(name_word("12345678")));
    EXPECT_TRUE(is_hashed_name(name_word(std::string(70'000, 'a'))));
}

TEST(VersionKey, OrdersShortVersionsAndRefusesAllOthers) {
    const auto key = [](std::string_view text) {
        std::uint64_t number = 7;
        return version_key(text, number) ? std::to_string(number) : "no " + std::to_string(number);
    };
    EXPECT_EQ(key("1.2.3.4"), std::to_string(0x0001000200030004u));
    EXPECT_EQ(key("v65535.0.65535"), std::to_string(0xFFFF0000FFFF0000u));
    EXPECT_EQ(key("V007"), std::to_string(0x0007000000000000u));
    EXPECT_EQ(key("1.2"), key("1.2.0.0"));
    EXPECT_EQ(key("0"), "0");
    for (const std::string_view text :
         {"", "v", "x", "1.", ".1", "1..2", "1.2.3.4.5", "1.2.3.4.", "65536", "1.-2",
          "99999999999999999999999", "1-a", "1+b", " 1", "1 ", "vv1", "1.v2"}) {
        EXPECT_EQ(key(text), "no 7") << text;
    }
}

}  // namespace
}  // namespace expplat
