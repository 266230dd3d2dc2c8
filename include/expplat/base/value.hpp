// `Value`: what an attribute can be, as a caller hands it over; and exact number comparison.
//
// A Value is a view: it borrows strings and lists for the length of a call (`User` copies what it
// is given). RULESET.md, section 2: string, boolean, integer, double, or a list of those.
#pragma once

#include <compare>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace expplat {

/// The type of a value. Stable numbers: images and the C face hold them.
enum class ValueKind : std::uint8_t {
    null = 0,
    boolean = 1,
    integer = 2,
    number = 3,
    string = 4,
    list = 5,
    object = 6
};

class Value {
public:
    constexpr Value() noexcept = default;
    constexpr Value(std::same_as<bool> auto value) noexcept : kind_(ValueKind::boolean), boolean_(value) {}
    constexpr Value(std::integral auto value) noexcept requires(!std::same_as<decltype(value), bool>)
        : kind_(ValueKind::integer), integer_(static_cast<std::int64_t>(value)) {
        if constexpr (std::unsigned_integral<decltype(value)> && sizeof(value) == 8) {
            if (value > static_cast<std::uint64_t>(INT64_MAX)) {  // as a JSON literal of that size: a double
                kind_ = ValueKind::number;
                number_ = static_cast<double>(value);
            }
        }
    }
    constexpr Value(std::floating_point auto value) noexcept
        : kind_(ValueKind::number), number_(static_cast<double>(value)) {}
    constexpr Value(std::string_view value) noexcept : kind_(ValueKind::string), string_(value) {}
    Value(const std::string& value) noexcept : Value(std::string_view(value)) {}
    constexpr Value(const char* value) noexcept {
        if (value != nullptr) {
            kind_ = ValueKind::string;
            string_ = value;
        }
    }
    /// A list of scalars; nested lists inside it are ignored (RULESET.md, section 2).
    constexpr Value(std::span<const Value> values) noexcept : kind_(ValueKind::list), list_(values) {}
    constexpr Value(std::initializer_list<Value> values) noexcept
        : kind_(ValueKind::list), list_(values.begin(), values.size()) {}

    [[nodiscard]] constexpr ValueKind kind() const noexcept { return kind_; }
    [[nodiscard]] constexpr bool boolean() const noexcept { return boolean_; }
    [[nodiscard]] constexpr std::int64_t integer() const noexcept { return integer_; }
    [[nodiscard]] constexpr double number() const noexcept { return number_; }
    [[nodiscard]] constexpr std::string_view string() const noexcept { return string_; }
    [[nodiscard]] constexpr std::span<const Value> list() const noexcept { return list_; }

private:
    ValueKind kind_ = ValueKind::null;
    bool boolean_ = false;
    std::int64_t integer_ = 0;
    double number_ = 0;
    std::string_view string_;
    std::span<const Value> list_;
};

/// A finite or infinite number of either kind, compared by exact mathematical value: 2^53 + 1 as an
/// integer is not 2^53 as a double. A NaN is unordered with everything.
struct Number {
    bool integral = true;
    std::int64_t integer = 0;
    double real = 0;

    [[nodiscard]] static constexpr Number of(std::int64_t value) noexcept { return {true, value, 0}; }
    [[nodiscard]] static constexpr Number of(double value) noexcept { return {false, 0, value}; }
};

[[nodiscard]] constexpr std::partial_ordering compare(const Number& a, const Number& b) noexcept {
    if (a.integral && b.integral) return a.integer <=> b.integer;
    if (!a.integral && !b.integral) return a.real <=> b.real;
    if (!a.integral) return 0 <=> compare(b, a);
    const double real = b.real;
    if (real != real) return std::partial_ordering::unordered;
    if (real >= 9223372036854775808.0) return std::partial_ordering::less;
    if (real < -9223372036854775808.0) return std::partial_ordering::greater;
    const auto truncated = static_cast<std::int64_t>(real);  // exact: the range was checked
    if (a.integer != truncated) return a.integer <=> truncated;
    return 0.0 <=> (real - static_cast<double>(truncated));  // what truncation cut off decides
}

}  // namespace expplat
