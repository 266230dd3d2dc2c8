#include "server/http/target.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace expplat::server::http {

namespace {

Error refuse(const char* words) { return {ErrorCode::invalid_argument, words}; }

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// RFC 3629: no overlong form, no surrogate, nothing beyond U+10FFFF.
bool is_utf8(std::string_view text) noexcept {
    std::size_t at = 0;
    while (at < text.size()) {
        const auto first = static_cast<unsigned char>(text[at]);
        if (first < 0x80) {
            ++at;
            continue;
        }
        const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
        if (first < 0xC2 || first > 0xF4 || text.size() - at < length) return false;
        std::uint32_t point = first & (0xFFu >> (length + 1));
        for (std::size_t i = 1; i < length; ++i) {
            const auto next = static_cast<unsigned char>(text[at + i]);
            if ((next & 0xC0u) != 0x80) return false;
            point = point << 6 | (next & 0x3Fu);
        }
        constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
        if (point < least[length] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
        at += length;
    }
    return true;
}

/// Nothing for an escape that is none.
std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            out += ' ';
        } else if (text[i] != '%') {
            out += text[i];
        } else {
            if (text.size() - i < 3) return std::nullopt;
            const int high = hex_digit(text[i + 1]);
            const int low = hex_digit(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            out += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return out;
}

bool is_control(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
}

Result<void> read_path(std::string_view path, std::vector<std::string>& segments) {
    while (!path.empty()) {
        path.remove_prefix(1);  // the slash
        const std::size_t length = std::min(path.find('/'), path.size());
        const std::string_view encoded = path.substr(0, length);
        path.remove_prefix(length);
        if (encoded.empty()) {
            if (path.empty()) break;
            return refuse("the path has an empty segment");
        }
        std::optional<std::string> segment = decode(encoded, false);
        if (!segment) return refuse("the path has an escape that is none");
        if (*segment == "." || *segment == "..") return refuse("the path has a segment `.` or `..`");
        if (std::ranges::any_of(*segment, is_control)) return refuse("the path has a control byte");
        if (!is_utf8(*segment)) return refuse("the path is not UTF-8");
        segments.push_back(std::move(*segment));
    }
    return {};
}

Result<void> read_query(std::string_view query, std::vector<std::pair<std::string, std::string>>& members) {
    while (!query.empty()) {
        const std::size_t length = std::min(query.find('&'), query.size());
        const std::string_view member = query.substr(0, length);
        query.remove_prefix(std::min(length + 1, query.size()));
        if (member.empty()) continue;
        if (members.size() == query_members) return refuse("the query has more than 100 members");
        const std::size_t equals = std::min(member.find('='), member.size());
        std::optional<std::string> name = decode(member.substr(0, equals), true);
        std::optional<std::string> value = decode(member.substr(std::min(equals + 1, member.size())), true);
        if (!name || !value) return refuse("the query has an escape that is none");
        if (name->find('\0') != std::string::npos || value->find('\0') != std::string::npos) {
            return refuse("the query has a NUL");
        }
        if (!is_utf8(*name) || !is_utf8(*value)) return refuse("the query is not UTF-8");
        members.emplace_back(std::move(*name), std::move(*value));
    }
    return {};
}

bool starts_without_case(std::string_view text, std::string_view lower) noexcept {
    return text.size() >= lower.size() &&
           std::ranges::equal(text.substr(0, lower.size()), lower, {}, [](char c) {
               return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
           });
}

/// What follows the scheme and the authority; nothing where `text` is no absolute form.
std::optional<std::string_view> path_of_absolute(std::string_view text) noexcept {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!starts_without_case(text, scheme)) continue;
        text.remove_prefix(scheme.size());
        const std::size_t authority = std::min(text.find_first_of("/?"), text.size());
        if (authority == 0) return std::nullopt;
        return text.substr(authority);
    }
    return std::nullopt;
}

}  // namespace

Result<Target> parse_target(std::string_view method, std::string_view target) {
    Target parsed;
    if (target == "*") {
        if (method != "OPTIONS") return refuse("the target `*` is for OPTIONS alone");
        return parsed;
    }
    for (const char c : target) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte >= 0x7F || c == '#')
            return refuse("the target has a byte that must be encoded");
    }
    if (!target.starts_with('/')) {
        const std::optional<std::string_view> rest = path_of_absolute(target);
        if (!rest) return refuse("the target is neither a path nor an http URL");
        target = *rest;
    }
    const std::size_t question = std::min(target.find('?'), target.size());
    if (const Result<void> read = read_path(target.substr(0, question), parsed.segments); !read) {
        return read.error();
    }
    const std::string_view query = target.substr(std::min(question + 1, target.size()));
    if (const Result<void> read = read_query(query, parsed.query); !read) return read.error();
    return parsed;
}

}  // namespace expplat::server::http
