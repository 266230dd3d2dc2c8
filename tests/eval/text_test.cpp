// Text operators against RULESET.md's rows and loops over single bytes.
#include "expplat/eval/text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <string_view>

namespace expplat::eval {
namespace {

using namespace std::string_view_literals;

std::string slow_folded(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
}

bool slow_contains(const std::string& value, const std::string& needle) {
    for (std::size_t i = 0; i + needle.size() <= value.size(); ++i) {
        std::size_t same = 0;
        while (same < needle.size() && value[i + same] == needle[same]) ++same;
        if (same == needle.size()) return true;
    }
    return false;
}

int sign(int order) { return order < 0 ? -1 : order > 0 ? 1 : 0; }

/// A copy that ends where its memory ends, so that the address sanitizer sees a read past it.
struct Exact {
    explicit Exact(std::string_view text) : bytes(new char[text.size()]), size(text.size()) {
        std::copy(text.begin(), text.end(), bytes.get());
    }
    [[nodiscard]] std::string_view view() const { return {bytes.get(), size}; }
    std::unique_ptr<char[]> bytes;
    std::size_t size;
};

void expect_agreement(std::string_view value_text, std::string_view part_text) {
    const Exact value_bytes(value_text);
    const Exact part_bytes(part_text);
    const std::string_view value = value_bytes.view();
    const std::string_view part = part_bytes.view();
    const std::string a(value);
    const std::string b(part);
    const std::string folded_a = slow_folded(a);
    const std::string folded_b = slow_folded(b);
    const auto begins = [](const std::string& x, const std::string& y) {
        return x.size() >= y.size() && x.compare(0, y.size(), y) == 0;
    };
    const auto ends = [](const std::string& x, const std::string& y) {
        return x.size() >= y.size() && x.compare(x.size() - y.size(), y.size(), y) == 0;
    };
    ASSERT_EQ(equal(value, part), a == b) << a << "|" << b;
    ASSERT_EQ(contains(value, part), slow_contains(a, b)) << a << "|" << b;
    ASSERT_EQ(starts_with(value, part), begins(a, b)) << a << "|" << b;
    ASSERT_EQ(ends_with(value, part), ends(a, b)) << a << "|" << b;
    ASSERT_EQ(equal_folded(value, part), folded_a == folded_b) << a << "|" << b;
    ASSERT_EQ(contains_folded(value, part), slow_contains(folded_a, folded_b)) << a << "|" << b;
    ASSERT_EQ(starts_with_folded(value, part), begins(folded_a, folded_b)) << a << "|" << b;
    ASSERT_EQ(ends_with_folded(value, part), ends(folded_a, folded_b)) << a << "|" << b;
    ASSERT_EQ(sign(compare_folded(value, part)), sign(folded_a.compare(folded_b))) << a << "|" << b;
}

TEST(Text, folds_ascii_letters_only) {
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        const int expected = byte >= 'A' && byte <= 'Z' ? byte + 32 : byte;
        EXPECT_EQ(static_cast<unsigned char>(fold(c)), expected);
        EXPECT_EQ(is_digit(c), byte >= '0' && byte <= '9');
        // The same in every place of eight bytes, beside neighbours that could carry into it.
        for (std::size_t place = 0; place < 8; ++place) {
            for (const char neighbour : {'\0', '\xFF', 'Z', '\x7F', '\x80'}) {
                std::string text(8, neighbour);
                text[place] = c;
                EXPECT_TRUE(equal_folded(text, slow_folded(text)));
                std::string other = text;
                other[place] = static_cast<char>(expected ^ 1);
                EXPECT_FALSE(equal_folded(text, other)) << byte << " " << place;
            }
        }
    }
}

TEST(Text, bytes_are_bytes) {
    EXPECT_TRUE(equal_folded("DE", "de"));
    EXPECT_FALSE(equal("DE", "de"));
    EXPECT_FALSE(equal_folded("\xC3\x89ire", "\xC3\xA9ire"));  // É, é
    EXPECT_FALSE(equal_folded("`", "@"));
    EXPECT_FALSE(equal_folded("{", "["));
    EXPECT_FALSE(equal_folded("K", "\xE2\x84\xAA"));  // the Kelvin sign
    EXPECT_TRUE(contains_folded("x\xC3\x89IRE", "\xC3\x89ire"));
    EXPECT_TRUE(contains("\xC3\x89", "\x89"));  // half a character is a substring of bytes
}

TEST(Text, u0000_is_ordinary) {
    EXPECT_TRUE(equal_folded("A\0B"sv, "a\0b"sv));
    EXPECT_FALSE(equal_folded("a\0b"sv, "a\0c"sv));
    EXPECT_FALSE(equal("a\0b"sv, "a"sv));
    EXPECT_TRUE(contains("xa\0bx"sv, "\0b"sv));
    EXPECT_FALSE(contains("xa\0bx"sv, "\0c"sv));
    EXPECT_TRUE(contains_folded("0123456789A\0Bx"sv, "a\0b"sv));
    EXPECT_TRUE(ends_with("a\0"sv, "\0"sv));
    EXPECT_FALSE(ends_with("a"sv, "\0"sv));
    EXPECT_TRUE(starts_with_folded("A\0B"sv, "a\0"sv));
}

TEST(Text, the_empty_text_is_part_of_every_text) {
    for (const std::string_view value : {std::string_view{}, ""sv, "a"sv, "0123456789abcdef"sv}) {
        for (const std::string_view part : {std::string_view{}, ""sv}) {
            EXPECT_TRUE(contains(value, part) && starts_with(value, part) && ends_with(value, part));
            EXPECT_TRUE(contains_folded(value, part) && starts_with_folded(value, part) &&
                        ends_with_folded(value, part));
            EXPECT_EQ(equal(value, part), value.empty());
            EXPECT_EQ(equal_folded(value, part), value.empty());
        }
    }
    EXPECT_FALSE(contains("", "a") || starts_with("", "a") || ends_with("", "a"));
    EXPECT_FALSE(contains_folded("", "a") || starts_with_folded("", "a") || ends_with_folded("", "a"));
}

TEST(Text, works_at_compile_time) {
    static_assert(contains("email@example.com", "@") && !contains("a", "b"));
    static_assert(contains_folded("Mozilla/5.0 (Windows NT 10.0)", "windows nt") &&
                  !contains_folded("abcdefghijk", "X"));
    static_assert(equal_folded("CheckOut-CTA", "checkout-cta") && ends_with_folded("A.COM", ".com"));
    static_assert(starts_with_folded("HTTPS://x", "https") && compare_folded("A", "b") < 0);
    SUCCEED();
}

TEST(Text, finds_a_needle_of_every_size_at_every_place) {
    for (std::size_t size = 0; size <= 34; ++size) {
        for (std::size_t begin = 0; begin <= size; ++begin) {
            for (std::size_t end = begin; end <= size; ++end) {
                std::string value(size, 'x');
                for (std::size_t i = begin; i < end; ++i)
                    value[i] = static_cast<char>('A' + (i - begin) % 20);
                std::string needle = value.substr(begin, end - begin);
                expect_agreement(value, needle);
                expect_agreement(value, slow_folded(needle));
                if (!needle.empty()) {
                    needle[needle.size() / 2] = '!';  // almost
                    expect_agreement(value, needle);
                }
            }
        }
    }
}

TEST(Text, agrees_with_loops_over_bytes) {
    std::mt19937 random(1);
    const auto below = [&random](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
    static constexpr std::string_view letters = "aAbB\0@`[{\xC3\xE3\x80"sv;
    const auto text = [&](std::size_t most, std::size_t kinds) {
        std::string result(below(most + 1), '\0');
        for (char& c : result) c = letters[below(kinds)];
        return result;
    };
    for (int i = 0; i < 100'000; ++i) {
        const std::size_t kinds = below(2) == 0 ? 4 : letters.size();
        const std::string value = text(below(4) == 0 ? 80 : 20, kinds);
        std::string part = text(below(3) == 0 ? 12 : 4, kinds);
        if (!value.empty() && below(3) == 0) part = value.substr(below(value.size()));
        if (!part.empty() && below(3) == 0) part.resize(below(part.size() + 1));
        for (char& c : part) {
            if (below(4) == 0) c = c == 'a' ? 'A' : c == 'B' ? 'b' : c;
        }
        expect_agreement(value, part);
        expect_agreement(part, part + value);
        expect_agreement(value, slow_folded(value));
    }
}

}  // namespace
}  // namespace expplat::eval
