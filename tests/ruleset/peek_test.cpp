// `peek_version`: found wherever it stands and however its name is written; nothing of what is no version.
#include "src/ruleset/peek.hpp"

#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace expplat::tests {
namespace {

using ruleset::peek_version;

TEST(PeekVersion, FindsTheMember) {
    EXPECT_EQ(peek_version(R"({"version": 7})"), 7u);
    EXPECT_EQ(peek_version(
                  R"( {"format":"expplat.ruleset/1","environment":"a","version":1763902800123,"flags":{}})"),
              1'763'902'800'123u);
    EXPECT_EQ(peek_version(R"({"base": 1, "version":2 , "set": {}})"), 2u);
    EXPECT_EQ(peek_version(R"({"version": 9007199254740991})"), 9'007'199'254'740'991u);
}

TEST(PeekVersion, StepsOverWhatIsInside) {
    EXPECT_EQ(
        peek_version(
            R"({"flags": {"version": 1, "a": [{"version": 2}, "}]", "\"version\": 3"]}, "version": 4})"),
        4u);
    EXPECT_EQ(peek_version(R"({"a": true, "b": null, "c": -1.5e3, "d": "", "e": [], "version": 4})"), 4u);
}

TEST(PeekVersion, ReadsNamesWithEscapes) {
    EXPECT_EQ(peek_version(R"({"\u0076ersion": 5})"), 5u);
    EXPECT_EQ(peek_version(R"({"\"version": 1, "version\\": 2, "version": 6})"), 6u);
}

TEST(PeekVersion, SaysNothingOfWhatIsNoVersion) {
    for (const char* text : {"",
                             " ",
                             "[]",
                             "7",
                             "{",
                             "{}",
                             R"({"version")",
                             R"({"version":)",
                             R"({"version": })",
                             R"({"version": "7"})",
                             R"({"version": -1})",
                             R"({"version": 1.5})",
                             R"({"version": 1e3})",
                             R"({"version": 9007199254740992})",
                             R"({"version": 99999999999999999999999})",
                             R"({"version": null})",
                             R"({"versions": 1})",
                             R"({"a": {"version": 1}})",
                             R"({"a": [1, 2)",
                             R"({"a": "open)",
                             R"({a: 1, "version": 2})",
                             R"({"a" 1, "version": 2})"}) {
        EXPECT_EQ(peek_version(text), std::nullopt) << text;
    }
}

TEST(PeekVersion, IsSafeOnEveryPrefix) {
    const std::string whole = R"({"a": {"b": [1, "x\\", {}]}, "\u0062": -0.5, "version": 12})";
    for (std::size_t size = 0; size < whole.size(); ++size) {
        // Each prefix in memory of its own, so that a read past the end is found.
        const std::string prefix = whole.substr(0, size);
        const std::optional<std::uint64_t> version = peek_version(prefix);
        EXPECT_TRUE(!version || *version == 1 || *version == 12) << prefix;
    }
    EXPECT_EQ(peek_version(whole), 12u);
}

}  // namespace
}  // namespace expplat::tests
