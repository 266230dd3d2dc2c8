// What request targets mean, and which are refused.
#include "server/http/target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace expplat::server::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

Target parsed(std::string_view target, std::string_view method = "GET") {
    Result<Target> result = parse_target(method, target);
    EXPECT_TRUE(result.ok()) << target << ": " << (result.ok() ? "" : result.error().message);
    return result.ok() ? std::move(*result) : Target{};
}

TEST(Target, SplitsThenDecodes) {
    EXPECT_THAT(parsed("/a%20b/c%2Bd/e+f").segments, ElementsAre("a b", "c+d", "e+f"));
    EXPECT_THAT(parsed("/%C3%A4/%F0%9F%98%80").segments, ElementsAre("\u00e4", "\U0001F600"));
    EXPECT_THAT(parsed("/...").segments, ElementsAre("..."));
}

TEST(Target, HasNoSegmentsAtTheRoot) {
    EXPECT_THAT(parsed("/").segments, IsEmpty());
    EXPECT_THAT(parsed("/?a=b").segments, IsEmpty());
    EXPECT_THAT(parsed("*", "OPTIONS").segments, IsEmpty());
}

/// A flag's key may have a slash.
TEST(Target, KeepsAnEncodedSlashInItsSegment) {
    EXPECT_THAT(parsed("/flags/a%2Fb/c").segments, ElementsAre("flags", "a/b", "c"));
    EXPECT_THAT(parsed("/%2f..%2F").segments, ElementsAre("/../"));
}

TEST(Target, DropsATrailingSlash) { EXPECT_THAT(parsed("/a/b/").segments, ElementsAre("a", "b")); }

TEST(Target, ReducesTheAbsoluteFormToItsPath) {
    EXPECT_THAT(parsed("http://host:80/a/b?c=d").segments, ElementsAre("a", "b"));
    EXPECT_THAT(parsed("HTTPS://host/a?c=d").query, ElementsAre(Pair("c", "d")));
    EXPECT_THAT(parsed("http://host").segments, IsEmpty());
    EXPECT_THAT(parsed("http://host?x").query, ElementsAre(Pair("x", "")));
}

TEST(Target, DecodesTheQuery) {
    EXPECT_THAT(parsed("/a?x=1&y=a+b%2Bc&x=%26&flag&=v&&z==").query,
                ElementsAre(Pair("x", "1"), Pair("y", "a b+c"), Pair("x", "&"), Pair("flag", ""),
                            Pair("", "v"), Pair("z", "=")));
    EXPECT_THAT(parsed("/a?/b/../c?d").query, ElementsAre(Pair("/b/../c?d", "")));
}

TEST(Target, TakesAHundredMembersAndNoMore) {
    std::string target = "/?a";
    for (std::size_t i = 1; i < query_members; ++i) target += "&a";
    EXPECT_EQ(parsed(target).query.size(), query_members);
    EXPECT_FALSE(parse_target("GET", target + "&a").ok());
}

TEST(Target, RefusesWhatCouldBeAnotherPathToSomebodyElse) {
    for (const std::string_view target : {
             "",          "*",          "a/b",           "//",
             "//a",       "/a//b",      "/a//",          "/.",
             "/..",       "/a/./b",     "/a/../b",       "/%2e",
             "/%2E%2e/b", "/.%2e",      "/a%00b",        "/a%0ab",
             "/a%1Fb",    "/a%7Fb",     "/a%",           "/a%4",
             "/a%4g",     "/a%-1",      "/%80",          "/%C0%AF",
             "/%C3",      "/%ED%A0%80", "/%F4%90%80%80", "/%F8%88%80%80%80",
             "/a b",      "/a\tb",      "/\xC3\xA4",     "/a#b",
             "/a?b#c",    "/a?b=%zz",   "/a?b=%00",      "/a?b=%FF",
             "http://",   "http:///a",  "ftp://host/a",  "host:443",
         }) {
        const Result<Target> result = parse_target("GET", target);
        ASSERT_FALSE(result.ok()) << target;
        EXPECT_EQ(result.error().code, ErrorCode::invalid_argument);
    }
}

}  // namespace
}  // namespace expplat::server::http
