// Versions against RULESET.md's rows, the SemVer specification's own lists (tests/data/semver) and a slow
// reference. Where RULESET.md widens SemVer the differing rows are named, so that a new one is noticed.
#include "expplat/eval/version.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace expplat::eval {
namespace {

using nlohmann::json;

VersionOrder reversed(VersionOrder order) {
    if (order == VersionOrder::below) return VersionOrder::above;
    if (order == VersionOrder::above) return VersionOrder::below;
    return order;
}

void expect_order(const std::string& value, const std::string& operand, VersionOrder order) {
    EXPECT_EQ(compare_version(value, operand), order) << value << " against " << operand;
    EXPECT_EQ(compare_version(operand, value), reversed(order)) << operand << " against " << value;
}

json read_suite(const std::string& name) {
    std::ifstream file(std::string(EXPPLAT_TEST_DATA) + "/semver/" + name);
    EXPECT_TRUE(file.good()) << name;
    return json::parse(file, nullptr, false);
}

// --- a slow reference: regular expressions, and numbers as lists of digits ---------------------------

std::string without_zeros(const std::string& digits) {
    const std::size_t first = digits.find_first_not_of('0');
    return first == std::string::npos ? std::string() : digits.substr(first);
}

int sign(int order) { return order < 0 ? -1 : order > 0 ? 1 : 0; }

int compare_numbers(const std::string& a, const std::string& b) {
    const std::string x = without_zeros(a);
    const std::string y = without_zeros(b);
    if (x.size() != y.size()) return x.size() < y.size() ? -1 : 1;
    return sign(x.compare(y));
}

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> parts(1);
    for (const char c : text) {
        if (c == '.') parts.emplace_back();
        else parts.back() += c;
    }
    return parts;
}

struct SlowVersion {
    bool valid = false;
    std::vector<std::string> components;
    bool has_prerelease = false;
    std::vector<std::string> identifiers;

    explicit SlowVersion(const std::string& text) {
        static const std::regex grammar(
            R"([vV]?([0-9]+(?:\.[0-9]+)*)(-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)");
        std::smatch match;
        if (text.find('\n') != std::string::npos || !std::regex_match(text, match, grammar)) return;
        components = split(match[1]);
        for (const std::string& component : components) {
            if (compare_numbers(component, "18446744073709551615") > 0) return;
        }
        valid = true;
        has_prerelease = match[2].matched;
        if (has_prerelease) identifiers = split(match[2].str().substr(1));
    }
};

int compare_slow_identifiers(const std::string& a, const std::string& b) {
    const bool a_number = a.find_first_not_of("0123456789") == std::string::npos;
    const bool b_number = b.find_first_not_of("0123456789") == std::string::npos;
    if (a_number && b_number) return compare_numbers(a, b);
    if (a_number != b_number) return a_number ? -1 : 1;
    return sign(a.compare(b));
}

VersionOrder slow_order(const std::string& value, const std::string& operand) {
    const SlowVersion a(value);
    const SlowVersion b(operand);
    if (!a.valid) return VersionOrder::invalid;
    int order = 0;
    for (std::size_t i = 0; order == 0 && i < std::max(a.components.size(), b.components.size()); ++i) {
        order = compare_numbers(i < a.components.size() ? a.components[i] : "0",
                                i < b.components.size() ? b.components[i] : "0");
    }
    if (order == 0 && a.has_prerelease != b.has_prerelease) order = a.has_prerelease ? -1 : 1;
    for (std::size_t i = 0; order == 0 && i < std::min(a.identifiers.size(), b.identifiers.size()); ++i) {
        order = compare_slow_identifiers(a.identifiers[i], b.identifiers[i]);
    }
    if (order == 0 && a.identifiers.size() != b.identifiers.size()) {
        order = a.identifiers.size() < b.identifiers.size() ? -1 : 1;
    }
    return order == 0 ? VersionOrder::equal : order < 0 ? VersionOrder::below : VersionOrder::above;
}

// --- RULESET.md, section 3 -----------------------------------------------------------------------

TEST(Version, is_what_the_ruleset_page_says) {
    for (const char* text : {"0",
                             "1",
                             "1.2",
                             "1.2.0.0",
                             "151.1.93.128",
                             "1.2.3.4.5.6.7.8.9.10.11.12",
                             "v1",
                             "V1.2",
                             "v0",
                             "00",
                             "01.002.0003",
                             "18446744073709551615",
                             "0.18446744073709551615",
                             "000000000000000000000018446744073709551615.1",
                             "1-0",
                             "1--",
                             "1---",
                             "1-a.b",
                             "1-0.00.01",
                             "1-99999999999999999999999999",
                             "1+b",
                             "1+0.00.b-",
                             "1-a+b",
                             "1.2-rc.1+x.y",
                             "1.0.0-0A",
                             "1+-",
                             "v1-v"}) {
        EXPECT_TRUE(is_version(text)) << text;
        EXPECT_EQ(compare_version(text, "0"), slow_order(text, "0")) << text;
    }
}

TEST(Version, is_nothing_else) {
    for (const char* text : {"",
                             "v",
                             "V",
                             "vv1",
                             "v.1",
                             "v-1",
                             "-1",
                             "+1",
                             ".",
                             "..",
                             ".1",
                             "1.",
                             "1..2",
                             "1.2.",
                             "1.2..",
                             "1.2.3.",
                             "1 ",
                             " 1",
                             "1 .2",
                             "1\n",
                             "v 1",
                             "=1",
                             "1.x",
                             "1.2.*",
                             "1a",
                             "1.2a",
                             "1.2.3a",
                             "0x1",
                             "1,2",
                             "1_0",
                             "1/2",
                             "1:2",
                             "18446744073709551616",
                             "1.18446744073709551616",
                             "1.2.3.18446744073709551616",
                             "99999999999999999999",
                             "18446744073709551620",
                             "28446744073709551615",
                             "100000000000000000000",
                             "1-",
                             "1-.",
                             "1-a.",
                             "1-.a",
                             "1-a..b",
                             "1-a_b",
                             "1-a b",
                             "1+",
                             "1-+",
                             "1-+b",
                             "1+.",
                             "1+a.",
                             "1+a..b",
                             "1+a+b",
                             "1-a+",
                             "1-a+b+c",
                             "1-a+b_c",
                             "1-\xC3\xA9",
                             "\xD9\xA1",
                             "1.\xD9\xA1",
                             "1-a\x7F",
                             "one"}) {
        EXPECT_FALSE(is_version(text)) << text;
        for (const char* operand : {"0", "1", "1.2", "1.2.3", "1-a", "1-a+b", "2", "18446744073709551615"}) {
            EXPECT_EQ(compare_version(text, operand), VersionOrder::invalid)
                << text << " against " << operand;
        }
    }
    using namespace std::string_view_literals;
    for (const std::string_view text :
         {"\0"sv, "1\0"sv, "1.2.3.4.5\0"sv, "1.2\0.3"sv, "1-a\0"sv, "1+a\0b"sv}) {
        EXPECT_FALSE(is_version(text));
        EXPECT_EQ(compare_version(text, "1.2"), VersionOrder::invalid);
    }
    EXPECT_FALSE(is_version(std::string_view{}));
}

TEST(Version, equal_spellings) {
    const std::vector<std::string> spellings = {"1.2",
                                                "v1.2",
                                                "V1.2",
                                                "1.2.0",
                                                "1.2.0.0",
                                                "01.02",
                                                "1.2.00",
                                                "1.2+b",
                                                "v1.2.0+b.c",
                                                "0000000000000000000000001.0000000000000000000000000002",
                                                "1.2.0.0.0.0.0.0.0.0.0.0"};
    for (const std::string& a : spellings) {
        for (const std::string& b : spellings) expect_order(a, b, VersionOrder::equal);
    }
    expect_order("1.0-01", "1-1", VersionOrder::equal);
    expect_order("1-0", "1-000", VersionOrder::equal);
    expect_order("1-a.007", "1-a.7+x", VersionOrder::equal);
    expect_order("1-00000000000000000000099999999999999999999999999", "1-99999999999999999999999999",
                 VersionOrder::equal);
}

TEST(Version, ascending_chain) {
    const std::vector<std::string> chain = {"0-0",
                                            "0",
                                            "0.0.0.1",
                                            "0.1",
                                            "1-0",
                                            "1.0.0-1",
                                            "1-2",
                                            "1-10",
                                            "1-10.0",
                                            "1-10.a",
                                            "1-18446744073709551615",
                                            "1-18446744073709551616",
                                            "1-99999999999999999999999999",
                                            "1--",
                                            "1--1",
                                            "1-0a",
                                            "1-A",
                                            "1-Z",
                                            "1-a",
                                            "1-a.0",
                                            "1-a.1",
                                            "1-a.1.0",
                                            "1-a.-",
                                            "1-a-",
                                            "1-a0",
                                            "1-aa",
                                            "1-b",
                                            "1",
                                            "1.0.0.0.1-a",
                                            "1.0.0.0.1",
                                            "1.9",
                                            "1.10",
                                            "1.18446744073709551614",
                                            "1.18446744073709551615",
                                            "2",
                                            "9.9.9",
                                            "10",
                                            "140.0.0",
                                            "151.1.92.200",
                                            "151.1.93",
                                            "151.1.93.9",
                                            "151.1.93.128",
                                            "151.1.93.1280",
                                            "1844674407370955161",
                                            "18446744073709551614.9",
                                            "18446744073709551615"};
    for (std::size_t i = 0; i < chain.size(); ++i) {
        for (std::size_t j = 0; j < chain.size(); ++j) {
            const auto order = i == j  ? VersionOrder::equal
                               : i < j ? VersionOrder::below
                                       : VersionOrder::above;
            expect_order(chain[i], chain[j], order);
            expect_order("v0" + chain[i], chain[j] + "+build", order);
        }
    }
}

TEST(Version, is_checked_to_its_end_where_the_order_is_known_early) {
    for (const char* end : {".", "..", ".x", "x", " ", ".1.2.3.", ".1..2.3.4", ".1.2.3.4.",
                            ".18446744073709551616", "-", "-a.", "-a_", "+", "+a+b", ".1.2.3.4.5.6.7.8.x",
                            ".11.22.33.44..5", ".1.1.1.1.1.1.1.1.1.1.", "-1.2.3..4"}) {
        for (const char* begin : {"1", "2", "3", "151", "2.1", "2.0.5", "2-a", "2.0-a.b", "2.1.1.1.1.1"}) {
            const std::string text = std::string(begin) + end;
            if (SlowVersion(text).valid) continue;  // `2-a` + `.x`, …
            for (const char* operand : {"2", "2.0.4", "2-a", "2-b.c", "20", "0.1-x+y"}) {
                EXPECT_EQ(compare_version(text, operand), VersionOrder::invalid)
                    << text << " against " << operand;
            }
        }
    }
}

TEST(Version, damage_is_seen_at_every_place_of_a_core_of_every_size) {
    // The check reads eight bytes at a time: each size and place is a case of its own.
    for (const std::string pattern : {".1", ".22", ".333", ".4444444", ".1.22.333", ".55555555555"}) {
        for (std::size_t size = 1; size <= 40; ++size) {
            std::string core = "2";
            while (core.size() < size) core += pattern;
            core.resize(size);
            for (std::size_t place = 1; place < size; ++place) {
                for (const char byte : std::string_view(".:/0x-+ \0\xB1\xAE", 11)) {
                    std::string value = core;
                    value[place] = byte;
                    for (const char* operand : {"1", "2.1", "3"}) {
                        ASSERT_EQ(compare_version(value, operand), slow_order(value, operand))
                            << value << " against " << operand;
                    }
                }
            }
        }
    }
}

TEST(Version, compares_at_compile_time) {
    static_assert(compare_version("1.2.3", "1.2") == VersionOrder::above);
    static_assert(compare_version("151.1.93.128", "140.0.0") == VersionOrder::above);
    static_assert(compare_version("1.0.0-rc.1", "1.0.0") == VersionOrder::below);
    static_assert(compare_version("nothing", "1") == VersionOrder::invalid);
    static_assert(is_version("1.2") && !is_version("1."));
    SUCCEED();
}

// --- the SemVer specification's list ----------------------------------------------------------------

TEST(Version, semver_list_of_valid_versions) {
    // Strict SemVer has numbers of any size; RULESET.md bounds a component by 2^64.
    const std::set<std::string> refused_here = {
        "99999999999999999999999.999999999999999999.99999999999999999"};
    const json suite = read_suite("regex101-vkijKf.json");
    ASSERT_EQ(suite.at("valid").size(), 31u);
    for (const json& row : suite.at("valid")) {
        const std::string text = row.get<std::string>();
        EXPECT_EQ(is_version(text), !refused_here.contains(text)) << text;
    }
}

TEST(Version, semver_list_of_invalid_versions) {
    // What RULESET.md widens: fewer (or more) than three components, and leading zeros.
    const std::set<std::string> accepted_here = {// missing components are 0
                                                 "1", "1.2", "1.2-SNAPSHOT", "1.2-RC-SNAPSHOT",
                                                 // leading zeros, in a component and in a numeric identifier
                                                 "01.1.1", "1.01.1", "1.1.01", "1.2.3-0123",
                                                 "1.2.3-0123.0123"};
    const json suite = read_suite("regex101-vkijKf.json");
    ASSERT_EQ(suite.at("invalid").size(), 40u);
    for (const json& row : suite.at("invalid")) {
        const std::string text = row.get<std::string>();
        EXPECT_EQ(is_version(text), accepted_here.contains(text)) << text;
    }
}

TEST(Version, semver_precedence) {
    const json suite = read_suite("regex101-vkijKf.json");
    const json& chain = suite.at("precedence_ascending");
    ASSERT_EQ(chain.size(), 11u);
    for (std::size_t i = 0; i < chain.size(); ++i) {
        for (std::size_t j = 0; j < chain.size(); ++j) {
            expect_order(chain[i].get<std::string>(), chain[j].get<std::string>(),
                         i == j  ? VersionOrder::equal
                         : i < j ? VersionOrder::below
                                 : VersionOrder::above);
        }
    }
}

// --- npm's node-semver -----------------------------------------------------------------------------

TEST(Version, node_semver_comparisons) {
    const json rows = read_suite("node-semver/comparisons.json");
    ASSERT_EQ(rows.size(), 31u);
    for (const json& row : rows) {
        expect_order(row.at(0).get<std::string>(), row.at(1).get<std::string>(), VersionOrder::above);
    }
}

TEST(Version, node_semver_equality) {
    // Its loose mode skips spaces and a leading `=`; RULESET.md has neither.
    std::size_t loose = 0;
    const json rows = read_suite("node-semver/equality.json");
    ASSERT_EQ(rows.size(), 37u);
    for (const json& row : rows) {
        const std::string a = row.at(0).get<std::string>();
        const std::string b = row.at(1).get<std::string>();
        const bool a_is_loose = a.find_first_of(" =") != std::string::npos;
        const bool b_is_loose = b.find_first_of(" =") != std::string::npos;
        EXPECT_EQ(is_version(a), !a_is_loose) << a;
        EXPECT_EQ(is_version(b), !b_is_loose) << b;
        if (a_is_loose || b_is_loose) {
            ++loose;
            continue;
        }
        expect_order(a, b, VersionOrder::equal);
    }
    EXPECT_EQ(loose, 31u);
}

TEST(Version, node_semver_valid_versions) {
    const json rows = read_suite("node-semver/valid-versions.json");
    ASSERT_EQ(rows.size(), 22u);
    for (const json& row : rows) EXPECT_TRUE(is_version(row.at(0).get<std::string>())) << row;
}

TEST(Version, node_semver_invalid_versions) {
    // It bounds a component by JavaScript's 2^53, RULESET.md by 2^64; and `1.2.3` stands for a regular
    // expression (`/1.2.3/`), which a JSON row cannot show. The object row is no text at all.
    const std::set<std::string> accepted_here = {"90071992547409910.0.0", "0.90071992547409910.0",
                                                 "0.0.90071992547409910", "1.2.3"};
    std::size_t texts = 0;
    for (const json& row : read_suite("node-semver/invalid-versions.json")) {
        if (!row.at(0).is_string()) continue;
        const std::string text = row.at(0).get<std::string>();
        EXPECT_EQ(is_version(text), accepted_here.contains(text)) << text;
        ++texts;
    }
    EXPECT_EQ(texts, 9u);
}

// --- generated -------------------------------------------------------------------------------------

class Generator {
public:
    explicit Generator(unsigned seed) : random_(seed) {}

    std::string version() {
        std::string text = maybe(8) ? "v" : "";
        text += component();
        for (std::size_t more = below(5); more > 0; --more) text += "." + component();
        if (maybe(3)) text += "-" + identifiers();
        if (maybe(5)) text += "+" + identifiers();
        return text;
    }

    /// Mostly close to a version.
    std::string damaged(std::string text) {
        static constexpr std::string_view bytes = "0123456789..--++vVaZz_ \n\xC3";
        for (std::size_t edits = below(3); edits > 0; --edits) {
            const std::size_t at = below(text.size() + 1);
            const char byte = bytes[below(bytes.size())];
            switch (below(3)) {
                case 0: text.insert(at, 1, byte); break;
                case 1: text.erase(at, 1); break;
                default:
                    if (at < text.size()) text[at] = byte;
            }
        }
        return text;
    }

    std::size_t below(std::size_t bound) { return random_() % bound; }
    bool maybe(std::size_t one_in) { return below(one_in) == 0; }

private:
    std::string component() {
        static const char* const common[] = {"0", "1", "2", "3", "9", "10", "11", "93", "128", "151"};
        static const char* const rare[] = {"00",
                                           "01",
                                           "000000000000000000000001",
                                           "9999999999999999999",
                                           "10000000000000000000",
                                           "18446744073709551614",
                                           "18446744073709551615",
                                           "018446744073709551615"};
        return maybe(12) ? rare[below(std::size(rare))] : common[below(std::size(common))];
    }

    std::string identifiers() {
        static const char* const common[] = {"0",  "1",     "01", "10", "a",  "b",  "A",
                                             "rc", "alpha", "-",  "a-", "0a", "1-", "18446744073709551616"};
        std::string text = common[below(std::size(common))];
        for (std::size_t more = below(3); more > 0; --more)
            text += std::string(".") + common[below(std::size(common))];
        return text;
    }

    std::mt19937 random_;
};

TEST(Version, agrees_with_the_slow_reference) {
    Generator generate(1);
    std::size_t orders[4] = {};
    for (int i = 0; i < 60'000; ++i) {
        const std::string operand = generate.version();
        // Half of the values begin as the operand does: most differences are late.
        std::string value = generate.maybe(2) ? operand.substr(0, generate.below(operand.size() + 1)) : "";
        value = generate.damaged(value.empty() || generate.maybe(2) ? value + generate.version() : value);
        const VersionOrder order = compare_version(value, operand);
        ASSERT_EQ(order, slow_order(value, operand)) << value << " against " << operand;
        ASSERT_EQ(is_version(value), order != VersionOrder::invalid) << value;
        ++orders[static_cast<std::size_t>(order)];
    }
    for (const std::size_t count : orders) EXPECT_GT(count, 1'000u);
}

TEST(Version, order_is_total) {
    Generator generate(2);
    std::vector<std::string> versions;
    for (int i = 0; i < 120; ++i) versions.push_back(generate.version());
    const auto at_most = [](const std::string& a, const std::string& b) {
        const VersionOrder order = compare_version(a, b);
        return order == VersionOrder::below || order == VersionOrder::equal;
    };
    for (const std::string& a : versions) {
        for (const std::string& b : versions) {
            ASSERT_EQ(compare_version(a, b), reversed(compare_version(b, a))) << a << " " << b;
            for (const std::string& c : versions) {
                ASSERT_TRUE(!at_most(a, b) || !at_most(b, c) || at_most(a, c)) << a << " " << b << " " << c;
            }
        }
    }
}

}  // namespace
}  // namespace expplat::eval
