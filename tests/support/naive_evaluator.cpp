#include "tests/support/naive_evaluator.hpp"

#include <arpa/inet.h>
#include <re2/re2.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "expplat/base/reason.hpp"

namespace expplat::tests {

namespace {

using ruleset::Document;
using ruleset::Member;
using ruleset::Node;
using ruleset::NodeKind;

// ---------------------------------------------------------------- section 2: the user

/// The scalars of a list, or the one scalar that an attribute is.
struct Attribute {
    bool is_list = false;
    std::vector<const Node*> values;
};

struct User {
    const Node* key = nullptr;  // a string that is not empty, or null
    std::map<std::string, Attribute, std::less<>> attributes;

    [[nodiscard]] const Attribute* find(std::string_view name) const {
        const auto found = attributes.find(name);
        return found == attributes.end() ? nullptr : &found->second;
    }
};

bool is_scalar(const Node& node) {
    return node.kind() != NodeKind::null && node.kind() != NodeKind::array && node.kind() != NodeKind::object;
}

/// A member is repeated, or a number is out of range, at any depth.
bool breaks_section_1(const Node& node) {
    if (node.overflows()) return true;
    for (const Node& item : node.items()) {
        if (breaks_section_1(item)) return true;
    }
    for (const Member& member : node.members()) {
        if (member.repeated || breaks_section_1(member.value)) return true;
    }
    return false;
}

void flatten(const std::string& prefix, const Node& object, User& user) {
    for (const Member& member : object.members()) {
        const std::string name = prefix + std::string(member.name);
        const Node& value = member.value;
        if (value.kind() == NodeKind::null) continue;
        if (value.kind() == NodeKind::object) {
            flatten(name + ".", value, user);
            continue;
        }
        Attribute attribute;
        if (value.kind() == NodeKind::array) {
            attribute.is_list = true;
            for (const Node& item : value.items()) {
                if (is_scalar(item)) attribute.values.push_back(&item);
            }
        } else {
            attribute.values.push_back(&value);
        }
        user.attributes[name] = attribute;  // the last one in text order wins
    }
}

std::optional<User> read_user(const Node* node) {
    if (node == nullptr || node->kind() != NodeKind::object || breaks_section_1(*node)) return std::nullopt;
    User user;
    if (const Node* attributes = node->find("attributes"); attributes != nullptr) {
        if (attributes->kind() != NodeKind::object && attributes->kind() != NodeKind::null)
            return std::nullopt;
        flatten("", *attributes, user);
    }
    user.attributes.erase("key");
    const Node* key = node->find("key");
    if (key != nullptr && key->kind() == NodeKind::string && !key->text().empty()) {
        user.key = key;
        user.attributes["key"] = Attribute{false, {key}};
    }
    return user;
}

/// The bytes that are bucketed and looked up in a segment's lists.
std::optional<std::string> unit_value(const User& user, std::string_view unit) {
    const Attribute* attribute = user.find(unit);
    if (attribute == nullptr || attribute->is_list) return std::nullopt;
    const Node& value = *attribute->values.front();
    if (value.kind() == NodeKind::integer) return std::to_string(value.integer());
    if (value.kind() == NodeKind::string && !value.text().empty()) return std::string(value.text());
    return std::nullopt;
}

// ---------------------------------------------------------------- section 6: buckets

__extension__ using Wide = unsigned __int128;

constexpr Wide two_to_32 = Wide{1} << 32;
constexpr std::uint64_t micros_of_100_percent = 100'000'000;

std::uint64_t point(std::string_view salt, std::string_view unit) {
    const std::uint64_t seed = XXH3_64bits(salt.data(), salt.size());
    return XXH3_64bits_withSeed(unit.data(), unit.size(), seed) >> 32;
}

/// A weight or percent × 10^6, judged as the decimal that is written.
std::uint64_t micros(std::string_view literal) {
    std::string digits;
    long long zeros_to_add = 6;
    bool after_point = false;
    std::size_t at = literal.starts_with('-') ? 1 : 0;
    for (; at < literal.size() && literal[at] != 'e' && literal[at] != 'E'; ++at) {
        if (literal[at] == '.') {
            after_point = true;
            continue;
        }
        digits += literal[at];
        if (after_point) --zeros_to_add;
    }
    if (digits.find_first_not_of('0') == std::string::npos) return 0;
    if (at < literal.size()) {
        zeros_to_add += std::strtoll(std::string(literal.substr(at + 1)).c_str(), nullptr, 10);
    }
    for (; zeros_to_add > 0; --zeros_to_add) digits += '0';
    for (; zeros_to_add < 0; ++zeros_to_add) digits.pop_back();  // a zero: at most 6 decimals
    return std::strtoull(digits.c_str(), nullptr, 10);
}

bool in_percent(std::uint64_t percent_micros, std::string_view salt, std::string_view unit) {
    return point(salt, unit) < Wide{percent_micros} * two_to_32 / micros_of_100_percent;
}

/// The variant that the entries of `split` give to `unit`.
std::string split_variant(const Node& split, std::string_view salt, std::string_view unit) {
    Wide total = 0;
    for (const Node& entry : split.items()) total += micros(entry.find("weight")->text());
    const Wide where = point(salt, unit);
    Wide sum = 0;
    for (const Node& entry : split.items()) {
        sum += micros(entry.find("weight")->text());
        if (where < sum * two_to_32 / total) return std::string(entry.find("variant")->text());
    }
    std::abort();  // the last boundary is 2^32: not reached with a valid ruleset
}

std::string text_or(const Node& object, std::string_view name, std::string_view otherwise) {
    const Node* node = object.find(name);
    return std::string(node == nullptr ? otherwise : node->text());
}

// ---------------------------------------------------------------- section 3: numbers

bool is_number(const Node& node) { return node.kind() == NodeKind::integer || node.kind() == NodeKind::real; }

/// Exact for every 64-bit integer and every double.
long double exact(const Node& number) {
    static_assert(std::numeric_limits<long double>::digits >= 64);
    return number.kind() == NodeKind::integer ? static_cast<long double>(number.integer())
                                              : static_cast<long double>(number.real());
}

// ---------------------------------------------------------------- section 3: versions

std::vector<std::string> split_at(std::string_view text, char separator) {
    std::vector<std::string> parts(1);
    for (const char c : text) {
        if (c == separator) {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    return parts;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool all_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}
bool is_identifier(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    });
}

int sign(int comparison) { return comparison < 0 ? -1 : comparison > 0 ? 1 : 0; }

/// Digits as numbers of any length.
int compare_digits(std::string a, std::string b) {
    a.erase(0, std::min(a.find_first_not_of('0'), a.size()));
    b.erase(0, std::min(b.find_first_not_of('0'), b.size()));
    if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
    return sign(a.compare(b));
}

struct Version {
    std::vector<std::string> numbers;
    std::vector<std::string> prerelease;  // empty: a release
};

std::optional<Version> parse_version(std::string_view text) {
    Version version;
    if (text.starts_with('v') || text.starts_with('V')) text.remove_prefix(1);
    if (const std::size_t plus = text.find('+'); plus != std::string_view::npos) {
        for (const std::string& part : split_at(text.substr(plus + 1), '.')) {
            if (!is_identifier(part)) return std::nullopt;
        }
        text = text.substr(0, plus);
    }
    if (const std::size_t dash = text.find('-'); dash != std::string_view::npos) {
        version.prerelease = split_at(text.substr(dash + 1), '.');
        for (const std::string& part : version.prerelease) {
            if (!is_identifier(part)) return std::nullopt;
        }
        text = text.substr(0, dash);
    }
    version.numbers = split_at(text, '.');
    for (const std::string& number : version.numbers) {
        if (!all_digits(number) || compare_digits(number, "18446744073709551615") > 0) return std::nullopt;
    }
    return version;
}

int compare_identifiers(const std::string& a, const std::string& b) {
    const bool a_is_number = all_digits(a);
    const bool b_is_number = all_digits(b);
    if (a_is_number && b_is_number) return compare_digits(a, b);
    if (a_is_number != b_is_number) return a_is_number ? -1 : 1;  // numeric ones are lower
    return sign(a.compare(b));
}

int compare_versions(const Version& a, const Version& b) {
    for (std::size_t i = 0; i < std::max(a.numbers.size(), b.numbers.size()); ++i) {
        const int order = compare_digits(i < a.numbers.size() ? a.numbers[i] : "0",
                                         i < b.numbers.size() ? b.numbers[i] : "0");
        if (order != 0) return order;
    }
    if (a.prerelease.empty() != b.prerelease.empty()) return a.prerelease.empty() ? 1 : -1;
    for (std::size_t i = 0; i < std::min(a.prerelease.size(), b.prerelease.size()); ++i) {
        const int order = compare_identifiers(a.prerelease[i], b.prerelease[i]);
        if (order != 0) return order;
    }
    if (a.prerelease.size() == b.prerelease.size()) return 0;
    return a.prerelease.size() < b.prerelease.size() ? -1 : 1;
}

// ---------------------------------------------------------------- section 3: instants

struct Instant {
    long long seconds = 0;  // since 0001-01-01T00:00:00Z
    std::string fraction;   // its digits, without zeros at the end
};

constexpr long long seconds_a_day = 86'400;

bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_in_month(int year, int month) {
    constexpr std::array<int, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[static_cast<std::size_t>(month - 1)];
}

long long days_before(int year, int month, int day) {
    long long days = day - 1;
    for (int y = 1; y < year; ++y) days += is_leap(y) ? 366 : 365;
    for (int m = 1; m < month; ++m) days += days_in_month(year, m);
    return days;
}

/// `digits` digits of `text` at `at`, or -1.
int digits_at(std::string_view text, std::size_t at, std::size_t digits) {
    if (at + digits > text.size() || !all_digits(text.substr(at, digits))) return -1;
    return static_cast<int>(std::strtol(std::string(text.substr(at, digits)).c_str(), nullptr, 10));
}

std::string without_trailing_zeros(std::string digits) {
    while (digits.ends_with('0')) digits.pop_back();
    return digits;
}

std::optional<Instant> parse_rfc3339(std::string_view text) {
    // yyyy-mm-ddThh:mm:ss is 19 bytes
    const int year = digits_at(text, 0, 4), month = digits_at(text, 5, 2), day = digits_at(text, 8, 2);
    const int hour = digits_at(text, 11, 2), minute = digits_at(text, 14, 2), second = digits_at(text, 17, 2);
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
        return std::nullopt;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return std::nullopt;
    if (text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':') return std::nullopt;
    if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return std::nullopt;

    Instant instant;
    instant.seconds = days_before(year, month, day) * seconds_a_day + hour * 3600 + minute * 60 + second;
    text.remove_prefix(19);
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        std::string fraction;
        for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1)) fraction += text.front();
        if (fraction.empty()) return std::nullopt;
        instant.fraction = without_trailing_zeros(fraction);
    }
    if (text == "Z" || text == "z") return instant;
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
    const int offset_hours = digits_at(text, 1, 2), offset_minutes = digits_at(text, 4, 2);
    if (offset_hours < 0 || offset_hours > 23 || offset_minutes < 0 || offset_minutes > 59)
        return std::nullopt;
    const int offset = offset_hours * 3600 + offset_minutes * 60;
    instant.seconds -= text[0] == '+' ? offset : -offset;
    return instant;
}

std::optional<Instant> instant_of(const Node& value) {
    if (value.kind() == NodeKind::string) return parse_rfc3339(value.text());
    if (value.kind() != NodeKind::integer) return std::nullopt;
    long long seconds = value.integer() / 1000;
    long long milliseconds = value.integer() % 1000;
    if (milliseconds < 0) {
        milliseconds += 1000;
        --seconds;
    }
    const std::string padded = std::to_string(1000 + milliseconds).substr(1);
    return Instant{seconds + days_before(1970, 1, 1) * seconds_a_day, without_trailing_zeros(padded)};
}

bool is_before(const Instant& a, const Instant& b) {
    if (a.seconds != b.seconds) return a.seconds < b.seconds;
    return a.fraction < b.fraction;
}

// ---------------------------------------------------------------- section 3: addresses

struct Address {
    bool is_ipv4 = false;
    std::vector<unsigned char> bytes;  // 4 or 16
};

std::optional<Address> parse_address_as_written(std::string_view text) {
    if (text.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) return std::nullopt;
    const std::string terminated(text);
    Address address{true, std::vector<unsigned char>(4)};
    if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) return address;
    address = {false, std::vector<unsigned char>(16)};
    if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
    return std::nullopt;
}

bool is_mapped(const Address& address) {
    constexpr std::array<unsigned char, 12> prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    return !address.is_ipv4 && std::equal(prefix.begin(), prefix.end(), address.bytes.begin());
}

Address unmapped(const Address& address) { return {true, {address.bytes.begin() + 12, address.bytes.end()}}; }

std::optional<Address> parse_address(std::string_view text) {
    std::optional<Address> address = parse_address_as_written(text);
    if (address && is_mapped(*address)) return unmapped(*address);
    return address;
}

bool bit(const Address& address, std::size_t i) { return (address.bytes[i / 8] >> (7 - i % 8) & 1) != 0; }

bool block_holds(std::string_view cidr, const Address& address) {
    const std::size_t slash = cidr.find('/');
    Address base = *parse_address_as_written(cidr.substr(0, slash));
    std::size_t length = std::strtoul(std::string(cidr.substr(slash + 1)).c_str(), nullptr, 10);
    if (is_mapped(base) && length >= 96) {
        base = unmapped(base);
        length -= 96;
    }
    if (base.is_ipv4 != address.is_ipv4) return false;
    for (std::size_t i = 0; i < length; ++i) {
        if (bit(base, i) != bit(address, i)) return false;
    }
    return true;
}

// ---------------------------------------------------------------- section 3: operators

std::string folded(std::string_view text, bool ignore_case) {
    std::string result(text);
    if (!ignore_case) return result;
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
}

bool equal(const Node& value, const Node& operand, bool ignore_case) {
    if (is_number(value) && is_number(operand)) return exact(value) == exact(operand);
    if (value.kind() != operand.kind()) return false;
    if (value.kind() == NodeKind::boolean) return value.boolean() == operand.boolean();
    return folded(value.text(), ignore_case) == folded(operand.text(), ignore_case);
}

bool found(std::string_view op, const Node& value, const Node& operand, bool ignore_case) {
    if (value.kind() != NodeKind::string) return false;
    const std::string text = folded(value.text(), ignore_case);
    std::vector<std::string> needles;
    if (operand.kind() == NodeKind::string) needles.push_back(folded(operand.text(), ignore_case));
    for (const Node& item : operand.items()) needles.push_back(folded(item.text(), ignore_case));
    for (const std::string& needle : needles) {
        if (op == "contains" && text.find(needle) != std::string::npos) return true;
        if (op == "starts_with" && text.starts_with(needle)) return true;
        if (op == "ends_with" && text.ends_with(needle)) return true;
    }
    return false;
}

bool matches(const Node& value, std::string_view pattern, bool ignore_case) {
    if (value.kind() != NodeKind::string) return false;
    RE2::Options options;
    options.set_case_sensitive(!ignore_case);
    options.set_log_errors(false);
    const RE2 compiled(re2::StringPiece(pattern.data(), pattern.size()), options);
    if (!compiled.ok()) std::abort();  // refused by the strict checks
    return RE2::PartialMatch(re2::StringPiece(value.text().data(), value.text().size()), compiled);
}

bool version_holds(std::string_view op, const Node& value, const Node& operand) {
    if (value.kind() != NodeKind::string) return false;
    const std::optional<Version> version = parse_version(value.text());
    if (!version) return false;
    const int order = compare_versions(*version, *parse_version(operand.text()));
    if (op == "version_is") return order == 0;
    if (op == "version_below") return order < 0;
    if (op == "version_at_most") return order <= 0;
    if (op == "version_above") return order > 0;
    return order >= 0;  // version_at_least
}

bool instant_holds(std::string_view op, const Node& value, const Node& operand) {
    const std::optional<Instant> instant = instant_of(value);
    if (!instant) return false;
    const Instant limit = *instant_of(operand);
    return op == "before" ? is_before(*instant, limit) : is_before(limit, *instant);
}

bool in_any_block(const Node& value, const Node& blocks) {
    if (value.kind() != NodeKind::string) return false;
    const std::optional<Address> address = parse_address(value.text());
    if (!address) return false;
    for (const Node& block : blocks.items()) {
        if (block_holds(block.text(), *address)) return true;
    }
    return false;
}

/// Whether one scalar satisfies the operator (every one but `exists`).
bool satisfies(std::string_view op, const Node& value, const Node& operand, bool ignore_case) {
    if (op == "is") return equal(value, operand, ignore_case);
    if (op == "in") {
        for (const Node& item : operand.items()) {
            if (equal(value, item, ignore_case)) return true;
        }
        return false;
    }
    if (op == "less_than") return is_number(value) && exact(value) < exact(operand);
    if (op == "at_most") return is_number(value) && exact(value) <= exact(operand);
    if (op == "greater_than") return is_number(value) && exact(value) > exact(operand);
    if (op == "at_least") return is_number(value) && exact(value) >= exact(operand);
    if (op == "contains" || op == "starts_with" || op == "ends_with")
        return found(op, value, operand, ignore_case);
    if (op == "matches") return matches(value, operand.text(), ignore_case);
    if (op.starts_with("version_")) return version_holds(op, value, operand);
    if (op == "before" || op == "after") return instant_holds(op, value, operand);
    if (op == "in_cidr") return in_any_block(value, operand);
    std::abort();  // no such operator in a valid ruleset
}

bool comparison_holds(const Node& condition, const User& user) {
    const Node* ignore_case = condition.find("ignore_case");
    const Attribute* attribute = user.find(condition.find("attribute")->text());
    for (const Member& member : condition.members()) {
        if (member.name == "attribute" || member.name == "ignore_case") continue;
        if (member.name == "exists") return member.value.boolean() == (attribute != nullptr);
        if (attribute == nullptr) return false;
        for (const Node* value : attribute->values) {
            if (satisfies(member.name, *value, member.value,
                          ignore_case != nullptr && ignore_case->boolean())) {
                return true;
            }
        }
    }
    return false;
}

bool lists(const Node* list, std::string_view text) {
    if (list == nullptr) return false;
    for (const Node& item : list->items()) {
        if (item.text() == text) return true;
    }
    return false;
}

// ---------------------------------------------------------------- what an entity names

/// A segment, or else a flag or experiment.
struct Reference {
    bool is_segment = false;
    std::string key;

    auto operator<=>(const Reference&) const = default;
};

void collect_segments(const Node* condition, std::vector<Reference>& references) {
    if (condition == nullptr) return;
    if (const Node* segment = condition->find("segment"))
        references.push_back({true, std::string(segment->text())});
    collect_segments(condition->find("not"), references);
    for (const char* name : {"all", "any"}) {
        const Node* parts = condition->find(name);
        if (parts == nullptr) continue;
        for (const Node& part : parts->items()) collect_segments(&part, references);
    }
}

/// What must be known before `entity` can be evaluated.
std::vector<Reference> references_of(const Node& entity) {
    std::vector<Reference> references;
    collect_segments(entity.find("if"), references);
    if (const Node* rules = entity.find("rules")) {
        for (const Node& rule : rules->items()) collect_segments(rule.find("if"), references);
    }
    if (const Node* prerequisites = entity.find("prerequisites")) {
        for (const Node& prerequisite : prerequisites->items()) {
            references.push_back({false, std::string(prerequisite.find("flag")->text())});
        }
    }
    return references;
}

/// What the evaluation of one flag or experiment gives.
struct Outcome {
    std::optional<std::string> variant;
    Reason reason = Reason::error;
    std::optional<std::string> rule;
    EvaluationError error = EvaluationError::none;
    bool exposure = false;
};

std::string quoted(std::string_view text) {
    std::string json = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            json += '\\';
            json += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            json += "\\u00";
            json += c < 0x10 ? '0' : '1';
            json += "0123456789abcdef"[c % 16];
        } else {
            json += c;
        }
    }
    return json + "\"";
}

}  // namespace

// ---------------------------------------------------------------- sections 3 to 5: one user's answers

/// Everything that is known about one user so far.
class NaiveEvaluation {
public:
    NaiveEvaluation(const NaiveEvaluator& rules, const User& user) : rules_(rules), user_(user) {}

    /// The outcome of a key that exists.
    Outcome evaluate(const std::string& key) {
        for (const Reference& reference : in_order_of_need({false, key})) {
            if (reference.is_segment) {
                segments_[reference.key] = segment_contains(*rules_.segments_.find(reference.key)->second);
            } else if (const auto flag = rules_.flags_.find(reference.key); flag != rules_.flags_.end()) {
                outcomes_[reference.key] = flag_outcome(reference.key, *flag->second);
            } else {
                outcomes_[reference.key] =
                    experiment_outcome(reference.key, *rules_.experiments_.find(reference.key)->second);
            }
        }
        return outcomes_.at(key);
    }

private:
    const Node& entity(const Reference& reference) const {
        if (reference.is_segment) return *rules_.segments_.find(reference.key)->second;
        const auto flag = rules_.flags_.find(reference.key);
        if (flag != rules_.flags_.end()) return *flag->second;
        return *rules_.experiments_.find(reference.key)->second;
    }

    /// `wanted` and all that it rests on, each after everything it names.
    std::vector<Reference> in_order_of_need(const Reference& wanted) const {
        struct Step {
            Reference reference;
            bool names_are_done;
        };
        std::vector<Reference> order;
        std::set<Reference> seen;
        std::vector<Step> steps{{wanted, false}};
        while (!steps.empty()) {
            const Step step = steps.back();
            steps.pop_back();
            if (step.names_are_done) {
                order.push_back(step.reference);
                continue;
            }
            if (!seen.insert(step.reference).second) continue;
            steps.push_back({step.reference, true});
            for (const Reference& name : references_of(entity(step.reference)))
                steps.push_back({name, false});
        }
        return order;
    }

    bool holds(const Node& condition) const {
        if (const Node* all = condition.find("all")) {
            for (const Node& part : all->items()) {
                if (!holds(part)) return false;
            }
            return true;
        }
        if (const Node* any = condition.find("any")) {
            for (const Node& part : any->items()) {
                if (holds(part)) return true;
            }
            return false;
        }
        if (const Node* negated = condition.find("not")) return !holds(*negated);
        if (const Node* segment = condition.find("segment"))
            return segments_.at(std::string(segment->text()));
        if (const Node* sample = condition.find("sample")) {
            const std::optional<std::string> unit = unit_value(user_, text_or(*sample, "unit", "key"));
            return unit &&
                   in_percent(micros(sample->find("percent")->text()), sample->find("salt")->text(), *unit);
        }
        return comparison_holds(condition, user_);
    }

    bool segment_contains(const Node& segment) const {
        if (const std::optional<std::string> unit = unit_value(user_, text_or(segment, "unit", "key"))) {
            if (lists(segment.find("included"), *unit)) return true;
            if (lists(segment.find("excluded"), *unit)) return false;
        }
        const Node* condition = segment.find("if");
        return condition != nullptr && holds(*condition);
    }

    bool prerequisites_hold(const Node& entity) const {
        const Node* prerequisites = entity.find("prerequisites");
        if (prerequisites == nullptr) return true;
        for (const Node& prerequisite : prerequisites->items()) {
            const Outcome& outcome = outcomes_.at(std::string(prerequisite.find("flag")->text()));
            if (!outcome.variant || !lists(prerequisite.find("variants"), *outcome.variant)) return false;
        }
        return true;
    }

    std::optional<std::string> targeted_variant(const Node& entity) const {
        const Node* targets = entity.find("targets");
        if (targets == nullptr || user_.key == nullptr) return std::nullopt;
        for (const Member& target : targets->members()) {
            if (lists(&target.value, user_.key->text())) return std::string(target.name);
        }
        return std::nullopt;
    }

    /// The variant a serve gives to the user; none where its unit is absent.
    std::optional<std::string> served(const Node& serve, std::string_view flag_key) const {
        if (serve.kind() == NodeKind::string) return std::string(serve.text());
        const std::optional<std::string> unit = unit_value(user_, text_or(serve, "unit", "key"));
        if (!unit) return std::nullopt;
        return split_variant(*serve.find("split"), text_or(serve, "salt", flag_key), *unit);
    }

    Outcome flag_outcome(const std::string& key, const Node& flag) const {
        Outcome outcome = flag_steps(key, flag);
        const Node* exposures = flag.find("exposures");
        outcome.exposure = exposures != nullptr && exposures->boolean() && outcome.reason == Reason::split;
        return outcome;
    }

    /// Section 4, "Order".
    Outcome flag_steps(const std::string& key, const Node& flag) const {
        const std::string off(flag.find("off")->text());
        const Node* enabled = flag.find("enabled");
        if (enabled != nullptr && !enabled->boolean()) return {off, Reason::disabled, {}};  // 1
        if (!prerequisites_hold(flag)) return {off, Reason::prerequisite_failed, {}};       // 2
        if (const auto variant = targeted_variant(flag)) {                                  // 3
            return {*variant, Reason::targeting_match, "targets"};
        }
        if (const Node* rules = flag.find("rules")) {  // 4
            for (const Node& rule : rules->items()) {
                const Node* condition = rule.find("if");
                if (condition != nullptr && !holds(*condition)) continue;
                const Node& serve = *rule.find("serve");
                const std::optional<std::string> variant = served(serve, key);
                if (!variant) continue;
                const bool is_split = serve.kind() == NodeKind::object;
                Outcome outcome{*variant, is_split ? Reason::split : Reason::targeting_match, {}};
                if (const Node* id = rule.find("id")) outcome.rule = std::string(id->text());
                return outcome;
            }
        }
        const Node& serve = *flag.find("default");  // 5
        const std::optional<std::string> variant = served(serve, key);
        if (!variant) return {off, Reason::error, {}, EvaluationError::targeting_key_missing};
        return {*variant, serve.kind() == NodeKind::object ? Reason::split : Reason::default_, {}};
    }

    /// Section 5, "Order".
    Outcome experiment_outcome(const std::string& key, const Node& experiment) const {
        const std::string_view status = experiment.find("status")->text();
        if (status == "draft" || status == "paused") return {{}, Reason::disabled, {}};  // 1
        if (status == "completed") {                                                     // 2
            const Node* winner = experiment.find("winner");
            if (winner == nullptr || winner->kind() == NodeKind::null) return {{}, Reason::disabled, {}};
            return {std::string(winner->text()), Reason::default_, {}};
        }
        if (const auto variant = targeted_variant(experiment)) {  // 3
            return {*variant, Reason::targeting_match, "targets"};
        }
        if (!prerequisites_hold(experiment)) return {{}, Reason::prerequisite_failed, {}};  // 4
        const std::optional<std::string> unit = unit_value(user_, text_or(experiment, "unit", "key"));
        if (!unit) return {{}, Reason::error, {}, EvaluationError::targeting_key_missing};  // 5
        if (const Node* named = experiment.find("holdout")) {                               // 6
            const Node& holdout = *rules_.holdouts_.find(named->text())->second;
            const std::string salt = text_or(holdout, "salt", "holdout:" + std::string(named->text()));
            if (in_percent(micros(holdout.find("percent")->text()), salt, *unit))
                return {{}, Reason::holdout, {}};
        }
        const Node* condition = experiment.find("if");
        if (condition != nullptr && !holds(*condition)) return {{}, Reason::not_targeted, {}};  // 7
        if (const Node* range = experiment.find("layer"); range != nullptr && !in_layer(*range, *unit)) {
            return {{}, Reason::not_enrolled, {}};  // 8
        }
        const std::string salt = text_or(experiment, "salt", key);
        const Node* traffic = experiment.find("traffic");
        if (traffic != nullptr && !in_percent(micros(traffic->text()), salt + ":traffic", *unit)) {
            return {{}, Reason::not_enrolled, {}};  // 9
        }
        return {split_variant(*experiment.find("split"), salt, *unit),
                Reason::split,
                {},
                EvaluationError::none,
                true};  // 10
    }

    bool in_layer(const Node& range, std::string_view unit) const {
        const std::string_view key = range.find("key")->text();
        const Node& layer = *rules_.layers_.find(key)->second;
        const std::string salt = text_or(layer, "salt", "layer:" + std::string(key));
        const auto slot = static_cast<std::int64_t>(point(salt, unit) * 10'000 / two_to_32);
        return range.find("from")->integer() <= slot && slot < range.find("to")->integer();
    }

    const NaiveEvaluator& rules_;
    const User& user_;
    std::map<std::string, bool> segments_;
    std::map<std::string, Outcome> outcomes_;
};

// ---------------------------------------------------------------- section 7: the answer

namespace {

/// `key_json` and `value_json` are JSON already.
std::string answer_json(const std::string& key_json, const std::string& value_json, const Outcome& outcome,
                        std::int64_t version) {
    const std::string error(name(outcome.error));
    return "{\"key\": " + key_json +
           ", \"variant\": " + (outcome.variant ? quoted(*outcome.variant) : "null") +
           ", \"value\": " + value_json + ", \"reason\": " + quoted(name(outcome.reason)) +
           ", \"rule\": " + (outcome.rule ? quoted(*outcome.rule) : "null") +
           ", \"error\": " + (error.empty() ? "null" : quoted(error)) +
           ", \"exposure\": " + (outcome.exposure ? "true" : "false") +
           ", \"version\": " + std::to_string(version) + "}";
}

Outcome failure(EvaluationError error) { return {{}, Reason::error, {}, error}; }

// ---------------------------------------------------------------- section 8: lines of cases

bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto first = static_cast<unsigned char>(text[i]);
        std::size_t more = 0;
        if (first < 0x80) more = 0;
        else if (first >= 0xC2 && first <= 0xDF) more = 1;
        else if (first >= 0xE0 && first <= 0xEF) more = 2;
        else if (first >= 0xF0 && first <= 0xF4) more = 3;
        else return false;
        if (i + more >= text.size()) return false;
        for (std::size_t k = 1; k <= more; ++k) {
            const auto next = static_cast<unsigned char>(text[i + k]);
            unsigned char lowest = 0x80, highest = 0xBF;
            if (k == 1 && first == 0xE0) lowest = 0xA0;   // overlong
            if (k == 1 && first == 0xED) highest = 0x9F;  // surrogates
            if (k == 1 && first == 0xF0) lowest = 0x90;   // overlong
            if (k == 1 && first == 0xF4) highest = 0x8F;  // above U+10FFFF
            if (next < lowest || next > highest) return false;
        }
        i += more + 1;
    }
    return true;
}

/// Takes a line apart by the grammar of RFC 8259 alone: a line is still JSON, and keeps its key, where
/// its user has a lone surrogate, a repeated member or too many levels. Keeps its own stack.
class LineGrammar {
public:
    struct Slice {
        std::string_view name;  // with its quotes
        std::string_view value;
    };

    explicit LineGrammar(std::string_view line) : line_(line) {}

    /// The members of the object that the line is.
    std::optional<std::vector<Slice>> members() {
        std::vector<Slice> slices;
        if (!is_utf8(line_)) return std::nullopt;
        space();
        if (!take('{')) return std::nullopt;
        space();
        if (!take('}')) {
            do {
                Slice slice;
                space();
                const std::size_t name_at = at_;
                if (!string()) return std::nullopt;
                slice.name = line_.substr(name_at, at_ - name_at);
                space();
                if (!take(':')) return std::nullopt;
                space();
                const std::size_t value_at = at_;
                if (!value()) return std::nullopt;
                slice.value = line_.substr(value_at, at_ - value_at);
                slices.push_back(slice);
                space();
            } while (take(','));
            if (!take('}')) return std::nullopt;
        }
        space();
        if (at_ != line_.size()) return std::nullopt;
        return slices;
    }

private:
    static bool is_one_of(std::string_view set, char c) { return set.find(c) != std::string_view::npos; }
    char next() const { return at_ < line_.size() ? line_[at_] : '\0'; }
    bool take(char c) {
        if (at_ >= line_.size() || line_[at_] != c) return false;
        ++at_;
        return true;
    }
    bool take_word(std::string_view word) {
        if (!line_.substr(at_).starts_with(word)) return false;
        at_ += word.size();
        return true;
    }
    void space() {
        while (take(' ') || take('\t') || take('\r') || take('\n')) {}
    }
    bool digits() {
        if (!is_digit(next())) return false;
        while (is_digit(next())) ++at_;
        return true;
    }
    bool number() {
        take('-');
        if (!take('0') && !digits()) return false;
        if (take('.') && !digits()) return false;
        if (take('e') || take('E')) {
            if (!take('+')) take('-');
            return digits();
        }
        return true;
    }
    bool string() {
        if (!take('"')) return false;
        for (;;) {
            if (at_ >= line_.size() || static_cast<unsigned char>(line_[at_]) < 0x20) return false;
            if (take('"')) return true;
            if (!take('\\')) {
                ++at_;
            } else if (take('u')) {
                if (line_.size() - at_ < 4) return false;
                for (const char c : line_.substr(at_, 4)) {
                    if (!is_one_of("0123456789abcdefABCDEF", c)) return false;
                }
                at_ += 4;
            } else {
                if (at_ >= line_.size() || !is_one_of("\"\\/bfnrt", line_[at_])) return false;
                ++at_;
            }
        }
    }
    bool scalar() {
        if (next() == '"') return string();
        return take_word("true") || take_word("false") || take_word("null") || number();
    }
    bool member_name() {
        space();
        if (!string()) return false;
        space();
        return take(':');
    }
    bool value() {
        std::string open;  // the brackets that are open
        for (;;) {
            space();
            if (take('{')) {
                space();
                if (!take('}')) {
                    open += '}';
                    if (!member_name()) return false;
                    continue;
                }
            } else if (take('[')) {
                space();
                if (!take(']')) {
                    open += ']';
                    continue;
                }
            } else if (!scalar()) {
                return false;
            }
            for (;;) {  // a value has ended
                if (open.empty()) return true;
                space();
                if (take(',')) {
                    if (open.back() == '}' && !member_name()) return false;
                    break;
                }
                if (!take(open.back())) return false;
                open.pop_back();
            }
        }
    }

    std::string_view line_;
    std::size_t at_ = 0;
};

/// The string that a slice is; none where it is another value or has a lone surrogate.
std::optional<std::string> string_of(std::string_view slice) {
    const Result<Document> document = ruleset::parse_json(slice);
    if (!document.ok() || document.value().root().kind() != NodeKind::string) return std::nullopt;
    return std::string(document.value().root().text());
}

}  // namespace

NaiveEvaluator::NaiveEvaluator(const Node& ruleset_root) : root_(ruleset_root) {
    const auto read = [&](std::string_view name, Entities& entities) {
        const Node* map = root_.find(name);
        if (map == nullptr) return;
        for (const Member& member : map->members()) entities.emplace(member.name, &member.value);
    };
    read("segments", segments_);
    read("layers", layers_);
    read("holdouts", holdouts_);
    read("flags", flags_);
    read("experiments", experiments_);
}

std::string NaiveEvaluator::answer(std::string_view key, const Node* user_node) const {
    const std::int64_t version = root_.find("version")->integer();
    const std::optional<User> user = read_user(user_node);
    if (!user) return answer_json(quoted(key), "null", failure(EvaluationError::parse_error), version);

    const Node* entity = nullptr;
    if (const auto flag = flags_.find(key); flag != flags_.end()) entity = flag->second;
    if (const auto found = experiments_.find(key); found != experiments_.end()) entity = found->second;
    if (entity == nullptr)
        return answer_json(quoted(key), "null", failure(EvaluationError::flag_not_found), version);

    const Outcome outcome = NaiveEvaluation(*this, *user).evaluate(std::string(key));
    std::string value = "null";
    if (outcome.variant) value = ruleset::to_json(*entity->find("variants")->find(*outcome.variant));
    return answer_json(quoted(key), value, outcome, version);
}

std::string NaiveEvaluator::answer_case_line(std::string_view line) const {
    if (line.find_first_not_of(" \t\r\n") == std::string_view::npos) return {};
    std::optional<std::string> key;
    std::string_view user;
    int keys = 0, users = 0;
    if (const auto slices = LineGrammar(line).members()) {
        for (const LineGrammar::Slice& slice : *slices) {
            const std::optional<std::string> name = string_of(slice.name);
            if (name == "key" && ++keys == 1) key = string_of(slice.value);
            if (name == "user" && ++users == 1) user = slice.value;
        }
    }
    if (keys > 1) key.reset();  // two keys are no key, two users no user
    if (!key) {
        return answer_json("null", "null", failure(EvaluationError::parse_error),
                           root_.find("version")->integer());
    }
    if (users != 1) return answer(*key, nullptr);
    // The line's own object is level 1, so its user has one level less than a user text of its own.
    const Result<Document> document =
        ruleset::parse_json(user, limits::ruleset_bytes, limits::json_depth - 1);
    return answer(*key, document.ok() ? &document.value().root() : nullptr);
}

}  // namespace expplat::tests
