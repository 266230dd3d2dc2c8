// `fingerprint`: SHA-256 over framed texts, so that no two lists share one.
#include "src/net/fingerprint.hpp"

#include <gtest/gtest.h>

namespace expplat::tests {
namespace {

using net::fingerprint;

TEST(Fingerprint, IsSha256) {
    // `printf '' | sha256sum`; `printf '\1\0\0\0\0\0\0\0a' | sha256sum`
    EXPECT_EQ(fingerprint({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(fingerprint({"a"}), "ae6121c88ba555f64c3d812123eb799d128015541f850c5e9bf1d54c08ad8481");
}

TEST(Fingerprint, TellsWhereATextEnds) {
    EXPECT_NE(fingerprint({"ab", "c"}), fingerprint({"a", "bc"}));
    EXPECT_NE(fingerprint({"ab"}), fingerprint({"ab", ""}));
    EXPECT_EQ(fingerprint({"ab", "c"}), fingerprint({"ab", "c"}));
}

}  // namespace
}  // namespace expplat::tests
