#include "server/http/conditional.hpp"

#include <algorithm>
#include <cctype>

#include "server/http/field.hpp"

namespace expplat::server::http {
namespace {

[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

/// Takes the next member off a list: commas within quotes belong to it.
[[nodiscard]] std::string_view next_member(std::string_view& list) noexcept {
    bool quoted = false;
    std::size_t end = 0;
    for (; end < list.size() && (quoted || list[end] != ','); ++end) {
        if (list[end] == '"') quoted = !quoted;
    }
    const std::string_view member = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    return trimmed(member);
}

[[nodiscard]] std::string_view strong_part(std::string_view etag) noexcept {
    return etag.starts_with("W/") ? etag.substr(2) : etag;
}

[[nodiscard]] bool same_word(std::string_view one, std::string_view other) noexcept {
    return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                      [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

/// Of `;q=0.25`, in thousandths; what is no number counts as 0.
[[nodiscard]] int quality(std::string_view text) noexcept {
    if (text.empty() || (text.front() != '0' && text.front() != '1')) return 0;
    int value = (text.front() - '0') * 1000;
    int unit = 100;
    for (std::size_t i = 2; i < text.size() && i < 5 && text[1] == '.'; ++i, unit /= 10) {
        if (text[i] < '0' || text[i] > '9') return 0;
        value += (text[i] - '0') * unit;
    }
    return std::min(value, 1000);
}

}  // namespace

bool none_match_names(std::string_view if_none_match, std::string_view etag) noexcept {
    while (!if_none_match.empty()) {
        const std::string_view member = next_member(if_none_match);
        if (member == "*" || (!member.empty() && strong_part(member) == strong_part(etag))) return true;
    }
    return false;
}

bool match_allows(std::string_view if_match, std::string_view etag) noexcept {
    if (if_match.empty()) return true;
    while (!if_match.empty()) {
        const std::string_view member = next_member(if_match);
        if (member == "*" || (member == etag && !etag.starts_with("W/"))) return true;
    }
    return false;
}

void shorten_if_known(const Request& request, Response& response) {
    if (response.status != 200 || (request.method != "GET" && request.method != "HEAD")) return;
    if (list_contains(response.headers.find("Cache-Control"), "no-store")) return;
    const std::string_view etag = response.headers.find("ETag");
    if (etag.empty() || !none_match_names(request.headers.all("If-None-Match"), etag)) return;
    response.status = 304;
    response.body = response.body_gzip = nullptr;
    response.headers.remove("Content-Type");  // of what is not sent: RFC 9110 (15.4.5)
}

int quality_of(std::string_view accept, std::string_view type) noexcept {
    if (trimmed(accept).empty()) return 1000;
    const std::string_view main = type.substr(0, type.find('/'));
    int best_rank = 0;
    int best = 0;
    while (!accept.empty()) {
        std::string_view member = next_member(accept);
        const std::string_view range = trimmed(member.substr(0, member.find(';')));
        int wanted = 1000;
        for (std::size_t at = member.find(';'); at != std::string_view::npos; at = member.find(';')) {
            member.remove_prefix(at + 1);
            const std::string_view parameter = trimmed(member.substr(0, member.find(';')));
            if (parameter.size() >= 2 && (parameter[0] == 'q' || parameter[0] == 'Q') && parameter[1] == '=')
                wanted = quality(parameter.substr(2));
        }
        int rank = 0;
        if (same_word(range, type)) rank = 3;
        else if (range.ends_with("/*") && same_word(range.substr(0, range.size() - 2), main)) rank = 2;
        else if (range == "*/*") rank = 1;
        if (rank > best_rank) {
            best_rank = rank;
            best = wanted;
        }
    }
    return best;
}

}  // namespace expplat::server::http
