#include "src/ruleset/pattern.hpp"

#include <string>

#include <gtest/gtest.h>

namespace expplat::ruleset {
namespace {

TEST(Pattern, Accepts) {
    for (const std::string_view pattern : {"",
                                           "a",
                                           "^a.*b$",
                                           "(?i)a",
                                           "(?P<name>a)",
                                           "[[:alpha:]]+",
                                           "\\pL\\p{Greek}",
                                           "\\x{1F600}",
                                           "é+",
                                           "a{1000}",
                                           "\\\\C",
                                           "\\\\\\\\C",
                                           "\\Q\\C\\E",
                                           "\\Q\\C",
                                           "\\Q(?<n>",
                                           "\\Qa\\Eb",
                                           "\\(?<n>",
                                           "[(?<n>]",
                                           "[]\\](?<]",
                                           "[^](?<a>]",
                                           "[^]\\](?<]",
                                           "[[:alpha:](?<]",
                                           "[[](?:a)",
                                           "[[:](?:a)",
                                           "(?s-i:.)",
                                           "a*?",
                                           "\\bx\\B",
                                           "\\z"}) {
        EXPECT_EQ(check_pattern(pattern, false), std::nullopt) << pattern;
        EXPECT_EQ(check_pattern(pattern, true), std::nullopt) << pattern;
    }
}

TEST(Pattern, RefusesWhatOnlySomeVersionsKnow) {
    for (const std::string_view pattern : {"\\C", "a\\C", "\\\\\\C", "(\\C)", "\\Qa\\E\\C", "[a]\\C",
                                           "[^]]\\C", "[]]\\C", "[[:digit:]]\\C", "[\\]]\\C", "[[:x]\\C"}) {
        EXPECT_EQ(check_pattern(pattern, false), "\\C is not allowed") << pattern;
    }
    for (const std::string_view pattern :
         {"(?<n>a)", "(a)(?<n>b)", "\\Q\\E(?<n>a)", "[(](?<n>a)", "\\\\(?<n>a)", "(?<=a)b"}) {
        EXPECT_EQ(check_pattern(pattern, false), "(?< is not allowed; a named group is (?P<name>…)")
            << pattern;
    }
}

TEST(Pattern, RefusesWhatRe2Refuses) {
    for (const std::string_view pattern :
         {"(", "(unclosed", "a)", "[a", "(a)\\1", "a**", "a{1001}", "\\", "\\8", "[\\C]", "[b-a]", "(?=a)",
          "(?!a)", "\\p{Klingon}", "((a{100}){100}){100}"}) {
        EXPECT_NE(check_pattern(pattern, false), std::nullopt) << pattern;
    }
    EXPECT_EQ(check_pattern("(unclosed", false), "missing ): (unclosed");
}

TEST(Pattern, LengthIsInBytes) {
    EXPECT_EQ(check_pattern(std::string(1000, 'a'), false), std::nullopt);
    EXPECT_EQ(check_pattern(std::string(1001, 'a'), false), "1001 bytes; at most 1000 are allowed");
    std::string wide;
    for (int i = 0; i < 501; ++i) wide += "é";
    EXPECT_EQ(check_pattern(wide, false), "1002 bytes; at most 1000 are allowed");
}

TEST(Pattern, MemoryIsBounded) {
    EXPECT_NE(check_pattern("((\\pL{100}){10}){2}", true), std::nullopt);
    EXPECT_EQ(check_pattern("\\pL{20}", false), std::nullopt);
}

TEST(Pattern, NulIsAnOrdinaryCharacter) {
    using namespace std::string_literals;
    EXPECT_EQ(check_pattern("a\0b"s, false), std::nullopt);
    EXPECT_NE(check_pattern("a\0("s, false), std::nullopt);
}

TEST(PatternCheck, TellsCasesApartAndRemembers) {
    PatternCheck check;
    const std::string bad = "(";
    EXPECT_TRUE(check(bad, false).has_value());
    EXPECT_EQ(&check(bad, false), &check(bad, false));
    EXPECT_NE(&check(bad, false), &check(bad, true));
    EXPECT_FALSE(check("a", true).has_value());
}

}  // namespace
}  // namespace expplat::ruleset
