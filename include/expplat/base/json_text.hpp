// Writing JSON: strings and numbers, appended to a text.
//
// Used by whatever prints answers or events; reading is `src/ruleset/json.hpp`. Pure.
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

namespace expplat {

/// Appends `text` as a JSON string with its quotes; only control characters, `"` and `\` are escaped.
inline void append_json_string(std::string& out, std::string_view text) {
    constexpr char digits[] = "0123456789abcdef";
    out += '"';
    std::size_t plain = 0;  // first byte that is not appended yet
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
        out.append(text, plain, i - plain);
        plain = i + 1;
        out += '\\';
        switch (byte) {
            case '"':
            case '\\': out += text[i]; break;
            case '\b': out += 'b'; break;
            case '\f': out += 'f'; break;
            case '\n': out += 'n'; break;
            case '\r': out += 'r'; break;
            case '\t': out += 't'; break;
            default:
                out += "u00";
                out += digits[byte >> 4];
                out += digits[byte & 15];
        }
    }
    out.append(text, plain, text.size() - plain);
    out += '"';
}

/// Appends a double so that it reads back as the same double: `3.0`, `1e+300`; null where JSON cannot say it.
inline void append_json_number(std::string& out, double number) {
    if (!std::isfinite(number)) {
        out += "null";
        return;
    }
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    const std::string_view text(digits.data(), static_cast<std::size_t>(end.ptr - digits.data()));
    out += text;
    if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

}  // namespace expplat
