// `Records`: the entries of an export as they stand in its text, with the line that each begins on.
//
// Fed with pieces of the file; hands each record on as soon as it is whole: a line of NDJSON, an element of JSON's `entries` and
// then what follows them, a row of CSV (RFC 4180). Looks into them no further than it must to find their ends. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace expplat::audit {

enum class Format : std::uint8_t { ndjson, json, csv };

inline constexpr std::size_t record_bytes = std::size_t{64} << 20;  // a longer one is refused

/// What a file with that beginning is.
[[nodiscard]] Format format_of(std::string_view beginning) noexcept;

class Records {
public:
    /// `take` gets each record; the text lives for the call.
    Records(Format format, std::function<void(std::string_view text, std::size_t line)> take)
        : format_(format), take_(std::move(take)) {}

    void feed(std::string_view piece);
    /// After the last piece: hands on what has no end.
    void finish();
    /// What is wrong with the file's form; empty where nothing is.
    [[nodiscard]] const std::string& fault() const noexcept { return fault_; }
    [[nodiscard]] std::size_t line() const noexcept { return line_; }
    /// Of JSON: what follows the entries, as an object.
    [[nodiscard]] std::optional<std::string> rest() const;

private:
    enum class At : std::uint8_t { opening, element_or_end, element, in_element, comma_or_end, rest };

    void feed_line(char c);
    void feed_json(char c);
    void begin_element(char c);
    void hand_on();

    const Format format_;
    std::function<void(std::string_view, std::size_t)> take_;
    std::string record_;
    std::string fault_;
    std::size_t line_ = 1;
    std::size_t begin_line_ = 1;
    bool quoted_ = false;
    bool escaped_ = false;
    std::size_t depth_ = 0;
    At at_ = At::opening;
};

}  // namespace expplat::audit
