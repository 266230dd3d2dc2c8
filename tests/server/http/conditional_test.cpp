#include "server/http/conditional.hpp"

#include <gtest/gtest.h>

namespace expplat::server::http {
namespace {

TEST(Conditional, NoneMatchComparesWeakly) {
    EXPECT_TRUE(none_match_names(R"("a")", R"("a")"));
    EXPECT_TRUE(none_match_names(R"(W/"a")", R"("a")"));
    EXPECT_TRUE(none_match_names(R"("x", "y,z" , "a")", R"("a")"));
    EXPECT_TRUE(none_match_names("*", R"("a")"));
    EXPECT_FALSE(none_match_names("", R"("a")"));
    EXPECT_FALSE(none_match_names(R"("b")", R"("a")"));
    EXPECT_FALSE(none_match_names(R"("x,"a",y")", R"("b")"));
    EXPECT_FALSE(none_match_names("a", R"("a")")) << "without quotes it is no tag";
    EXPECT_FALSE(none_match_names(",, ,", R"("a")"));
}

TEST(Conditional, MatchComparesStrongly) {
    EXPECT_TRUE(match_allows("", R"("3")")) << "nothing was asked";
    EXPECT_TRUE(match_allows(R"("3")", R"("3")"));
    EXPECT_TRUE(match_allows(R"("2","3")", R"("3")"));
    EXPECT_TRUE(match_allows("*", R"("3")"));
    EXPECT_FALSE(match_allows(R"("2")", R"("3")"));
    EXPECT_FALSE(match_allows(R"(W/"3")", R"("3")"));
    EXPECT_FALSE(match_allows(R"(W/"3")", R"(W/"3")"));
    EXPECT_FALSE(match_allows(" ", R"("3")"));
}

TEST(Conditional, AcceptIsReadByTheMostParticularRange) {
    constexpr std::string_view json = "application/json";
    EXPECT_EQ(quality_of("", json), 1000);
    EXPECT_EQ(quality_of("application/json", json), 1000);
    EXPECT_EQ(quality_of("Application/JSON; q=0.5", json), 500);
    EXPECT_EQ(quality_of("*/*;q=0.1, application/*;q=0.25", json), 250);
    EXPECT_EQ(quality_of("application/*;q=0.25, application/json;q=0.125;version=1", json), 125);
    EXPECT_EQ(quality_of("application/json;q=0, */*", json), 0);
    EXPECT_EQ(quality_of("text/html", json), 0);
    EXPECT_EQ(quality_of("application/json;q=1.5", json), 1000);
    EXPECT_EQ(quality_of("application/json;q=x", json), 0);
    EXPECT_EQ(quality_of("application/json;q=", json), 0);
    EXPECT_EQ(quality_of(",;,q=1,", json), 0);
}

}  // namespace
}  // namespace expplat::server::http
