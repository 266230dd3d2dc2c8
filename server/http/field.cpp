#include "server/http/field.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace expplat::server::http {

namespace {

constexpr std::array<bool, 256> bytes_of(std::string_view marks) {
    std::array<bool, 256> table{};
    for (unsigned c = '0'; c <= '9'; ++c) table[c] = true;
    for (unsigned c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
    for (const char c : marks) table[static_cast<unsigned char>(c)] = true;
    return table;
}

constexpr std::array<bool, 256> token_bytes = bytes_of("!#$%&'*+-.^_`|~");
constexpr std::array<bool, 256> host_bytes = bytes_of("-._~!$&'()*+;=:[]%");

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The next member of a list, trimmed; `list` is left behind it.
std::string_view next_member(std::string_view& list, char separator) noexcept {
    const std::size_t end = std::min(list.find(separator), list.size());
    const std::string_view member = trim(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
    return member;
}

/// `gzip;q=0.5` -> whether the weight is above 0; a weight that is none counts as 0.
bool is_wanted(std::string_view parameters) noexcept {
    while (!parameters.empty()) {
        std::string_view parameter = next_member(parameters, ';');
        if (parameter.size() < 2 || lower(parameter[0]) != 'q' || parameter[1] != '=') continue;
        parameter.remove_prefix(2);
        if (parameter.find_first_not_of("0123456789.") != std::string_view::npos) return false;
        return parameter.find_first_of("123456789") != std::string_view::npos;
    }
    return true;
}

}  // namespace

bool is_token_byte(char c) noexcept { return token_bytes[static_cast<unsigned char>(c)]; }

bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::ranges::all_of(text, is_token_byte);
}

bool is_field_value(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
    });
}

bool is_host(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) { return host_bytes[static_cast<unsigned char>(c)]; });
}

std::string_view trim(std::string_view text) noexcept {
    constexpr std::string_view white = " \t";
    const std::size_t first = text.find_first_not_of(white);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(white) - first + 1);
}

bool same_without_case(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && std::ranges::equal(a, b, {}, lower, lower);
}

bool list_contains(std::string_view list, std::string_view member) noexcept {
    while (!list.empty()) {
        if (same_without_case(next_member(list, ','), member)) return true;
    }
    return false;
}

bool accepts_gzip(std::string_view accept_encoding) noexcept {
    bool any = false;
    while (!accept_encoding.empty()) {
        std::string_view parameters = next_member(accept_encoding, ',');
        const std::string_view coding = next_member(parameters, ';');
        if (same_without_case(coding, "gzip") || same_without_case(coding, "x-gzip"))
            return is_wanted(parameters);
        if (coding == "*") any = is_wanted(parameters);
    }
    return any;
}

}  // namespace expplat::server::http
