// Reading conditions: RULESET.md, section 3.
#include "src/ruleset/read.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ruleset/reading.hpp"

namespace expplat::ruleset {
namespace {

using test::condition_ruleset;
using test::is_adopted;
using test::is_supported;
using test::pointers_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ReadCondition, Forms) {
    for (const std::string_view good :
         {R"({"all": []})", R"({"any": []})", R"({"all": [{"any": [{"not": {"all": []}}]}]})",
          R"({"segment": "s"})", R"({"sample": {"salt": "x", "percent": 12.5}})",
          R"({"sample": {"unit": "u", "salt": "x", "percent": 0}})", R"({"attribute": "a", "exists": false})",
          R"({"is": 1, "attribute": "a"})"}) {
        EXPECT_THAT(pointers_of(condition_ruleset(good)), IsEmpty()) << good;
        EXPECT_TRUE(is_supported(condition_ruleset(good), "f")) << good;
    }
    for (const std::string_view bad :
         {"{}", R"({"attribute": "a"})", R"({"is": 1})", R"({"ignore_case_": 1})",
          R"({"all": [], "any": []})", R"({"all": [], "is": 1})", R"({"attribute": "a", "is": 1, "in": [1]})",
          R"({"attribute": "a", "is": 1, "not": {"all": []}})", R"({"attribute": "a", "segment": "s"})",
          R"({"is": 1, "in": []})", "[]", "null", "3", "true"}) {
        EXPECT_EQ(pointers_of(condition_ruleset(bad)).size(), 1u) << bad;
        EXPECT_EQ(pointers_of(condition_ruleset(bad))[0].rfind("/flags/f/rules/0/if", 0), 0u) << bad;
    }
    EXPECT_THAT(pointers_of(condition_ruleset(R"({"all": [], "any": []})")),
                ElementsAre("/flags/f/rules/0/if"));
}

TEST(ReadCondition, TwoFormsAreAnErrorAndAnUnknownFormIsTolerated) {
    EXPECT_FALSE(is_adopted(condition_ruleset(R"({"all": [], "any": []})")));
    EXPECT_FALSE(is_adopted(condition_ruleset(R"({"attribute": "a", "is": 1, "in": []})")));
    EXPECT_FALSE(is_adopted(condition_ruleset("{}")));
    EXPECT_FALSE(is_adopted(condition_ruleset(R"({"attribute": "a"})")));
    for (const std::string_view unknown :
         {R"({"xor": []})", R"({"attribute": "a", "near": 3})",
          R"({"attribute": "a", "is": 1, "fold": true})",
          R"({"all": [{"any": [{"not": {"moon": "full"}}]}]})", R"({"all": [], "any": [{"future": 1}]})",
          R"({"sample": {"salt": "s", "percent": 200, "hash": "md5"}})",
          R"({"xor": [], "all": [], "any": []})"}) {
        const std::string text = condition_ruleset(unknown);
        EXPECT_TRUE(is_adopted(text)) << unknown;
        EXPECT_FALSE(is_supported(text, "f")) << unknown;
        EXPECT_FALSE(pointers_of(text).empty()) << unknown;
    }
}

TEST(ReadCondition, UnknownOperatorIsNamedFirst) {
    EXPECT_THAT(pointers_of(condition_ruleset(R"({"attribute": "a", "near": 3})")),
                ElementsAre("/flags/f/rules/0/if/near"));
    EXPECT_THAT(pointers_of(condition_ruleset(R"({"xor": []})")), ElementsAre("/flags/f/rules/0/if/xor"));
    EXPECT_THAT(pointers_of(condition_ruleset(R"({"ignore_case": true, "attribute": "a", "near": 3})")),
                ElementsAre("/flags/f/rules/0/if/near"));
    EXPECT_THAT(pointers_of(condition_ruleset(
                    R"({"ignore_case": true, "attribute": "a", "exists": true, "near": 3})")),
                ElementsAre("/flags/f/rules/0/if/ignore_case", "/flags/f/rules/0/if/near"));
    EXPECT_THAT(pointers_of(condition_ruleset(R"({"ignore_case": true, "attribute": "a"})")),
                ElementsAre("/flags/f/rules/0/if", "/flags/f/rules/0/if/ignore_case"));
}

struct OperandRow {
    std::string_view op;
    std::string_view operand;
    std::string_view pointer;  // behind the condition's; `ok` where it is fine
};

TEST(ReadCondition, Operands) {
    const OperandRow rows[] = {
        {"is", "\"\"", "ok"},
        {"is", "1.5", "ok"},
        {"is", "false", "ok"},
        {"is", "null", "/is"},
        {"is", "[1]", "/is"},
        {"is", R"({"x": 1})", "/is"},
        {"in", "[]", "ok"},
        {"in", R"(["a", 1, true, 1.0])", "ok"},
        {"in", "\"a\"", "/in"},
        {"in", "[null]", "/in/0"},
        {"in", "[1, [1]]", "/in/1"},
        {"less_than", "1", "ok"},
        {"at_most", "1.5", "ok"},
        {"greater_than", "-0", "ok"},
        {"at_least", "1e300", "ok"},
        {"less_than", "\"1\"", "/less_than"},
        {"at_least", "true", "/at_least"},
        {"at_most", "[1]", "/at_most"},
        {"contains", "\"\"", "ok"},
        {"contains", "[]", "ok"},
        {"starts_with", R"(["a", "b"])", "ok"},
        {"ends_with", "1", "/ends_with"},
        {"ends_with", R"(["a", 1])", "/ends_with/1"},
        {"contains", "null", "/contains"},
        {"matches", "\"a+\"", "ok"},
        {"matches", "\"(\"", "/matches"},
        {"matches", R"(["a"])", "/matches"},
        {"matches", R"("\\C")", "/matches"},
        {"version_is", "\"v1.2\"", "ok"},
        {"version_below", "\"1.2.3-rc.1+b\"", "ok"},
        {"version_at_most", "\"1.2.\"", "/version_at_most"},
        {"version_above", "1", "/version_above"},
        {"version_at_least", "\"\"", "/version_at_least"},
        {"before", "\"2026-01-31T00:00:00Z\"", "ok"},
        {"after", "0", "ok"},
        {"after", "-1", "ok"},
        {"before", "\"2026-02-30T00:00:00Z\"", "/before"},
        {"before", "1.0", "/before"},
        {"after", "\"yesterday\"", "/after"},
        {"after", "9223372036854775808", "/after"},
        {"in_cidr", R"(["10.0.0.0/8", "::/0"])", "ok"},
        {"in_cidr", "[]", "ok"},
        {"in_cidr", "\"10.0.0.0/8\"", "/in_cidr"},
        {"in_cidr", R"(["10.0.0.0"])", "/in_cidr/0"},
        {"in_cidr", "[1]", "/in_cidr/0"},
        {"exists", "true", "ok"},
        {"exists", "1", "/exists"},
        {"exists", "null", "/exists"},
    };
    for (const OperandRow& row : rows) {
        const std::string text = condition_ruleset(R"({"attribute": "a", ")" + std::string(row.op) +
                                                   "\": " + std::string(row.operand) + "}");
        if (row.pointer == "ok") {
            EXPECT_THAT(pointers_of(text), IsEmpty()) << row.op << " " << row.operand;
        } else {
            EXPECT_THAT(pointers_of(text), ElementsAre("/flags/f/rules/0/if" + std::string(row.pointer)))
                << row.op << " " << row.operand;
            EXPECT_FALSE(is_adopted(text)) << row.op << " " << row.operand;
        }
    }
}

TEST(ReadCondition, IgnoreCaseGoesWithSixOperators) {
    const auto with = [](std::string_view rest) {
        return pointers_of(condition_ruleset("{\"ignore_case\": true, " + std::string(rest) + "}"));
    };
    for (const std::string_view good :
         {R"("attribute": "a", "is": "x")", R"("attribute": "a", "in": [])",
          R"("attribute": "a", "contains": "x")", R"("attribute": "a", "starts_with": "x")",
          R"("attribute": "a", "ends_with": "x")", R"("attribute": "a", "matches": "x")"}) {
        EXPECT_THAT(with(good), IsEmpty()) << good;
    }
    for (const std::string_view bad :
         {R"("attribute": "a", "less_than": 1)", R"("attribute": "a", "exists": true)",
          R"("attribute": "a", "version_is": "1")", R"("attribute": "a", "before": 1)",
          R"("attribute": "a", "in_cidr": [])", R"("segment": "s")", R"("all": [])",
          R"("sample": {"salt": "s", "percent": 1})", R"("not": {"all": []})"}) {
        EXPECT_THAT(with(bad), ElementsAre("/flags/f/rules/0/if/ignore_case")) << bad;
    }
    EXPECT_THAT(pointers_of(condition_ruleset(R"({"attribute": "a", "is": "x", "ignore_case": 1})")),
                ElementsAre("/flags/f/rules/0/if/ignore_case"));
    EXPECT_THAT(pointers_of(condition_ruleset(R"({"attribute": "a", "less_than": 1, "ignore_case": false})")),
                ElementsAre("/flags/f/rules/0/if/ignore_case"));
}

TEST(ReadCondition, NamesAndSamples) {
    EXPECT_THAT(pointers_of(condition_ruleset(R"({"attribute": "", "is": 1})")),
                ElementsAre("/flags/f/rules/0/if/attribute"));
    EXPECT_THAT(pointers_of(condition_ruleset(R"({"attribute": 1, "is": 1})")),
                ElementsAre("/flags/f/rules/0/if/attribute"));
    EXPECT_THAT(pointers_of(condition_ruleset(R"({"attribute": "\u0000 ü", "is": "\u0000"})")), IsEmpty());
    EXPECT_THAT(pointers_of(condition_ruleset(R"({"segment": 1})")),
                ElementsAre("/flags/f/rules/0/if/segment"));
    EXPECT_THAT(pointers_of(condition_ruleset(R"({"segment": ""})")),
                ElementsAre("/flags/f/rules/0/if/segment"));
    EXPECT_THAT(pointers_of(condition_ruleset(R"({"sample": {}})")),
                ElementsAre("/flags/f/rules/0/if/sample/salt", "/flags/f/rules/0/if/sample/percent"));
    EXPECT_THAT(
        pointers_of(condition_ruleset(R"({"sample": {"unit": "", "salt": "", "percent": 100.0000001}})")),
        ElementsAre("/flags/f/rules/0/if/sample/unit", "/flags/f/rules/0/if/sample/salt",
                    "/flags/f/rules/0/if/sample/percent"));
    EXPECT_THAT(pointers_of(condition_ruleset(R"({"sample": 3})")),
                ElementsAre("/flags/f/rules/0/if/sample"));
    EXPECT_THAT(pointers_of(condition_ruleset(R"({"not": []})")), ElementsAre("/flags/f/rules/0/if/not"));
    EXPECT_THAT(pointers_of(condition_ruleset(R"({"all": {}})")), ElementsAre("/flags/f/rules/0/if/all"));
    EXPECT_THAT(pointers_of(condition_ruleset(R"({"any": [[], {"not": 3}]})")),
                ElementsAre("/flags/f/rules/0/if/any/0", "/flags/f/rules/0/if/any/1/not"));
}

}  // namespace
}  // namespace expplat::ruleset
