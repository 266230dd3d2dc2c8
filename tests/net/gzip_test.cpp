// Bodies are gzip members that another reader of RFC 1952 (zlib's inflate) gives back byte for byte.
#include "src/net/gzip.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

namespace expplat::net {
namespace {

std::string gunzip(const std::string& member) {
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    std::string out(std::size_t{4} << 20, '\0');
    std::string in = member;
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    EXPECT_EQ(stream.avail_in, 0u);
    out.resize(stream.total_out);
    inflateEnd(&stream);
    return out;
}

TEST(Gzip, GivesBackWhatItWasGiven) {
    std::mt19937 random(1);
    for (const std::size_t size : {0u, 1u, 100u, 65'536u, 1'048'576u}) {
        std::string noise(size, '\0');
        for (char& c : noise) c = static_cast<char>(random());
        for (const std::string& text : {std::string(size, 'x'), noise}) {
            const auto compressed = gzip(text);
            ASSERT_TRUE(compressed);
            EXPECT_EQ(gunzip(*compressed), text);
        }
    }
}

TEST(Gzip, EventsShrink) {
    std::string text;
    for (int i = 0; i < 500; ++i)
        text += R"({"v":1,"type":"exposure","experiment":"checkout-cta","n":)" + std::to_string(i);
    EXPECT_LT(gzip(text)->size(), text.size() / 8);
}

}  // namespace
}  // namespace expplat::net
