#include "src/sync/attempt.hpp"

#include <algorithm>

#include "src/net/url.hpp"
#include "src/ruleset/json.hpp"

namespace expplat::sync {

namespace {

bool is_printable(char c) noexcept { return c > ' ' && c < 0x7F; }

bool is_worth_another_try(int status) noexcept {
    return status < 400 || status == 408 || status == 425 || status == 429 || status >= 500;
}

/// `title` and `detail` of a problem document (RFC 9457), or nothing.
std::string problem_text(std::string_view body) {
    const Result<ruleset::Document> document = ruleset::parse_json(body, error_text_bytes, 8);
    if (!document || document->root().kind() != ruleset::NodeKind::object) return {};
    std::string text;
    for (const std::string_view name : {"title", "detail"}) {
        const ruleset::Node* const node = document->root().find(name);
        if (node == nullptr || node->kind() != ruleset::NodeKind::string) continue;
        text.append(": ").append(node->text());
    }
    return text;
}

std::string_view meaning_of(int status) noexcept {
    switch (status) {
        case 401:
        case 403: return " (the key is refused)";
        case 404: return " (no expplat server at this URL)";
        default: return "";
    }
}

}  // namespace

net::Request request_to(const FollowerSettings& settings, std::string_view path) {
    net::Request request;
    std::string_view base = settings.url;
    while (!base.empty() && base.back() == '/') base.remove_suffix(1);
    request.url.append(base).append(path);
    request.headers = {{"Authorization", "Bearer " + settings.key},
                       {"User-Agent", settings.user_agent},
                       {"Cache-Control", "no-cache"}};
    request.timeouts = settings.timeouts;
    return request;
}

std::string unusable(const FollowerSettings& settings) {
    if (settings.key.empty()) return "no SDK key is given";
    if (!std::ranges::all_of(settings.key, is_printable)) {
        return "the SDK key holds a space, a line end or another character that no key has";
    }
    if (const Result<net::Url> url = net::parse_url(settings.url); !url)
        return "the server's URL: " + url.error().message;
    return {};
}

Ending ending_of(const net::Head& head, std::string_view body, const FollowerSettings& settings) {
    Ending ending;
    ending.kind = is_worth_another_try(head.status) && head.status / 100 != 3 ? Ending::Kind::failed
                                                                              : Ending::Kind::refused;
    std::string message = "the server answers " + std::to_string(head.status);
    message.append(meaning_of(head.status));
    // Not followed: the key is for the server that the program names, and for no other.
    if (head.status / 100 == 3) message.append(", to another URL: ").append(head.find("Location"));
    message += problem_text(body.substr(0, error_text_bytes));
    ending.message = presentable(message, settings.key);
    ending.retry_after = head.find("Retry-After");
    return ending;
}

Ending ending_of(const Error& error, const FollowerSettings& settings) {
    Ending ending;
    ending.kind = error.code == ErrorCode::invalid_argument ? Ending::Kind::refused : Ending::Kind::failed;
    ending.message = presentable(error.message, settings.key);
    ending.reached = error.code == ErrorCode::timeout;
    return ending;
}

std::string presentable(std::string_view text, std::string_view key) {
    std::string line(text);
    if (!key.empty()) {
        for (std::size_t at = 0; (at = line.find(key, at)) != std::string::npos; at += 3) {
            line.replace(at, key.size(), "***");
        }
    }
    if (line.size() > message_bytes) {
        std::size_t end = message_bytes;
        while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
        line.resize(end);
        line += "...";
    }
    for (char& c : line) {
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) c = ' ';
    }
    return line;
}

bool has_media_type(const net::Head& head, std::string_view type) noexcept {
    std::string_view value = head.find("Content-Type");
    value = value.substr(0, value.find(';'));
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    return std::ranges::equal(value, type, [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
    });
}

}  // namespace expplat::sync
