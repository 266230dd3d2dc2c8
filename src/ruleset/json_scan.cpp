#include "src/ruleset/json_scan.hpp"

#include <algorithm>
#include <cstdint>

namespace expplat::ruleset {

namespace {

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

[[nodiscard]] std::size_t end_of_digits(std::string_view text, std::size_t i) noexcept {
    while (i < text.size() && is_digit(text[i])) ++i;
    return i;
}

/// The least decimal that rounds to an infinity, 2^1024 - 2^970, as digits of 0.digits * 10^309.
constexpr std::string_view least_infinite =
    "1797693134862315807937289714053034150799341327100378269361737789804449682927647509466490179775872070"
    "9633028641669288791094655554785194040263065748867150582068190890200070838367627385484581771153176447"
    "5730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880177904"
    "174497792";

/// -1, 0 or 1, as 0.`digits` is below, equal to or above 0.`least_infinite`.
[[nodiscard]] int compare_with_least_infinite(std::string_view integer, std::string_view fraction) noexcept {
    std::size_t i = 0;
    for (const std::string_view part : {integer, fraction}) {
        for (const char digit : part) {
            const char other = i < least_infinite.size() ? least_infinite[i] : '0';
            if (digit != other) return digit < other ? -1 : 1;
            ++i;
        }
    }
    for (; i < least_infinite.size(); ++i) {
        if (least_infinite[i] != '0') return -1;
    }
    return 0;
}

/// `literal` is a JSON number. Exact: no double is made on the way.
[[nodiscard]] bool rounds_to_infinity(std::string_view literal) noexcept {
    if (literal.front() == '-') literal.remove_prefix(1);
    const std::size_t integer_end = end_of_digits(literal, 0);
    std::string_view integer = literal.substr(0, integer_end);
    std::string_view fraction;
    std::size_t i = integer_end;
    if (i < literal.size() && literal[i] == '.') {
        const std::size_t end = end_of_digits(literal, i + 1);
        fraction = literal.substr(i + 1, end - i - 1);
        i = end;
    }
    if (i == literal.size() && integer.size() < 309) return false;
    std::int64_t exponent = 0;
    if (i < literal.size()) {
        ++i;
        const bool negative = literal[i] == '-';
        if (literal[i] == '-' || literal[i] == '+') ++i;
        for (; i < literal.size(); ++i) {
            exponent = std::min<std::int64_t>(exponent * 10 + (literal[i] - '0'), 1'000'000'000'000);
        }
        if (negative) exponent = -exponent;
    }
    // The value is 0.d1d2d3... * 10^point with d1 not 0.
    auto point = static_cast<std::int64_t>(integer.size()) + exponent;
    const auto drop_zeros = [&point](std::string_view& digits) {
        const std::size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
        digits.remove_prefix(zeros);
        point -= static_cast<std::int64_t>(zeros);
    };
    drop_zeros(integer);
    if (integer.empty()) drop_zeros(fraction);
    if (integer.empty() && fraction.empty()) return false;
    if (point != 309) return point > 309;
    return compare_with_least_infinite(integer, fraction) >= 0;
}

enum class Surrogate { none, high, low };

/// What the escape `\uXXXX` that begins at `i`, if one does, stands for.
[[nodiscard]] Surrogate surrogate_at(std::string_view text, std::size_t i) noexcept {
    const std::string_view escape = i < text.size() ? text.substr(i, 6) : std::string_view{};
    if (escape.size() < 6 || !escape.starts_with("\\u")) return Surrogate::none;
    const std::string_view digits = escape.substr(2);
    if (digits.find_first_not_of("0123456789abcdefABCDEF") != digits.npos) return Surrogate::none;
    if (digits[0] != 'd' && digits[0] != 'D') return Surrogate::none;
    if (digits[1] < '8') return Surrogate::none;
    return std::string_view("89abAB").find(digits[1]) != std::string_view::npos ? Surrogate::high
                                                                                : Surrogate::low;
}

}  // namespace

std::size_t end_of_string(std::string_view text, std::size_t begin) noexcept {
    for (std::size_t i = begin + 1; i < text.size(); ++i) {
        if (text[i] == '"') return i + 1;
        if (text[i] == '\\') ++i;
    }
    return text.size();
}

std::size_t end_of_number(std::string_view text, std::size_t begin) noexcept {
    std::size_t i = begin;
    if (i < text.size() && text[i] == '-') ++i;
    if (i == text.size() || !is_digit(text[i])) return begin;
    i = text[i] == '0' ? i + 1 : end_of_digits(text, i);
    if (i + 1 < text.size() && text[i] == '.' && is_digit(text[i + 1])) i = end_of_digits(text, i + 1);
    if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
        std::size_t digits = i + 1;
        if (digits < text.size() && (text[digits] == '+' || text[digits] == '-')) ++digits;
        if (digits < text.size() && is_digit(text[digits])) i = end_of_digits(text, digits);
    }
    return i;
}

std::vector<OverflowingNumber> overflowing_numbers(std::string_view text) {
    std::vector<OverflowingNumber> found;
    std::size_t ordinal = 0;
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] == '"') {
            i = end_of_string(text, i);
            continue;
        }
        const std::size_t end = end_of_number(text, i);
        if (end == i) {
            ++i;
            continue;
        }
        const std::string_view literal = text.substr(i, end - i);
        if (rounds_to_infinity(literal)) found.push_back({ordinal, i, literal});
        ++ordinal;
        i = end;
    }
    return found;
}

std::size_t first_too_deep(std::string_view text, std::size_t max_depth) noexcept {
    std::size_t depth = 0;
    for (std::size_t i = 0; i < text.size();) {
        const char c = text[i];
        if (c == '"') {
            i = end_of_string(text, i);
            continue;
        }
        if (c == '[' || c == '{') {
            if (++depth > max_depth) return i;
        } else if (c == ']' || c == '}') {
            if (depth > 0) --depth;
        }
        ++i;
    }
    return text.size();
}

std::vector<std::string_view> member_texts(std::string_view object) {
    std::vector<std::string_view> texts;
    std::size_t depth = 0;
    std::size_t begin = 0;  // of the value after a member's colon; 0 between members
    for (std::size_t i = 0; i < object.size();) {
        const char c = object[i];
        if (c == '"') {
            i = end_of_string(object, i);
            continue;
        }
        if (c == ':' && depth == 1) begin = i + 1;
        if ((c == ',' || c == '}') && depth == 1 && begin != 0) {
            texts.push_back(object.substr(begin, i - begin));
            begin = 0;
        }
        if (c == '[' || c == '{') ++depth;
        if ((c == ']' || c == '}') && depth > 0) --depth;
        ++i;
    }
    return texts;
}

std::string with_surrogates_replaced(std::string_view text) {
    std::string result(text);
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        if (text[i] != '\\') continue;
        const Surrogate first = surrogate_at(text, i);
        if (first == Surrogate::high && surrogate_at(text, i + 6) == Surrogate::low) {
            i += 11;
        } else if (first != Surrogate::none) {
            result.replace(i + 2, 4, "fffd");
            i += 5;
        } else {
            ++i;
        }
    }
    return result;
}

TextPosition position_of(std::string_view text, std::size_t offset) noexcept {
    TextPosition position;
    for (const char c : text.substr(0, offset)) {
        if (c == '\n') {
            ++position.line;
            position.column = 1;
        } else if ((static_cast<unsigned char>(c) & 0xC0u) != 0x80u) {
            ++position.column;
        }
    }
    return position;
}

}  // namespace expplat::ruleset
