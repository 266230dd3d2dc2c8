#include "src/audit/records.hpp"

#include <algorithm>
#include <array>

namespace expplat::audit {

namespace {

constexpr std::string_view opening = R"({"entries":[)";

bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

Format format_of(std::string_view beginning) noexcept {
    std::array<char, opening.size()> letters{};
    std::size_t count = 0;
    for (const char c : beginning) {
        if (is_space(c)) continue;
        letters[count++] = c;
        if (count == letters.size()) break;
    }
    const std::string_view start(letters.data(), count);
    if (start == opening) return Format::json;
    return start.starts_with('{') || start.empty() ? Format::ndjson : Format::csv;
}

void Records::feed(std::string_view piece) {
    for (const char c : piece) {
        if (!fault_.empty()) return;
        format_ == Format::json ? feed_json(c) : feed_line(c);
        if (record_.size() > record_bytes)
            fault_ = "an entry is longer than " + std::to_string(record_bytes >> 20) + " MiB";
        if (c == '\n') ++line_;
    }
}

void Records::finish() {
    if (!fault_.empty()) return;
    if (format_ != Format::json) {
        if (!record_.empty()) hand_on();
    } else if (at_ != At::rest) {
        fault_ = "the file has no head: its end is missing";
    }
}

std::optional<std::string> Records::rest() const {
    if (format_ != Format::json || at_ != At::rest) return std::nullopt;
    const std::size_t comma = record_.find_first_not_of(" \t\r\n");
    if (comma == std::string::npos || record_[comma] != ',') return std::nullopt;
    return "{" + record_.substr(comma + 1);
}

/// A line of NDJSON or a row of CSV, whose fields may have lines in quotes.
void Records::feed_line(char c) {
    if (record_.empty()) begin_line_ = line_;
    if (c == '\n' && !quoted_) {
        if (record_.ends_with('\r')) record_.pop_back();
        hand_on();
        return;
    }
    if (format_ == Format::csv && c == '"') quoted_ = !quoted_;
    record_ += c;
}

void Records::feed_json(char c) {
    switch (at_) {
        case At::opening:
            if (is_space(c)) return;
            record_ += c;
            if (!opening.starts_with(record_)) fault_ = "the file does not begin as an export";
            if (record_ == opening) {
                at_ = At::element_or_end;
                record_.clear();
            }
            return;
        case At::element_or_end:
        case At::element: begin_element(c); return;
        case At::in_element:
            record_ += c;
            if (escaped_) {
                escaped_ = false;
            } else if (quoted_) {
                escaped_ = c == '\\';
                if (c == '"') quoted_ = false;
            } else if (c == '"') {
                quoted_ = true;
            } else if (c == '{') {
                ++depth_;
            } else if (c == '}' && --depth_ == 0) {
                hand_on();
                at_ = At::comma_or_end;
            }
            return;
        case At::comma_or_end:
            if (is_space(c)) return;
            if (c == ',') at_ = At::element;
            else if (c == ']') at_ = At::rest;
            else fault_ = "the list of entries is broken";
            return;
        case At::rest: record_ += c; return;
    }
}

void Records::begin_element(char c) {
    if (is_space(c)) return;
    if (c == '{') {
        begin_line_ = line_;
        record_ += c;
        depth_ = 1;
        at_ = At::in_element;
    } else if (c == ']' && at_ == At::element_or_end) {
        at_ = At::rest;
    } else {
        fault_ = "the list of entries is broken";
    }
}

void Records::hand_on() {
    take_(record_, begin_line_);
    record_.clear();
}

}  // namespace expplat::audit
