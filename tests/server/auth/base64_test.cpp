// Base64 without padding: RFC 4648's examples, and one spelling a value.
#include "server/auth/base64.hpp"

#include <gtest/gtest.h>

#include <string>

namespace expplat::server::auth {
namespace {

TEST(Base64, WritesAndReadsTheExamplesOfRfc4648) {
    const std::pair<const char*, const char*> examples[] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"},
    };
    for (const auto& [bytes, text] : examples) {
        EXPECT_EQ(encode_base64(std::string_view(bytes)), text);
        EXPECT_EQ(decode_base64(text), bytes);
    }
}

TEST(Base64, KeepsItsAlphabetsApart) {
    const std::string bytes = "\xFB\xFF\xBF";
    EXPECT_EQ(encode_base64(bytes), "-_-_");
    EXPECT_EQ(encode_base64(bytes, Alphabet::standard), "+/+/");
    EXPECT_EQ(decode_base64("-_-_"), bytes);
    EXPECT_EQ(decode_base64("+/+/", Alphabet::standard), bytes);
    EXPECT_FALSE(decode_base64("+/+/"));
    EXPECT_FALSE(decode_base64("-_-_", Alphabet::standard));
}

TEST(Base64, RefusesASecondSpelling) {
    for (const char* text : {"Zg==", "Zh", "Zm9", "Z", "Zm9vY", "Zm 9v", "Zm9v\n", "Zm9v=", "Zm.v"}) {
        EXPECT_FALSE(decode_base64(text)) << text;
    }
    EXPECT_FALSE(decode_base64(std::string_view("Zm\0v", 4)));
}

TEST(Base64, ReadsBackAnyByte) {
    std::string bytes;
    for (int i = 0; i < 256; ++i) {
        bytes += static_cast<char>(i);
        EXPECT_EQ(decode_base64(encode_base64(bytes)), bytes);
        EXPECT_EQ(decode_base64(encode_base64(bytes, Alphabet::standard), Alphabet::standard), bytes);
    }
}

}  // namespace
}  // namespace expplat::server::auth
