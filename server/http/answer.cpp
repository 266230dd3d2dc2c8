#include "server/http/answer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "server/http/field.hpp"
#include "server/http/problem.hpp"
#include "src/net/gzip.hpp"

namespace expplat::server::http {

namespace {

void append_number(std::string& out, std::size_t number) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    if (is_field_value(value)) {
        out += value;
    } else {  // a line end in a value would begin another field, or the body
        for (const char c : value) out += is_field_value({&c, 1}) ? c : ' ';
    }
    out += "\r\n";
}

bool is_of_framing(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 5> names = {"content-length", "transfer-encoding", "connection",
                                                       "date", "x-request-id"};
    return std::ranges::any_of(names, [name](std::string_view own) { return same_without_case(own, name); });
}

/// Whether its asker may get it compressed, if that makes it smaller.
bool is_worth_compressing(const Response& response) noexcept {
    return response.body != nullptr && response.body->size() >= compressed_from_bytes &&
           response.body->size() <= compressed_up_to_bytes && response.body_gzip == nullptr &&
           !response.headers.contains("Content-Encoding") &&
           is_compressible(response.headers.find("Content-Type"));
}

/// Null where it is no smaller.
SharedText compressed(const std::string& body) {
    std::optional<std::string> bytes = net::gzip(body);
    if (!bytes || bytes->size() >= body.size()) return nullptr;
    return std::make_shared<const std::string>(std::move(*bytes));
}

struct Choice {
    SharedText body;
    bool gzip = false;
    bool varies = false;  // who takes no gzip gets another
};

Choice choose(const Response& response, const AnswerForm& form) {
    Choice choice{response.body, false, response.body_gzip != nullptr};
    if (response.body_gzip != nullptr && (form.gzip || response.body == nullptr)) {
        return {response.body_gzip, true, true};
    }
    if (!is_worth_compressing(response)) return choice;
    choice.varies = true;
    if (!form.gzip) return choice;
    if (SharedText smaller = compressed(*choice.body)) {
        choice.body = std::move(smaller);
        choice.gzip = true;
    }
    return choice;
}

void append_status(std::string& out, unsigned status) {
    out += "HTTP/1.1 ";
    append_number(out, status);
    out += ' ';
    out += reason_phrase(status);
    out += "\r\n";
}

/// Stable, as the types of the other problems are: those of the same name mean the same.
std::string problem_type_of(unsigned status) {
    std::string_view name;
    switch (status) {
        case 400: name = "malformed"; break;
        case 408: name = "request-timeout"; break;
        case 413: name = "too-large"; break;
        case 414: name = "uri-too-long"; break;
        case 415: name = "unsupported-encoding"; break;
        case 417: name = "expectation-failed"; break;
        case 431: name = "head-too-large"; break;
        case 501: name = "not-implemented"; break;
        case 503: name = "unavailable"; break;
        case 505: name = "http-version"; break;
        default: return "about:blank";
    }
    return std::string(problem_types) + std::string(name);
}

}  // namespace

bool is_compressible(std::string_view content_type) noexcept {
    const std::string_view type = trim(content_type.substr(0, content_type.find(';')));
    constexpr std::string_view text = "text/";
    if (same_without_case(type.substr(0, text.size()), text)) return true;
    constexpr std::array<std::string_view, 4> types = {"application/json", "application/problem+json",
                                                       "application/javascript", "image/svg+xml"};
    return std::ranges::any_of(types,
                               [type](std::string_view known) { return same_without_case(known, type); });
}

SharedText write_head(std::string& out, const Response& response, const AnswerForm& form) {
    const bool bodiless = response.status == 204 || response.status == 304;
    const Choice choice = form.stream || bodiless ? Choice{} : choose(response, form);
    append_status(out, response.status);
    bool has_vary = false;
    for (const auto& [name, value] : response.headers.fields()) {
        if (is_of_framing(name) || !is_token(name)) continue;
        append_field(out, name, value);
        has_vary = has_vary || (same_without_case(name, "vary") &&
                                (list_contains(value, "accept-encoding") || list_contains(value, "*")));
    }
    if (choice.gzip) out += "Content-Encoding: gzip\r\n";
    if (choice.varies && !has_vary) out += "Vary: Accept-Encoding\r\n";
    if (form.stream) {
        if (!form.http_1_0) out += "Transfer-Encoding: chunked\r\n";
    } else if (!bodiless) {
        out += "Content-Length: ";
        append_number(out, choice.body == nullptr ? 0 : choice.body->size());
        out += "\r\n";
    }
    out += form.more_fields;
    out += "Date: ";
    out += form.date;
    out += "\r\nX-Request-Id: ";
    out += form.id;
    if (form.close) {
        out += "\r\nConnection: close";
    } else if (form.http_1_0) {
        out += "\r\nConnection: keep-alive";
    }
    out += "\r\n\r\n";
    return form.head_only ? nullptr : choice.body;
}

void compress_beforehand(Response& response, const Request& request) {
    if (!is_worth_compressing(response) || !accepts_gzip(request.headers.all("Accept-Encoding"))) return;
    response.body_gzip = compressed(*response.body);
}

Response refusal(unsigned status, std::string_view detail) {
    std::string body = R"({"type":")";
    body += problem_type_of(status);
    body += R"(","title":")";
    body += reason_phrase(status);
    body += R"(","status":)";
    append_number(body, status);
    body += R"(,"detail":")";
    body += detail;
    body += "\"}";
    Response response = Response::text(status, "application/problem+json", std::move(body));
    if (status == 415) response.headers.add("Accept-Encoding", "gzip");  // RFC 9110 (15.5.16)
    return response;
}

}  // namespace expplat::server::http
