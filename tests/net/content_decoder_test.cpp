// Bodies decoded whatever way they are cut, damaged ones refused, bombs stopped by the owner's count.
#include "src/net/content_decoder.hpp"

#include <gtest/gtest.h>
#include <zstd.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>

#include "src/net/gzip.hpp"

namespace expplat::net {
namespace {

std::string zstd(std::string_view bytes) {
    std::string out(ZSTD_compressBound(bytes.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3));
    return out;
}

std::string encoded(const std::string& encoding, std::string_view bytes) {
    if (encoding == "gzip") return gzip(bytes).value();
    return encoding == "zstd" ? zstd(bytes) : std::string(bytes);
}

std::string sample() {
    std::string text;
    std::mt19937 random(1);
    for (int i = 0; i < 200; ++i) text += "event " + std::to_string(random() % 1000) + "\n";
    return text;
}

struct Outcome {
    Result<void> end;
    std::string bytes;
};

/// Decodes pieces of `piece` bytes, or the whole at once.
Outcome decode(const std::string& encoding, std::string_view body, std::size_t piece = std::string::npos) {
    auto decoder = ContentDecoder::open(encoding);
    if (!decoder) return {decoder.error(), {}};
    std::string out;
    const auto sink = [&](std::string_view bytes) {
        EXPECT_LE(bytes.size(), std::max(decoded_piece_bytes, body.size()));
        out += bytes;
        return true;
    };
    while (!body.empty()) {
        const auto fed = (*decoder)->feed(body.substr(0, piece), sink);
        if (!fed) return {fed.error(), out};
        body.remove_prefix(std::min(piece, body.size()));
    }
    return {(*decoder)->finish(), out};
}

class Decoders : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Encodings, Decoders, ::testing::Values("", "gzip", "zstd", "GZIP", "identity"));

TEST_P(Decoders, GiveTheSameBytesHoweverTheyAreCut) {
    const std::string kind = GetParam() == "GZIP" ? "gzip" : GetParam();
    for (const std::string& text : {std::string(), std::string("x"), sample()}) {
        const std::string body = encoded(kind, text);
        for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}, body.size() + 1}) {
            const Outcome outcome = decode(GetParam(), body, piece);
            ASSERT_TRUE(outcome.end) << outcome.end.error().message;
            ASSERT_EQ(outcome.bytes, text) << piece;
        }
        for (std::size_t cut = 0; cut <= body.size(); ++cut) {
            auto decoder = ContentDecoder::open(GetParam());
            std::string out;
            const auto sink = [&](std::string_view bytes) { return out += bytes, true; };
            ASSERT_TRUE((*decoder)->feed(std::string_view(body).substr(0, cut), sink));
            ASSERT_TRUE((*decoder)->feed(std::string_view(body).substr(cut), sink));
            ASSERT_TRUE((*decoder)->finish());
            ASSERT_EQ(out, text);
        }
    }
}

class Compressed : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Encodings, Compressed, ::testing::Values("gzip", "zstd"));

TEST_P(Compressed, CutShortAtAnyByteIsAnError) {
    const std::string body = encoded(GetParam(), sample());
    for (std::size_t size = 1; size < body.size(); ++size) {
        const Outcome outcome = decode(GetParam(), std::string_view(body).substr(0, size));
        ASSERT_FALSE(outcome.end) << size;
        EXPECT_EQ(outcome.end.error().code, ErrorCode::network);
    }
    EXPECT_TRUE(decode(GetParam(), "").end) << "an empty body is sent with an encoding too";
}

TEST_P(Compressed, SeveralMembersAreOneText) {
    const std::string body =
        encoded(GetParam(), "one") + encoded(GetParam(), "") + encoded(GetParam(), "two");
    for (const std::size_t piece : {1u, 3u, 1000u}) {
        const Outcome outcome = decode(GetParam(), body, piece);
        ASSERT_TRUE(outcome.end) << outcome.end.error().message;
        EXPECT_EQ(outcome.bytes, "onetwo");
    }
    EXPECT_FALSE(decode(GetParam(), body + "garbage").end);
    EXPECT_FALSE(decode(GetParam(), body + "\x1f").end);
}

TEST_P(Compressed, GarbageAndFlippedBitsNeverCrash) {
    EXPECT_FALSE(decode(GetParam(), "this is no encoded text at all").end);
    const std::string body = encoded(GetParam(), sample());
    std::mt19937 random(7);
    std::size_t refused = 0;
    for (int i = 0; i < 2'000; ++i) {
        std::string spoilt = body;
        spoilt[random() % spoilt.size()] ^= static_cast<char>(1u << (random() % 8));
        const Outcome outcome = decode(GetParam(), spoilt, 1 + random() % 64);
        if (!outcome.end) ++refused;
        EXPECT_LE(outcome.bytes.size(), std::size_t{1} << 24);
    }
    EXPECT_GT(refused, 500u);
}

TEST_P(Compressed, ABombStopsWhereItsOwnerSaysSo) {
    const std::string bomb = encoded(GetParam(), std::string(std::size_t{64} << 20, '\0'));
    EXPECT_LT(bomb.size(), std::size_t{400} << 10);
    auto decoder = ContentDecoder::open(GetParam());
    std::size_t bytes = 0, calls = 0;
    const auto fed = (*decoder)->feed(bomb, [&](std::string_view piece) {
        EXPECT_LE(piece.size(), decoded_piece_bytes);
        bytes += piece.size();
        ++calls;
        return bytes <= (std::size_t{1} << 20);
    });
    ASSERT_TRUE(fed);
    EXPECT_FALSE(*fed);
    EXPECT_LE(bytes, (std::size_t{1} << 20) + decoded_piece_bytes);
    EXPECT_LE(calls, 18u);
}

TEST(Decoding, AFrameThatWantsAHugeWindowIsRefused) {
    // Magic, a frame head with window log 31 (exponent 21), then nothing more.
    const std::string frame("\x28\xb5\x2f\xfd\x00\xa8", 6);
    EXPECT_FALSE(decode("zstd", frame + std::string(16, '\0')).end);
}

// A libzstd that knows the formats of before RFC 8878 read these bytes as a whole and refused them in pieces.
TEST(Decoding, AFrameOfAnOlderZstdIsRefusedHoweverItIsCut) {
    const std::string old_frame("\x25\xb5\x2f\xfd\x00\xe3he", 8);
    const std::string after_one = zstd("one") + old_frame;
    for (const std::string& body : {old_frame, after_one}) {
        for (std::size_t piece = 1; piece <= body.size(); ++piece) {
            EXPECT_FALSE(decode("zstd", body, piece).end) << piece;
        }
    }
}

TEST(Decoding, AFrameToBeSkippedIsSkipped) {
    const std::string skipped("\x5a\x2a\x4d\x18\x03\x00\x00\x00xyz", 11);
    const std::string body = skipped + zstd("one") + skipped + zstd("two");
    for (std::size_t piece = 1; piece <= body.size(); ++piece) {
        const auto decoded = decode("zstd", body, piece);
        EXPECT_TRUE(decoded.end);
        EXPECT_EQ(decoded.bytes, "onetwo") << piece;
    }
}

TEST(Decoding, AnEncodingThatWasNotAskedForIsAnError) {
    for (const char* encoding : {"br", "deflate", "gzip, zstd", "compress"}) {
        const auto decoder = ContentDecoder::open(encoding);
        ASSERT_FALSE(decoder) << encoding;
        EXPECT_EQ(decoder.error().code, ErrorCode::network);
    }
}

TEST(Gzip, RoundTripsTextsOfAllSizes) {
    std::mt19937 random(3);
    for (const std::size_t size : {0u, 1u, 4095u, 4096u, 100'000u, 1'000'000u}) {
        std::string text(size, '\0');
        for (char& c : text) c = static_cast<char>(random());
        const auto body = gzip(text);
        ASSERT_TRUE(body);
        EXPECT_EQ(decode("gzip", *body).bytes, text);
    }
    EXPECT_LT(gzip(sample())->size(), sample().size() / 2);
}

}  // namespace
}  // namespace expplat::net
