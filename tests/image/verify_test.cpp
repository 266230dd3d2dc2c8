// `image::verify`: any bytes in, a `View` or a refusal out (ARCHITECTURE.md, decision 1).
//
// Damage is refused by name. A change whose checksum is made right again is either refused or safe for whatever a
// host does with the image: under AddressSanitizer that proves the bounds. Images made by hand are in
// `hostile_test.cpp`.
#include "expplat/image/verify.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "src/ruleset/workspace.hpp"
#include "tests/eval/compiled.hpp"
#include "tests/image/sample.hpp"

namespace expplat::tests {
namespace {

using image::Buffer;
using image::Header;

// ---- what is refused by name ----

TEST(Verify, AcceptsWhatTheLinkerWrote) {
    EXPECT_EQ(refusal(copy_of(sample())), "accepted");
    const CompiledRuleset empty(document(""));
    EXPECT_EQ(refusal(copy_of(empty)), "accepted");
    EXPECT_GT(exercise(sample().view(), sample_users(), true), 0u);
}

TEST(Verify, RefusesBytesThatAreNoImage) {
    EXPECT_EQ(refusal(buffer_of(nullptr, 0)), "invalid_image: these bytes are no expplat image");
    EXPECT_EQ(image::verify({}).error().code, ErrorCode::invalid_image);
    const std::string json(200, ' ');
    EXPECT_EQ(refusal(buffer_of(reinterpret_cast<const std::byte*>(json.data()), json.size())),
              "invalid_image: these bytes are no expplat image");
    for (std::size_t i = 0; i < sizeof image::magic; ++i) {
        Buffer bytes = copy_of(sample());
        edit<char>(bytes, i) = static_cast<char>(edit<char>(bytes, i) ^ 0x20);
        fix_checksum(bytes);
        EXPECT_EQ(refusal(bytes), "invalid_image: these bytes are no expplat image") << i;
    }
}

TEST(Verify, RefusesTheOtherByteOrder) {
    Buffer bytes = copy_of(sample());
    edit<Header>(bytes, 0).byte_order = 0x04030201u;
    fix_checksum(bytes);
    EXPECT_NE(refusal(bytes).find("byte order"), std::string::npos) << refusal(bytes);
}

TEST(Verify, RefusesAnotherVersionByName) {
    for (const std::uint32_t version : {0u, image::image_version + 1, 0xFFFFFFFFu}) {
        Buffer bytes = copy_of(sample());
        edit<Header>(bytes, 0).image_version = version;  // an older or newer release has another checksum too
        const Result<image::View> view = verified(bytes);
        ASSERT_FALSE(view.ok());
        EXPECT_EQ(view.error().code, ErrorCode::image_version);
        EXPECT_NE(view.error().message.find(std::to_string(version)), std::string::npos)
            << view.error().message;
    }
    Buffer bytes = copy_of(sample());
    edit<Header>(bytes, 0).hash_version = hash_version + 1;
    fix_checksum(bytes);
    EXPECT_EQ(verified(bytes).error().code, ErrorCode::image_version);
}

TEST(Verify, RefusesAnotherSize) {
    const Buffer whole = copy_of(sample());
    const Buffer longer = [&] {
        std::vector<std::byte> bytes(whole.data(), whole.data() + whole.size());
        bytes.resize(bytes.size() + 8);
        return buffer_of(bytes.data(), bytes.size());
    }();
    EXPECT_NE(refusal(longer).find("should have " + std::to_string(whole.size()) + " bytes and has " +
                                   std::to_string(whole.size() + 8)),
              std::string::npos)
        << refusal(longer);
    Buffer odd = buffer_of(whole.data(), whole.size() - 4);
    edit<Header>(odd, 0).size = odd.size();
    EXPECT_NE(refusal(odd).find("not one that an image can have"), std::string::npos) << refusal(odd);
    Buffer tiny = buffer_of(whole.data(), sizeof(Header));
    edit<Header>(tiny, 0).size = tiny.size();
    fix_checksum(tiny);
    EXPECT_NE(refusal(tiny).find("not one that an image can have"), std::string::npos) << refusal(tiny);
}

TEST(Verify, RefusesAWrongChecksum) {
    Buffer bytes = copy_of(sample());
    edit<Header>(bytes, 0).ruleset_version ^= 1;
    EXPECT_NE(refusal(bytes).find("checksum"), std::string::npos) << refusal(bytes);
}

TEST(Verify, RefusesMemoryThatIsNotAligned) {
    const std::size_t size = sample().bytes().size();
    Buffer bytes(size + 8);
    for (std::size_t shift = 1; shift < 8; ++shift) {
        std::memcpy(bytes.data() + shift, sample().bytes().data(), size);
        const Result<image::View> view = image::verify({bytes.data() + shift, size});
        ASSERT_FALSE(view.ok());
        EXPECT_EQ(view.error().code, ErrorCode::invalid_argument);
    }
}

// ---- damage ----

TEST(Verify, RefusesEveryDamagedBit) {
    Buffer bytes = copy_of(sample());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            const std::byte good = bytes.data()[i];
            bytes.data()[i] ^= std::byte{1} << bit;
            ASSERT_FALSE(verified(bytes).ok()) << "byte " << i << ", bit " << bit;
            bytes.data()[i] = good;
        }
    }
}

TEST(Verify, RefusesEveryTruncation) {
    for (std::size_t size = 0; size < sample().bytes().size(); ++size) {
        ASSERT_FALSE(verified(buffer_of(sample().bytes().data(), size)).ok()) << size;
    }
}

// Under a sanitizer, which is a few times slower, fewer bits of each byte; the words below find the rest.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EXPPLAT_FEWER_FLIPS 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(EXPPLAT_FEWER_FLIPS)
constexpr unsigned masks[] = {0x01, 0x10, 0xFF};
#else
constexpr unsigned masks[] = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF};
#endif

class Damage : public ::testing::Test {
protected:
    /// With the checksum made right: refused, or safe.
    void try_bytes(Buffer& bytes) {
        fix_checksum(bytes);
        const Result<image::View> view = verified(bytes);
        if (!view) {
            ++refused_;
            return;
        }
        ++accepted_;
        seen_ += exercise(*view, users_, accepted_ % 16 == 0);
    }

    std::vector<User> users_ = sample_users();
    std::size_t refused_ = 0;
    std::size_t accepted_ = 0;
    std::size_t seen_ = 0;
};

TEST_F(Damage, EveryFlippedByteWithItsChecksumMadeRightIsRefusedOrSafe) {
    Buffer bytes = copy_of(sample());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        for (const unsigned mask : masks) {
            const std::byte good = bytes.data()[i];
            bytes.data()[i] ^= std::byte(mask);
            try_bytes(bytes);
            bytes.data()[i] = good;
        }
    }
    EXPECT_GT(refused_, bytes.size() / 4) << "references are checked";
    EXPECT_GT(accepted_, bytes.size() / 4) << "texts and numbers are data";
}

TEST_F(Damage, EveryWordOfAnInterestingValueIsRefusedOrSafe) {
    Buffer bytes = copy_of(sample());
    const auto size = static_cast<std::uint32_t>(bytes.size());
    for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
        const std::uint32_t good = edit<std::uint32_t>(bytes, i);
        for (const std::uint32_t value : {0u, 1u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFEu, 0xFFFFFFFFu, size,
                                          size - 16, good + 1, good - 1, good + 4, good + 8}) {
            edit<std::uint32_t>(bytes, i) = value;
            try_bytes(bytes);
        }
        edit<std::uint32_t>(bytes, i) = good;
    }
    EXPECT_GT(refused_, bytes.size() / 4);
    EXPECT_GT(accepted_, 0u);
}

TEST_F(Damage, EveryTruncationWithItsSizeMadeRightIsRefusedOrSafe) {
    for (std::size_t size = sizeof(Header); size < sample().bytes().size(); size += 8) {
        Buffer bytes = buffer_of(sample().bytes().data(), size);
        edit<Header>(bytes, 0).size = size;
        try_bytes(bytes);
    }
    EXPECT_EQ(accepted_, 0u) << "what is cut off was in use";
}

}  // namespace
}  // namespace expplat::tests
