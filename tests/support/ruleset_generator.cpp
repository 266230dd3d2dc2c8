#include "tests/support/ruleset_generator.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace expplat::tests {

namespace {

using Texts = std::vector<std::string>;
using Members = std::vector<std::pair<std::string, std::string>>;  // a name and the JSON of its value

// ---------------------------------------------------------------- chance

/// SplitMix64 over the generator's state.
class Random {
public:
    explicit Random(std::uint64_t& state) : state_(state) {}

    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        return z ^ (z >> 31);
    }
    /// In [0, bound).
    std::size_t below(std::size_t bound) { return static_cast<std::size_t>(next() % bound); }
    /// In [low, high].
    std::size_t between(std::size_t low, std::size_t high) { return low + below(high - low + 1); }
    bool percent(std::size_t chance) { return below(100) < chance; }

    template <class T>
    const T& of(const std::vector<T>& pool) {
        return pool[below(pool.size())];
    }

    template <class T>
    void shuffle(std::vector<T>& pool) {
        for (std::size_t i = pool.size(); i > 1; --i) std::swap(pool[i - 1], pool[below(i)]);
    }

private:
    std::uint64_t& state_;
};

// ---------------------------------------------------------------- the pools

std::string with_nul() { return std::string("a\0b", 3); }

const Texts& words() {
    // clang-format off
    static const Texts pool{
        "", "DE", "de", "De", "FR", "D", "DE ", "ios", "iOS", "android", "beta", "abab", "aba", "ab", "ABAB",
        "u1", "U1", "true", "false", "null", "1", "31", "3.0", "é", "É", "e\u0301", "ß", "日本", "日", "αβγ",
        "\u212A", "k", "K", "\u017F", "s", "🎉", with_nul(), "a\nb", "axb", "w\nx\ny", "\"quoted\\",
        "\x7F\x01", "a@example.com", "A@EXAMPLE.COM", "a@example.org", "example.com", std::string(300, 'x'),
        std::string(999, 'a'), std::string(998, 'a') + "b", "\\C", "DE.", "[", "@", "z", "Z", "{", "`"};
    // clang-format on
    return pool;
}

const Texts& user_keys() {
    static const Texts pool = [] {
        Texts keys{"U1", "日本", with_nul(), std::string(200, 'k'), "acc-1", "7", "-5", "0",
                   "é",  " u1",  "DE"};
        for (int i = 0; i < 40; ++i) keys.push_back(std::string("u") + std::to_string(i));
        return keys;
    }();
    return pool;
}

const Texts& numbers() {
    // clang-format off
    static const Texts pool{
        "0", "-0", "-0.0", "0.0", "0e0", "1", "1.0", "1e0", "-1", "2", "3", "3.0", "3.5", "31", "31.0",
        "30.999999999999996", "31.000000000000004", "99", "100", "1e2", "1E+2", "0.1",
        "0.1000000000000000055511151231257827", "0.30000000000000004", "0.3", "9007199254740991",
        "9007199254740992", "9007199254740993", "9007199254740992.0", "9007199254740994.0",
        "-9007199254740993", "-9007199254740992.0", "9223372036854775807", "9223372036854775806",
        "9223372036854775808", "9.223372036854775807e18", "9223372036854774784.0", "-9223372036854775808",
        "-9223372036854775809", "-9223372036854775808.0", "18446744073709551616", "1e19", "1e300", "-1e300",
        "1e-300", "5e-324", "-5e-324", "1e-400", "-1e-400", "1.7976931348623157e308",
        "-1.7976931348623157e308"};
    // clang-format on
    return pool;
}

const Texts& integers() {
    static const Texts pool{
        "0", "-0", "1", "-1", "42", "9007199254740993", "9223372036854775807", "-9223372036854775808"};
    return pool;
}

const Texts& versions() {
    // clang-format off
    static const Texts pool{
        "0", "1", "v1", "V1.0", "1.0.0", "1.0.0.0", "1.2", "1.2.0", "1.2.3", "v1.2.3", "1.2.3.4", "1.2.4",
        "1.10", "1.9", "2", "01.02.03", "1.2.3-rc.1", "1.2.3-rc.2", "1.2.3-rc.10", "1.2.3-rc.01", "1.2.3-rc",
        "1.2.3-rc.1.0", "1.2.3-1", "1.2.3-0", "1.2.3-01", "1.2.3-00", "1.2.3-10", "1.2.3-9", "1.2.3-A",
        "1.2.3-a", "1.2.3-a-b", "1.2.3--", "1.2.3-alpha", "1.2.3-99999999999999999999999999",
        "1.2.3-99999999999999999999999998", "1.2.3+build", "1.2.3-rc.1+b.2", "1.2.3+a-b",
        "18446744073709551615", "1.18446744073709551615.0", "1.00000000000000000000000000002",
        "10.0.19045.3086", "128.1.74.51", "1.0-a"};
    // clang-format on
    return pool;
}

const Texts& no_versions() {
    // clang-format off
    static const Texts pool{
        "", ".", "1.", ".1", "1..2", "v", "vv1", "x1", "1.2.3-", "1.2.3+", "1.2.3-a..b", "1.2.3+a..b",
        "1.2.3-+b", "1.2.3+a+b", "1.2 ", " 1.2", "1.2.3-é", "18446744073709551616", "1.2.x", "-1", "+1",
        "1.2.3-a_b", "1,2", std::string("1\0", 2), "99999999999999999999999"};
    // clang-format on
    return pool;
}

const Texts& instants() {
    // clang-format off
    static const Texts pool{
        "2024-02-29T12:00:00Z", "2024-02-29t12:00:00z", "2024-02-29 12:00:00Z", "2024-02-29T12:00:00+00:00",
        "2024-02-29T12:00:00-00:00", "2024-02-29T13:30:00+01:30", "2024-02-28T12:01:00-23:59",
        "2024-02-29T11:59:59.999Z", "2024-02-29T12:00:00.000Z",
        "2024-02-29T12:00:00.000000000000000000000000000001Z", "2024-02-29T12:00:00.1Z",
        "2024-02-29T12:00:00.10Z", "2024-02-29T12:00:00.09Z", "2024-02-29T12:00:00.001Z",
        "2024-02-29T12:00:00.0010000001Z", "2024-02-29T12:00:01Z", "2024-02-29T11:59:59Z",
        "2024-03-01T00:00:00Z", "2000-02-29T00:00:00Z", "1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z",
        "1969-12-31T23:59:59.9995Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59-23:59"};
    // clang-format on
    return pool;
}

const Texts& milliseconds() {
    // clang-format off
    static const Texts pool{
        "1709208000000", "1709207999999", "1709208000001", "1709208000100", "0", "-0", "-1", "1", "-1000",
        "-62135596800000", "-62135596800001", "253402300799999", "253402300800000", "9223372036854775807",
        "-9223372036854775808"};
    // clang-format on
    return pool;
}

const Texts& no_instants() {
    // clang-format off
    static const Texts pool{
        "", "2023-02-29T12:00:00Z", "1900-02-29T12:00:00Z", "2024-02-30T12:00:00Z", "2024-13-01T12:00:00Z",
        "2024-00-01T12:00:00Z", "2024-01-00T12:00:00Z", "2024-04-31T12:00:00Z", "2024-02-29T12:00:60Z",
        "2024-02-29T24:00:00Z", "2024-02-29T12:60:00Z", "2024-02-29", "2024-02-29T12:00Z",
        "2024-02-29T12:00:00", "0000-01-01T00:00:00Z", "2024-02-29T12:00:00.Z", "2024-02-29T12:00:00,5Z",
        "2024-02-29T12:00:00+24:00", "2024-02-29T12:00:00+01:60", "2024-02-29T12:00:00+0100",
        "2024-02-29T12:00:00+01", "2024-02-29T12:00:00Z ", " 2024-02-29T12:00:00Z", "2024-02-29_12:00:00Z",
        "24-02-29T12:00:00Z", "+2024-02-29T12:00:00Z", "12024-02-29T12:00:00Z", "1709208000000", "yesterday"};
    // clang-format on
    return pool;
}

const Texts& blocks() {
    // clang-format off
    static const Texts pool{
        "10.0.0.0/8", "10.1.2.3/8", "0.0.0.0/0", "10.1.2.3/0", "::/0", "::ffff:0:0/96", "::ffff:10.0.0.0/104",
        "::ffff:10.0.0.0/90", "::ffff:10.1.2.3/128", "::ffff:0a01:0202/127", "::ffff:0:0/0", "::ffff:0:0/95",
        "2001:db8::/32", "2001:DB8:0:0::/33", "2001:db8:8000::/33", "::1/128", "::1/127",
        "255.255.255.255/32", "10.1.2.2/31", "10.1.2.3/32", "fe80::/10", "192.168.1.128/25",
        "192.168.1.200/25", "::/96", "::10.1.2.3/128", "1:2:3:4:5:6:7::/112", "1:2:3:4:5:6:1.2.3.4/128",
        "128.0.0.0/1", "8000::/1"};
    // clang-format on
    return pool;
}

const Texts& addresses() {
    // clang-format off
    static const Texts pool{
        "10.1.2.3", "10.1.2.2", "10.1.2.4", "10.0.0.0", "10.255.255.255", "11.0.0.0", "9.255.255.255",
        "0.0.0.0", "255.255.255.255", "127.255.255.255", "128.0.0.0", "192.168.1.127", "192.168.1.128",
        "192.168.1.255", "192.168.2.0", "::", "::1", "::2", "::10.1.2.3", "::ffff:10.1.2.3",
        "::FFFF:0a01:0203", "0:0:0:0:0:ffff:10.1.2.2", "::fffe:10.1.2.3", "::ffc0:1:2", "::ffff:ffff:ffff",
        "::1:0:0", "64:ff9b::10.1.2.3", "2001:db8::1", "2001:DB8:0:0:0:0:0:1", "2001:db8:7fff:ffff::",
        "2001:db8:8000::", "2001:db9::", "2001:0db8::", "fe80::1", "febf::1", "fec0::1", "7fff::", "8000::",
        "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4",
        "1:2:3:4:5:6:102:304"};
    // clang-format on
    return pool;
}

const Texts& no_addresses() {
    // clang-format off
    static const Texts pool{
        "", "10", "10.1.2", "10.1.2.3.4", "10.1.2.03", "010.1.2.3", "10.1.2.256", "10.1.2.3 ", " 10.1.2.3",
        "10.1.2.", "10..2.3", "10.1.2.-3", "0x0a.1.2.3", "::ffff:10.1.2.03", "::ffff:10.1.2",
        "::ffff:10.1.2.256", "fe80::1%eth0", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8",
        "::1::", ":::", ":", "1:", ":1::", "12345::", "g::", "10.0.0.0/8", "::1/128", "[::1]",
        "1:2:3:4:5:6:7:1.2.3.4", "1.2.3.4::", std::string("10.1.2.3\0", 9), std::string("::1\0", 4)};
    // clang-format on
    return pool;
}

/// A pattern and values that it finds something in, or just does not.
struct Pattern {
    std::string text;
    Texts values;
};

const std::vector<Pattern>& patterns() {
    // clang-format off
    static const std::vector<Pattern> pool{
        {"", {"", "DE"}}, {"^$", {"", "a"}}, {"^u[0-9]+$", {"u1", "u12", "U1", "u", "xu1"}},
        {"(?i)de", {"DE", "xdEx", "ed"}}, {"de", {"DE", "de", "xde"}}, {"k", {"k", "K", "\u212A"}},
        {"s$", {"s", "S", "\u017F"}}, {"é", {"é", "É", "e"}}, {"^.$", {"日", "é", "ab", "", "\n", "🎉"}},
        {"a.b", {"a\nb", "axb", with_nul()}}, {"(?s)a.b", {"a\nb", "axb"}}, {"(?m)^x$", {"w\nx\ny", "wx"}},
        {"^x$", {"x", "w\nx\ny", "x\n"}}, {"\\d{3}", {"123", "12", "١٢٣"}},
        {"\\bDE\\b", {"DE", "in DE.", "DEN", "éDEé"}}, {"\\p{Greek}+", {"αβγ", "abc"}},
        {"[[:alpha:]]+@[a-z]+\\.com$", {"a@example.com", "a@example.org", "A@EXAMPLE.COM"}},
        {"\\x{1F389}", {"🎉", "x"}}, {"[^\\x00-\\x7F]", {"é", "e", "日"}}, {"a|b|", {"c", "a"}},
        {"(?P<n>a)b", {"ab", "AB", "ba"}}, {"\\QDE.\\E", {"DE.", "DEx"}}, {"\\\\C", {"\\C", "C"}},
        {"^(a+)+$", {std::string(999, 'a'), std::string(998, 'a') + "b"}},
        {std::string(999, 'a') + "?", {std::string(999, 'a'), std::string(998, 'a'), std::string(997, 'a')}},
        {with_nul(), {with_nul(), "ab"}}, {"(?U)a+$", {"aaa", "b"}}, {"\\z", {"", "a\n"}},
        {"^[a-f0-9]{8}-[a-f0-9]{4}$", {"0123abcd-0f0f", "0123ABCD-0F0F"}},
        {"[\\\"\\[\\]]", {"\"quoted\\", "[", "x"}}};
    // clang-format on
    return pool;
}

/// What the values of an attribute mostly are.
enum class Domain { word, number, version, instant, address, boolean, unit };

const std::vector<std::pair<std::string, Domain>>& attributes() {
    // clang-format off
    static const std::vector<std::pair<std::string, Domain>> pool{
        {"country", Domain::word}, {"device.os", Domain::word}, {"email", Domain::word},
        {"tags", Domain::word}, {"日本.é", Domain::word}, {"level", Domain::number}, {"score", Domain::number},
        {"stats.games.won", Domain::number}, {"app_version", Domain::version},
        {"device.version", Domain::version}, {"signup", Domain::instant}, {"last seen", Domain::instant},
        {"ip", Domain::address}, {"net.address", Domain::address}, {"beta", Domain::boolean},
        {"key", Domain::unit}, {"account_id", Domain::unit}, {"device.id", Domain::unit}, {"x", Domain::word},
        {"key.x", Domain::number}, {"attributes", Domain::word}, {"missing", Domain::word},
        {".", Domain::word}, {"a..b", Domain::number}, {std::string(200, 'n'), Domain::word}};
    // clang-format on
    return pool;
}

const Texts& units() {
    static const Texts pool{"key", "account_id", "device.id", "x", "日本.é"};
    return pool;
}

const Texts& salts() {
    static const Texts pool{"s",         "s2",       "salt:traffic",        "日",
                            " ",         with_nul(), std::string(300, 's'), "layer:checkout",
                            "holdout:q4"};
    return pool;
}

const Texts& percents() {
    static const Texts pool{
        "0",     "0.0",  "0e9",        "100",  "1e2",       "100.000000", "100.0000000000",
        "50",    "50.0", "5e1",        "12.5", "33.333333", "99.999999",  "0.000001",
        "1e-06", "1E-6", "1000000e-6", "90",   "95.5",      "66"};
    return pool;
}

const Texts& weights() {
    // clang-format off
    static const Texts pool{
        "0", "0.0", "0e0", "1", "1.0", "10", "90", "50", "5e1", "33.333333", "1.500000000", "0.000001",
        "1e-06", "1000000000", "1e9", "999999999.999999", "100", "12.5", "3"};
    // clang-format on
    return pool;
}

/// Values of units as they are bucketed and listed.
const Texts& unit_texts() {
    static const Texts pool{"acc-1", "acc-2", "7", "0", "-5", "9223372036854775807", "3", "DE", "日本", "u1"};
    return pool;
}

/// Spellings of keys; each is followed by a number that makes it the only one.
const Texts& key_stems() {
    // clang-format off
    static const Texts pool{
        "flag-", "a/b:c-", "UPPER.case_", "", "-", "/", ":", "..", "layer:checkout", "key", "targets",
        std::string(124, 'k'), "checkout/cta:v"};
    // clang-format on
    return pool;
}

// ---------------------------------------------------------------- JSON in many spellings

class JsonWriter {
public:
    explicit JsonWriter(Random& random) : random_(random) { choose_style(); }

    /// From here on: packed, spaced, or with lines; with more or fewer escapes.
    void choose_style() {
        static const Texts spaces{"", "", " ", "\n", "\r\n\t", "  "};
        space_ = random_.of(spaces);
        escape_percent_ = random_.percent(30) ? 20 : 1;
    }

    std::string text(std::string_view utf8) {
        std::string json = "\"";
        for (std::size_t i = 0; i < utf8.size();) {
            const std::size_t size = sequence_size(utf8[i]);
            append_character(json, utf8.substr(i, size));
            i += size;
        }
        return json + "\"";
    }

    /// Members in any order.
    std::string object(Members members) {
        random_.shuffle(members);
        return object_in_order(members);
    }

    std::string object_in_order(const Members& members) {
        std::string json = "{";
        for (const auto& [name, value] : members) {
            if (json.size() > 1) json += ",";
            json += space_ + text(name) + (space_.empty() ? ":" : ": ") + value;
        }
        return json + (members.empty() ? "}" : space_ + "}");
    }

    std::string list(const Texts& values) {
        std::string json = "[";
        for (const std::string& value : values) {
            if (json.size() > 1) json += "," + space_;
            json += value;
        }
        return json + "]";
    }

    std::string texts(const Texts& values) {
        Texts quoted;
        for (const std::string& value : values) quoted.push_back(text(value));
        return list(quoted);
    }

private:
    static std::size_t sequence_size(char first) {
        const auto byte = static_cast<unsigned char>(first);
        return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    }

    static unsigned code_point(std::string_view sequence) {
        static constexpr unsigned masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
        unsigned code = static_cast<unsigned char>(sequence[0]) & masks[sequence.size()];
        for (const char c : sequence.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3Fu);
        return code;
    }

    void append_escape(std::string& json, unsigned code) {
        char escape[8];
        std::snprintf(escape, sizeof escape, random_.percent(50) ? "\\u%04x" : "\\u%04X", code & 0xFFFFu);
        json += escape;
    }

    void append_character(std::string& json, std::string_view sequence) {
        const unsigned code = code_point(sequence);
        if (code >= 0x20 && code != '"' && code != '\\' && !random_.percent(escape_percent_)) {
            json += sequence;
        } else if ((code == '"' || code == '\\' || code == '/') && random_.percent(80)) {
            json += '\\';
            json += sequence;
        } else if (code == '\n' && random_.percent(80)) {
            json += "\\n";
        } else if (code >= 0x10000) {
            append_escape(json, 0xD800 + ((code - 0x10000) >> 10));
            append_escape(json, 0xDC00 + ((code - 0x10000) & 0x3FF));
        } else {
            append_escape(json, code);
        }
    }

    Random& random_;
    std::string space_;
    std::size_t escape_percent_ = 1;
};

std::string boolean_json(bool value) { return value ? "true" : "false"; }

constexpr std::uint64_t two_to_32 = std::uint64_t{1} << 32;

/// RULESET.md, section 6: to place boundaries exactly where users are.
std::uint64_t point(const std::string& salt, const std::string& unit) {
    return XXH3_64bits_withSeed(unit.data(), unit.size(), XXH3_64bits(salt.data(), salt.size())) >> 32;
}

/// A decimal with `micros` millionths.
std::string decimal(std::uint64_t micros) {
    char text[40];
    std::snprintf(text, sizeof text, "%llu.%06llu", static_cast<unsigned long long>(micros / 1'000'000),
                  static_cast<unsigned long long>(micros % 1'000'000));
    return text;
}

/// A double's literal that stays a double.
std::string real_json(double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", value);
    std::string json = text;
    if (json.find_first_of(".e") == std::string::npos) json += ".0";
    return json;
}

// ---------------------------------------------------------------- a ruleset

class RulesetWriter {
public:
    RulesetWriter(Random& random, std::vector<RulesetGenerator::Comparison>& comparisons)
        : random_(random), json_(random), comparisons_(comparisons) {}

    std::string write() {
        write_layers();
        write_holdouts();
        write_segments();
        write_flags_and_experiments();
        static const Texts environments{"production", "test", "", "日本", "a\nb"};
        static const Texts versions{"0", "1", "9007199254740991", "1700000000000"};
        Members document{
            {"format", json_.text("expplat.ruleset/1")},
            {"environment", json_.text(random_.of(environments))},
            {"version", random_.percent(20) ? random_.of(versions) : std::to_string(random_.next() >> 11)}};
        for (auto* map : {&segments_, &layers_, &holdouts_, &flags_, &experiments_})
            random_.shuffle(map->members);
        for (auto* map : {&segments_, &layers_, &holdouts_, &flags_, &experiments_}) {
            if (!map->members.empty() || random_.percent(50)) {
                document.emplace_back(map->name, json_.object_in_order(map->members));
            }
        }
        annotate(document);
        return json_.object(document);
    }

    [[nodiscard]] Texts keys() const {
        Texts keys;
        for (const auto& [key, json] : flags_.members) keys.push_back(key);
        for (const auto& [key, json] : experiments_.members) keys.push_back(key);
        return keys;
    }

private:
    struct Map {
        const char* name;
        Members members;
    };
    struct NamedSegment {
        std::string key;
        std::uint64_t steps;
    };
    struct NamedLayer {
        std::string key, unit, salt;
        std::size_t next_slot = 0;  // of running experiments
    };
    struct NamedHoldout {
        std::string key, unit, salt;
    };
    struct NamedEntity {  // a flag or an experiment
        std::string key;
        Texts variants;
        std::uint64_t steps;
    };

    /// An entity names nothing heavier, and nothing more once it is heavy itself: at most 100,000 steps
    /// (section 1).
    static constexpr std::uint64_t heaviest_name = 1'500;
    static constexpr std::uint64_t heaviest_condition = 50'000;

    // ---- small parts

    std::string unique_key() {
        const std::string number = std::to_string(next_number_++);
        return random_.of(key_stems()) + number;
    }

    bool maybe(std::size_t chance) { return random_.percent(chance); }

    void annotate(Members& members) {
        if (maybe(6)) members.emplace_back("description", json_.text(random_.of(words())));
        if (maybe(6)) members.emplace_back("tags", json_.texts(some_of(words(), 0, 3)));
        if (maybe(6)) members.emplace_back("meta", anything(3));
    }

    /// Any JSON, of names that mean something elsewhere.
    std::string anything(int levels) {
        static const Texts leaves{"null", "true", "false", "0",      "-0",
                                  "1.0",  "1e2",  "\"\"",  "\"on\"", "9223372036854775808"};
        static const Texts names{"if", "operator", "k", "", "serve", "日", "a.b", "/~"};
        if (levels == 0 || maybe(30)) return random_.of(leaves);
        if (maybe(50)) {
            Texts items;
            for (std::size_t i = random_.below(4); i > 0; --i) items.push_back(anything(levels - 1));
            return json_.list(items);
        }
        return object_of_anything(levels, names);
    }

    std::string object_of_anything(int levels, const Texts& names) {
        Members members;
        for (const std::string& name : distinct(names, 0, 3))
            members.emplace_back(name, anything(levels - 1));
        return json_.object(members);
    }

    Texts some_of(const Texts& pool, std::size_t low, std::size_t high) {
        Texts some;
        for (std::size_t i = random_.between(low, high); i > 0; --i) some.push_back(random_.of(pool));
        return some;
    }

    Texts distinct(Texts pool, std::size_t low, std::size_t high) {
        random_.shuffle(pool);
        pool.resize(std::min(pool.size(), random_.between(low, high)));
        return pool;
    }

    /// The first point that a user of the pools is outside of, or the last one inside.
    std::uint64_t point_of_somebody(const std::string& salt, const std::string& unit) {
        const std::string& somebody = random_.of(unit == "key" ? user_keys() : unit_texts());
        return point(salt, somebody) + random_.below(2);
    }

    std::string percent_json(const std::string& salt, const std::string& unit) {
        if (maybe(50)) return random_.of(percents());
        for (int tries = 40; tries > 0 && maybe(97); --tries) {
            constexpr std::uint64_t micros_of_100_percent = 100'000'000;
            const std::uint64_t boundary = point_of_somebody(salt, unit);
            const std::uint64_t micros = (boundary * micros_of_100_percent + two_to_32 - 1) / two_to_32;
            if (micros * two_to_32 / micros_of_100_percent == boundary) return decimal(micros);
        }
        return decimal(random_.next() % 100'000'001);
    }

    // ---- conditions

    std::string literal(Domain domain) {
        switch (domain) {
            case Domain::word: return json_.text(random_.of(words()));
            case Domain::number: return random_.of(numbers());
            case Domain::version: return json_.text(random_.of(versions()));
            case Domain::instant:
                return maybe(30) ? random_.of(milliseconds()) : json_.text(random_.of(instants()));
            case Domain::address: return json_.text(random_.of(addresses()));
            case Domain::boolean: return boolean_json(maybe(50));
            case Domain::unit: return json_.text(random_.of(user_keys()));
        }
        return "0";
    }

    std::string attribute_of(Domain domain) {
        Texts names;
        for (const auto& [name, usual] : attributes()) {
            if (usual == domain) names.push_back(name);
        }
        return random_.of(names);
    }

    std::string literal_near(Domain domain) {
        static const std::vector<Domain> all{Domain::word,    Domain::number,  Domain::version,
                                             Domain::instant, Domain::address, Domain::boolean,
                                             Domain::unit};
        return literal(maybe(85) ? domain : random_.of(all));
    }

    Texts literals(Domain domain, std::size_t count) {
        Texts list;
        for (; count > 0; --count) list.push_back(literal_near(domain));
        return list;
    }

    std::size_t list_size() {
        return maybe(5) ? random_.between(20, 200) : maybe(8) ? 0 : random_.between(1, 5);
    }

    const char* operator_for(Domain domain) {
        static const std::map<Domain, std::vector<const char*>> operators{
            {Domain::word, {"is", "in", "in", "contains", "starts_with", "ends_with", "matches", "matches"}},
            {Domain::number, {"is", "in", "less_than", "at_most", "greater_than", "at_least"}},
            {Domain::version,
             {"version_is", "version_below", "version_at_most", "version_above", "version_at_least", "is",
              "starts_with"}},
            {Domain::instant, {"before", "after", "is"}},
            {Domain::address, {"in_cidr", "in_cidr", "is", "matches"}},
            {Domain::boolean, {"is", "in"}},
            {Domain::unit, {"is", "in", "starts_with", "matches", "ends_with", "less_than"}}};
        // clang-format off
        static const std::vector<const char*> all{
            "is", "in", "less_than", "at_most", "greater_than", "at_least", "contains", "starts_with",
            "ends_with", "matches", "version_is", "version_below", "version_at_most", "version_above",
            "version_at_least", "before", "after", "in_cidr"};
        // clang-format on
        if (maybe(6)) return "exists";
        return random_.of(maybe(90) ? operators.at(domain) : all);
    }

    std::string comparison() {
        static const std::vector<Domain> domains{Domain::word,    Domain::word,    Domain::number,
                                                 Domain::number,  Domain::version, Domain::instant,
                                                 Domain::address, Domain::boolean, Domain::unit};
        const Domain domain = random_.of(domains);
        const std::string attribute = attribute_of(domain);
        const std::string op = operator_for(domain);
        RulesetGenerator::Comparison written{attribute, op, {}};
        std::string operand;
        bool folds = false;
        if (op == "exists") {
            operand = boolean_json(maybe(70));
        } else if (op == "is") {
            written.operands = {literal_near(domain)};
            operand = written.operands.front();
            folds = true;
        } else if (op == "in") {
            written.operands = literals(domain, list_size());
            operand = json_.list(written.operands);
            folds = true;
        } else if (op == "contains" || op == "starts_with" || op == "ends_with") {
            const Texts& pool = domain == Domain::version ? versions()
                                : domain == Domain::unit  ? user_keys()
                                                          : words();
            for (const std::string& text : some_of(pool, 1, 1)) written.operands.push_back(json_.text(text));
            operand = written.operands.front();
            if (maybe(50)) {
                for (std::size_t i = list_size(); i > 0; --i)
                    written.operands.push_back(json_.text(random_.of(pool)));
                if (maybe(15)) written.operands.clear();
                operand = json_.list(written.operands);
            }
            folds = true;
        } else if (op == "matches") {
            const Pattern& pattern = random_.of(patterns());
            operand = json_.text(pattern.text);
            for (const std::string& value : pattern.values) written.operands.push_back(json_.text(value));
            folds = true;
        } else if (op == "in_cidr") {
            Texts list = some_of(blocks(), 0, 4);
            if (maybe(5)) list = some_of(blocks(), 10, 40);
            operand = json_.texts(list);
            for (const std::string& block : list)
                written.operands.push_back(json_.text(block.substr(0, block.find('/'))));
        } else if (op == "before" || op == "after") {
            operand = literal(Domain::instant);
            written.operands = {operand};
        } else if (op.starts_with("version_")) {
            operand = literal(Domain::version);
            written.operands = {operand};
        } else {  // the numeric ones
            operand = literal(Domain::number);
            written.operands = {operand};
        }
        comparisons_.push_back(written);
        Members members{{"attribute", json_.text(attribute)}, {op, operand}};
        if (folds && maybe(30)) members.emplace_back("ignore_case", boolean_json(maybe(75)));
        return json_.object(members);
    }

    std::string sample() {
        const std::string salt = random_.of(salts());
        const std::string unit = maybe(50) ? "key" : random_.of(units());
        Members members{{"salt", json_.text(salt)}, {"percent", percent_json(salt, unit)}};
        if (unit != "key" || maybe(30)) members.emplace_back("unit", json_.text(unit));
        return json_.object(members);
    }

    /// Adds what it costs to `steps`.
    std::string condition(int levels, std::uint64_t& steps) {
        const std::size_t form = levels == 0 ? random_.between(27, 99) : random_.below(100);
        if (form < 18) {
            Texts parts;
            ++steps;
            for (std::size_t i = maybe(10) ? 0 : random_.between(1, 4); i > 0; --i)
                parts.push_back(condition(levels - 1, steps));
            return json_.object({{form < 9 ? "all" : "any", json_.list(parts)}});
        }
        if (form < 27) return negation(levels, steps);
        if (form < 40 && !named_segments_.empty()) {
            const NamedSegment& segment = random_.of(named_segments_);
            if (segment.steps < heaviest_name && steps < heaviest_condition) {
                steps += 1 + segment.steps;
                return json_.object({{"segment", json_.text(segment.key)}});
            }
        }
        ++steps;
        if (form < 47) return json_.object({{"sample", sample()}});
        return comparison();
    }

    std::string negation(int levels, std::uint64_t& steps) {
        const std::size_t depth = levels == 1 && maybe(10) ? 30 : 1;  // once at most: JSON nests 64 levels
        std::string json = condition(levels - 1, steps);
        for (std::size_t i = 0; i < depth; ++i, ++steps) json = json_.object({{"not", json}});
        return json;
    }

    // ---- segments, layers, holdouts

    Texts unit_values(std::size_t count) {
        Texts list;
        for (; count > 0; --count)
            list.push_back(maybe(3) ? "" : random_.of(maybe(60) ? user_keys() : unit_texts()));
        return list;
    }

    void write_segments() {
        for (std::size_t i = random_.below(8); i > 0; --i) {
            Members members;
            std::uint64_t steps = 0;
            if (maybe(50)) members.emplace_back("unit", json_.text(random_.of(units())));
            if (maybe(50)) members.emplace_back("included", json_.texts(unit_values(list_size())));
            if (maybe(40)) members.emplace_back("excluded", json_.texts(unit_values(list_size())));
            if (maybe(75)) members.emplace_back("if", condition(4, steps));
            annotate(members);
            const std::string key = unique_key();
            segments_.members.emplace_back(key, json_.object(members));
            named_segments_.push_back({key, steps});
        }
    }

    std::string layer_unit() { return maybe(60) ? "key" : random_.of(units()); }

    void write_layers() {
        for (std::size_t i = maybe(15) ? 0 : random_.between(1, 3); i > 0; --i) {
            NamedLayer layer{i == 1 ? "checkout" : unique_key(), layer_unit(), {}};
            layer.salt = "layer:" + layer.key;
            Members members;
            if (layer.unit != "key" || maybe(50)) members.emplace_back("unit", json_.text(layer.unit));
            if (maybe(50)) {
                layer.salt = random_.of(salts());
                members.emplace_back("salt", json_.text(layer.salt));
            }
            annotate(members);
            layers_.members.emplace_back(layer.key, json_.object(members));
            named_layers_.push_back(layer);
        }
    }

    void write_holdouts() {
        for (std::size_t i = maybe(15) ? 0 : random_.between(1, 3); i > 0; --i) {
            NamedHoldout holdout{i == 1 ? "q4" : unique_key(), layer_unit(), {}};
            holdout.salt = "holdout:" + holdout.key;
            Members members;
            if (holdout.unit != "key" || maybe(50)) members.emplace_back("unit", json_.text(holdout.unit));
            if (maybe(50)) {
                holdout.salt = random_.of(salts());
                members.emplace_back("salt", json_.text(holdout.salt));
            }
            members.emplace_back("percent", percent_json(holdout.salt, holdout.unit));
            annotate(members);
            holdouts_.members.emplace_back(holdout.key, json_.object(members));
            named_holdouts_.push_back(holdout);
        }
    }

    // ---- what flags and experiments share

    void write_flags_and_experiments() {
        const std::size_t count = maybe(5) ? random_.between(20, 40) : random_.between(1, 16);
        for (std::size_t i = 0; i < count; ++i) {
            if (maybe(60)) {
                write_flag();
            } else {
                write_experiment();
            }
        }
    }

    std::string value_of(const std::string& type) {
        static const Texts names{"size", "tags", "", "é", "deep"};
        if (type == "boolean") return boolean_json(maybe(50));
        if (type == "string") return json_.text(random_.of(words()));
        if (type == "integer") return random_.of(integers());
        if (type == "double") return random_.of(numbers());
        return object_of_anything(3, names);
    }

    void type_and_variants(Members& members, Texts& variants) {
        static const Texts types{"boolean", "string", "integer", "double", "object"};
        // clang-format off
        static const Texts names{
            "on", "off", "control", "green", "a", "b", "10", "2", "A/b:c-1", "targets",
            std::string(128, 'v')};
        // clang-format on
        const std::string type = random_.of(types);
        variants = distinct(names, 1, 5);
        Members values;
        for (const std::string& variant : variants) values.emplace_back(variant, value_of(type));
        members.emplace_back("type", json_.text(type));
        members.emplace_back("variants", json_.object_in_order(values));
    }

    void add_prerequisites(Members& members, std::uint64_t& steps) {
        if (maybe(70)) return;
        Texts list;
        for (std::size_t i = random_.below(3); i > 0 && !named_entities_.empty(); --i) {
            const NamedEntity& entity = random_.of(named_entities_);
            if (entity.steps > heaviest_name) continue;
            steps += entity.steps;
            Members prerequisite{{"flag", json_.text(entity.key)},
                                 {"variants", json_.texts(distinct(entity.variants, 1, 4))}};
            list.push_back(json_.object(prerequisite));
        }
        members.emplace_back("prerequisites", json_.list(list));
    }

    void add_targets(Members& members, const Texts& variants) {
        if (maybe(70)) return;
        Texts keys = distinct(user_keys(), 0, maybe(20) ? 60 : 8);
        if (maybe(5)) keys.emplace_back();
        Members targets;
        for (const std::string& variant : distinct(variants, 0, variants.size())) {
            Texts list;
            for (std::size_t i = random_.below(keys.size() + 1); i > 0; --i) {
                list.push_back(keys.back());
                keys.pop_back();
            }
            targets.emplace_back(variant, json_.texts(list));
        }
        members.emplace_back("targets", json_.object_in_order(targets));
    }

    std::string entry(const std::string& variant, const std::string& weight) {
        return json_.object({{"variant", json_.text(variant)}, {"weight", weight}});
    }

    std::string split_entries(const Texts& variants, const std::string& salt, const std::string& unit) {
        const Texts chosen = distinct(variants, 1, variants.size());
        if (chosen.size() == 2 && maybe(50)) {  // weights of 2^32 in all: any boundary can be named
            const std::uint64_t boundary = point_of_somebody(salt, unit);
            return json_.list(
                {entry(chosen[0], decimal(boundary)), entry(chosen[1], decimal(two_to_32 - boundary))});
        }
        static const Texts zeros{"0", "0.0", "0e0"};
        const std::size_t positive = random_.below(chosen.size());  // at least this one
        Texts entries;
        for (std::size_t i = 0; i < chosen.size(); ++i) {
            std::string weight =
                maybe(70) ? random_.of(weights()) : decimal(random_.next() % 1'000'000'000'000'001);
            if (i == positive && std::strtod(weight.c_str(), nullptr) == 0) weight = "1";
            if (i != positive && maybe(10)) weight = random_.of(zeros);
            entries.push_back(entry(chosen[i], weight));
        }
        return json_.list(entries);
    }

    std::string serve(const Texts& variants, const std::string& flag_key) {
        if (maybe(50)) return json_.text(random_.of(variants));
        const std::string unit = maybe(60) ? "key" : random_.of(units());
        const std::string salt = maybe(60) ? flag_key : random_.of(salts());
        Members members{{"split", split_entries(variants, salt, unit)}};
        if (unit != "key" || maybe(20)) members.emplace_back("unit", json_.text(unit));
        if (salt != flag_key || maybe(20)) members.emplace_back("salt", json_.text(salt));
        return json_.object(members);
    }

    // ---- flags

    std::string rule(const Texts& variants, const std::string& flag_key, std::set<std::string>& ids,
                     std::uint64_t& steps) {
        static const Texts odd_ids{
            std::string(300, 'i'), "日本 🎉", "\"\\\n", with_nul(), " ", "target", "Targets"};
        Members members{{"serve", serve(variants, flag_key)}};
        if (maybe(85)) members.emplace_back("if", condition(3, steps));
        if (maybe(70)) {
            std::string id = maybe(15) ? random_.of(odd_ids) : std::string("r") + std::to_string(ids.size());
            if (ids.insert(id).second) members.emplace_back("id", json_.text(id));
        }
        annotate(members);
        return json_.object(members);
    }

    void write_flag() {
        const std::string key = unique_key();
        Members members;
        Texts variants;
        std::uint64_t steps = 1;
        type_and_variants(members, variants);
        members.emplace_back("off", json_.text(random_.of(variants)));
        if (maybe(30)) {
            add_one_plain_rule(members, variants, steps);
        } else {
            members.emplace_back("default", serve(variants, key));
            if (maybe(20)) members.emplace_back("enabled", boolean_json(maybe(50)));
            if (maybe(50)) members.emplace_back("exposures", boolean_json(maybe(75)));
            add_prerequisites(members, steps);
            add_targets(members, variants);
            if (maybe(90)) {
                Texts rules;
                std::set<std::string> ids;
                for (std::size_t i = maybe(3) ? 40 : random_.below(6); i > 0; --i)
                    rules.push_back(rule(variants, key, ids, steps));
                members.emplace_back("rules", json_.list(rules));
            }
        }
        annotate(members);
        flags_.members.emplace_back(key, json_.object(members));
        named_entities_.push_back({key, variants, steps});
    }

    /// A flag whose answer is what one condition says.
    void add_one_plain_rule(Members& members, const Texts& variants, std::uint64_t& steps) {
        Members only{{"if", condition(0, steps)}, {"serve", json_.text(variants.front())}};
        members.emplace_back("rules", json_.list({json_.object(only)}));
        members.emplace_back("default", json_.text(variants.back()));
    }

    // ---- experiments

    void write_experiment() {
        static const Texts statuses{"running", "running", "running",  "running",
                                    "draft",   "paused",  "completed"};
        const std::string key = unique_key();
        const std::string status = random_.of(statuses);
        Members members{{"status", json_.text(status)}};
        Texts variants;
        std::uint64_t steps = 1;
        type_and_variants(members, variants);
        std::string unit = "key", salt = key;
        if (maybe(40)) {
            unit = named_layers_.empty() || maybe(30) ? random_.of(units()) : random_.of(named_layers_).unit;
            members.emplace_back("unit", json_.text(unit));
        }
        if (maybe(40)) {
            salt = random_.of(salts());
            members.emplace_back("salt", json_.text(salt));
        }
        members.emplace_back("split", split_entries(variants, salt, unit));
        if (maybe(50)) members.emplace_back("if", condition(4, steps));
        if (maybe(50)) members.emplace_back("traffic", percent_json(salt + ":traffic", unit));
        std::string layer_salt;
        if (maybe(75)) layer_salt = add_layer(members, status, unit, salt);
        if (maybe(70)) add_holdout(members, unit, salt, layer_salt);
        add_prerequisites(members, steps);
        add_targets(members, variants);
        if (maybe(status == "completed" ? 70 : 10)) {
            members.emplace_back("winner", maybe(20) ? "null" : json_.text(random_.of(variants)));
        }
        annotate(members);
        experiments_.members.emplace_back(key, json_.object(members));
        named_entities_.push_back({key, variants, steps});
    }

    static bool correlated(const std::string& salt, const std::string& other) {
        return other == salt || other == salt + ":traffic";
    }

    /// In [low, high]; where it can be, the slot of a user of the pools or the one after it.
    std::size_t aimed_slot(const NamedLayer& layer, std::size_t low, std::size_t high) {
        for (int tries = 0; tries < 3; ++tries) {
            const std::string& somebody = random_.of(layer.unit == "key" ? user_keys() : unit_texts());
            const std::size_t slot =
                static_cast<std::size_t>(point(layer.salt, somebody) * 10'000 / two_to_32) + random_.below(2);
            if (slot >= low && slot <= high) return slot;
        }
        return random_.between(low, high);
    }

    /// The salt of the layer that the experiment now names; empty where it names none.
    std::string add_layer(Members& members, const std::string& status, const std::string& unit,
                          const std::string& salt) {
        for (NamedLayer& layer : named_layers_) {
            if (layer.unit != unit || correlated(salt, layer.salt) || layer.next_slot >= 10'000) continue;
            const std::size_t first = status == "running" ? layer.next_slot : 0;
            std::size_t from = first, to = 10'000;
            if (maybe(50)) from = aimed_slot(layer, first, 9'999);
            if (maybe(70)) to = aimed_slot(layer, from + 1, 10'000);
            if (status == "running") layer.next_slot = to;
            Members range{
                {"key", json_.text(layer.key)}, {"from", std::to_string(from)}, {"to", std::to_string(to)}};
            members.emplace_back("layer", json_.object(range));
            return layer.salt;
        }
        return {};
    }

    void add_holdout(Members& members, const std::string& unit, const std::string& salt,
                     const std::string& layer_salt) {
        for (const NamedHoldout& holdout : named_holdouts_) {
            if (holdout.unit != unit || correlated(salt, holdout.salt) || holdout.salt == layer_salt)
                continue;
            members.emplace_back("holdout", json_.text(holdout.key));
            return;
        }
    }

    Random& random_;
    JsonWriter json_;
    std::vector<RulesetGenerator::Comparison>& comparisons_;
    std::size_t next_number_ = 0;
    Map segments_{"segments", {}};
    Map layers_{"layers", {}};
    Map holdouts_{"holdouts", {}};
    Map flags_{"flags", {}};
    Map experiments_{"experiments", {}};
    std::vector<NamedSegment> named_segments_;
    std::vector<NamedLayer> named_layers_;
    std::vector<NamedHoldout> named_holdouts_;
    std::vector<NamedEntity> named_entities_;
};

// ---------------------------------------------------------------- a user

class UserWriter {
public:
    UserWriter(Random& random, const std::vector<RulesetGenerator::Comparison>& comparisons)
        : random_(random), json_(random), comparisons_(comparisons) {}

    std::string write() {
        if (random_.below(30) == 0) return broken();
        Members members;
        if (maybe(94)) members.emplace_back("key", maybe(92) ? json_.text(key()) : random_.of(odd_keys()));
        if (maybe(95)) members.emplace_back("attributes", maybe(4) ? "null" : attributes_json());
        if (maybe(5)) members.emplace_back("extra", "[{\"attributes\":[]},null,1e2]");
        if (maybe(1)) members.emplace_back("deepest", std::string(63, '[') + std::string(63, ']'));
        return json_.object(members);
    }

private:
    bool maybe(std::size_t chance) { return random_.percent(chance); }

    static const Texts& odd_keys() {
        static const Texts pool{"\"\"", "7", "-0", "true", "null", "[\"u1\"]", "{\"a\":\"u1\"}", "3.0"};
        return pool;
    }

    const std::string& key() { return random_.of(maybe(95) ? user_keys() : words()); }

    /// Texts that are no user: each breaks one rule of section 1 or 2.
    std::string broken() {
        // clang-format off
        static const Texts pool{
            "", " ", "null", "[]", "\"u1\"", "{", "{\"key\":\"u1\"", "{\"key\":\"u1\"}}", "{\"key\":\"u1\",}",
            "{'key':'u1'}", "{\"key\":\"u1\",\"key\":\"u1\"}", "{\"key\":\"u1\",\"\\u006bey\":\"u1\"}",
            "{\"key\":\"u1\",\"attributes\":[]}", "{\"key\":\"u1\",\"attributes\":\"x\"}",
            "{\"key\":\"u1\",\"attributes\":{\"x\":1,\"x\":1}}",
            "{\"key\":\"u1\",\"attributes\":{\"x\":[{\"y\":1,\"y\":2}]}}",
            "{\"key\":\"u1\",\"extra\":{\"y\":1,\"y\":2}}", "{\"key\":\"u1\",\"attributes\":{\"x\":1e400}}",
            "{\"key\":\"u1\",\"extra\":-1e999}", "{\"key\":\"u1\",\"attributes\":{\"x\":\"\\ud800\"}}",
            "{\"key\":\"\\udc00\\ud800\"}", "{\"key\":\"u1\",\"attributes\":{\"\\ud83c\":1}}",
            "{\"key\":\"u1\xFF\"}", "{\"key\":\"\xC0\x80\"}", "{\"key\":\"\xED\xA0\x80\"}",
            "{\"key\":\"\xF4\x90\x80\x80\"}", "{\"key\":\"\xE2\x82\"}", "\xEF\xBB\xBF{\"key\":\"u1\"}",
            "{\"key\":\"a\nb\"}", "{\"key\":\"\\x41\"}", "{\"key\":01}", "{\"key\":1.}", "{\"key\":.5}",
            "{\"key\":+1}", "{\"key\":NaN}", "{\"key\":\"u1\"} x",
            "{\"key\":\"u1\",\"attributes\":{\"x\":" + std::string(63, '[') + std::string(63, ']') + "}}",
            "{\"key\":\"u1\"//\n}", "{\"key\":tru}", std::string("{\"key\":\"u1\"}\0", 13)};
        // clang-format on
        return random_.of(pool);
    }

    // ---- values

    std::string value_near(const std::string& attribute) {
        std::vector<const RulesetGenerator::Comparison*> about;
        for (const RulesetGenerator::Comparison& comparison : comparisons_) {
            if (comparison.attribute == attribute && !comparison.operands.empty())
                about.push_back(&comparison);
        }
        if (!about.empty() && maybe(70)) {
            const std::string& operand = random_.of(random_.of(about)->operands);
            return maybe(55) ? operand : varied(operand);
        }
        Domain domain = Domain::word;
        for (const auto& [name, usual] : attributes()) {
            if (name == attribute) domain = usual;
        }
        if (maybe(8)) domain = static_cast<Domain>(random_.below(7));
        return any_value(domain);
    }

    std::string any_value(Domain domain) {
        static const Texts unit_values{
            "7",   "-0",   "-5",   "0",         "9223372036854775807", "9223372036854775808",
            "3.0", "true", "\"\"", "\"acc-1\"", "\"acc-2\"",           "\"7\"",
            "3"};
        switch (domain) {
            case Domain::word: return json_.text(random_.of(words()));
            case Domain::number: return random_.of(numbers());
            case Domain::version: return json_.text(random_.of(maybe(75) ? versions() : no_versions()));
            case Domain::instant:
                if (maybe(30)) return random_.of(milliseconds());
                if (maybe(4)) return "1709208000000.0";
                return json_.text(random_.of(maybe(75) ? instants() : no_instants()));
            case Domain::address: return json_.text(random_.of(maybe(75) ? addresses() : no_addresses()));
            case Domain::boolean: return boolean_json(maybe(50));
            case Domain::unit: return maybe(60) ? json_.text(key()) : random_.of(unit_values);
        }
        return "0";
    }

    /// A literal beside `literal`: the next number, the other case, one byte more or less, another kind.
    std::string varied(const std::string& literal) {
        if (literal == "true" || literal == "false") {
            return maybe(50) ? boolean_json(literal == "false") : maybe(50) ? json_.text(literal) : "1";
        }
        return literal.starts_with('"') ? varied_text(literal) : varied_number(literal);
    }

    std::string varied_number(const std::string& literal) {
        errno = 0;
        const long long integer = std::strtoll(literal.c_str(), nullptr, 10);
        const bool is_integer = errno == 0 && literal.find_first_of(".eE") == std::string::npos;
        const double real = std::strtod(literal.c_str(), nullptr);
        switch (random_.below(5)) {
            case 0: return json_.text(literal);
            case 1: return real_json(real);
            case 2: return real_json(std::nextafter(real, maybe(50) ? 1e308 : -1e308));
            case 3:
                if (is_integer && integer < std::numeric_limits<long long>::max())
                    return std::to_string(integer + 1);
                break;
            default:
                if (is_integer && integer > std::numeric_limits<long long>::min())
                    return std::to_string(integer - 1);
                break;
        }
        if (std::fabs(real) < 9e18) return std::to_string(static_cast<long long>(real));
        return literal;
    }

    /// `literal` has its quotes; what stands between them is cut only where it has no escape.
    std::string varied_text(const std::string& literal) {
        std::string inner = literal.substr(1, literal.size() - 2);
        const bool is_ascii =
            std::all_of(inner.begin(), inner.end(), [](char c) { return c >= 0x20 && c != '\\'; });
        static const Texts suffixes{"x", ".0", "-rc.1", "+b", " ", "0", "é", "Z"};
        switch (random_.below(6)) {
            case 0: return "\"" + inner + random_.of(suffixes) + "\"";
            case 1: return "\"" + random_.of(suffixes) + inner + "\"";
            case 2: return "\"v" + inner + "\"";
            case 3:
                if (is_ascii && !inner.empty()) inner.pop_back();
                break;
            case 4:
                if (is_ascii && !inner.empty()) {
                    char& last = inner.back();
                    if (last >= '0' && last < '9') ++last;
                }
                break;
            default:
                if (is_ascii) {
                    for (char& c : inner) {
                        if (((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) && maybe(70))
                            c = static_cast<char>(c ^ 0x20);
                    }
                }
                break;
        }
        return "\"" + inner + "\"";
    }

    std::string list_near(const std::string& attribute) {
        static const Texts ignored{"null", "[]", "{}", "[\"DE\"]", "{\"a\":1}", "[[1]]"};
        Texts items;
        for (std::size_t i = maybe(5) ? 50 : random_.below(5); i > 0; --i) {
            items.push_back(maybe(12) ? random_.of(ignored) : value_near(attribute));
        }
        return json_.list(items);
    }

    std::string attribute_value(const std::string& attribute) {
        if (maybe(3)) return "null";
        if (maybe(2)) return "{}";
        return maybe(attribute == "tags" ? 70 : 12) ? list_near(attribute) : value_near(attribute);
    }

    // ---- attributes

    /// The value under `name`, with some or all of its dots as nested objects.
    std::pair<std::string, std::string> spelled(const std::string& name, const std::string& value) {
        const std::size_t dot = name.find('.', maybe(20) ? name.find('.') + 1 : 0);
        if (dot == std::string::npos || maybe(40)) return {name, value};
        const auto [rest, inner] = spelled(name.substr(dot + 1), value);
        Members members{{rest, inner}};
        if (maybe(15) && rest != "y") members.emplace_back("y", "{\"z\":[null,1]}");
        return {name.substr(0, dot), json_.object(members)};
    }

    std::string attributes_json() {
        Members members;
        std::set<std::string> used;
        const auto add = [&](const std::string& name, const std::string& value) {
            if (used.insert(name).second) members.emplace_back(name, value);
        };
        for (const auto& [name, domain] : attributes()) {
            if (name == "missing" || !maybe(80)) continue;
            if (name == "key" && !maybe(15)) continue;
            const auto [spelling, value] = spelled(name, attribute_value(name));
            add(spelling, value);
            if (maybe(12)) {  // the same name once more, spelled another way
                const auto [again, other] = spelled(name, attribute_value(name));
                add(again, other);
            }
        }
        if (maybe(5)) add("", "{\"\":1,\"x\":\"DE\"}");
        return json_.object(members);
    }

    Random& random_;
    JsonWriter json_;
    const std::vector<RulesetGenerator::Comparison>& comparisons_;
};

}  // namespace

RulesetGenerator::RulesetGenerator(std::uint64_t seed) : state_(seed) {}

std::string RulesetGenerator::ruleset() {
    Random random(state_);
    comparisons_.clear();
    RulesetWriter writer(random, comparisons_);
    std::string text = writer.write();
    keys_ = writer.keys();
    return text;
}

std::string RulesetGenerator::user() {
    Random random(state_);
    return UserWriter(random, comparisons_).write();
}

}  // namespace expplat::tests
