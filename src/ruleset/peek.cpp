#include "src/ruleset/peek.hpp"

#include <charconv>
#include <cstddef>

#include "src/ruleset/json.hpp"
#include "src/ruleset/json_scan.hpp"

namespace expplat::ruleset {

namespace {

constexpr std::uint64_t most_version = (std::uint64_t{1} << 53) - 1;

std::size_t skip_space(std::string_view text, std::size_t at) noexcept {
    while (at < text.size() &&
           (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) {
        ++at;
    }
    return at;
}

/// The byte after the value that begins at `at`: brackets are counted, strings stepped over.
std::size_t skip_value(std::string_view text, std::size_t at) noexcept {
    std::size_t depth = 0;
    while (at < text.size()) {
        const char c = text[at];
        if (c == '"') {
            at = end_of_string(text, at);
            if (depth == 0) return at;
            continue;
        }
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') {
            if (depth == 0) return at;
            if (--depth == 0) return at + 1;
        }
        if (depth == 0 && c == ',') return at;
        ++at;
    }
    return at;
}

bool is_version(std::string_view quoted) {
    if (quoted.find('\\') == std::string_view::npos) return quoted == "\"version\"";
    const Result<Document> name = parse_json(quoted);
    return name && name->root().text() == "version";
}

std::optional<std::uint64_t> read_version(std::string_view text, std::size_t at) noexcept {
    const std::string_view literal = text.substr(at, end_of_number(text, at) - at);
    std::uint64_t version = 0;
    const auto [end, error] = std::from_chars(literal.data(), literal.data() + literal.size(), version);
    if (error != std::errc{} || end != literal.data() + literal.size() || literal.empty() ||
        version > most_version) {
        return std::nullopt;
    }
    return version;
}

}  // namespace

std::optional<std::uint64_t> peek_version(std::string_view json) {
    std::size_t at = skip_space(json, 0);
    if (at >= json.size() || json[at] != '{') return std::nullopt;
    for (;;) {
        at = skip_space(json, at + 1);  // behind the bracket or the comma
        if (at >= json.size() || json[at] != '"') return std::nullopt;
        const std::size_t name_end = end_of_string(json, at);
        const bool found = is_version(json.substr(at, name_end - at));
        at = skip_space(json, name_end);
        if (at >= json.size() || json[at] != ':') return std::nullopt;
        at = skip_space(json, at + 1);
        if (found) return read_version(json, at);
        at = skip_space(json, skip_value(json, at));
        if (at >= json.size() || json[at] != ',') return std::nullopt;
    }
}

}  // namespace expplat::ruleset
