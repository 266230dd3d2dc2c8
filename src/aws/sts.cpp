#include "src/aws/sts.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "src/aws/signed_post.hpp"
#include "src/aws/timestamp.hpp"

namespace expplat::aws {

namespace {

constexpr std::string_view content_type = "application/x-www-form-urlencoded; charset=utf-8";
constexpr std::size_t quoted_code_bytes = 64;

/// A form's field; the value escaped but for the letters, digits and marks that need none.
void append_field(std::string& form, std::string_view name, std::string_view value) {
    constexpr char digits[] = "0123456789ABCDEF";
    if (!form.empty()) form += '&';
    form += name;
    form += '=';
    for (const char c : value) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '-' || c == '_' || c == '.' || c == '~';
        if (plain) {
            form += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        form += '%';
        form += digits[byte >> 4];
        form += digits[byte & 15];
    }
}

[[nodiscard]] std::string form_of(std::string_view action, std::string_view role_arn,
                                  const std::string& session_name, std::int64_t unix_ms) {
    std::string form;
    append_field(form, "Action", action);
    append_field(form, "Version", "2011-06-15");
    append_field(form, "RoleArn", role_arn);
    append_field(form, "RoleSessionName",
                 session_name.empty() ? "expplat-" + std::to_string(unix_ms) : session_name);
    return form;
}

/// The five entities of XML undone; nothing where there is another.
[[nodiscard]] std::optional<std::string> unescape(std::string_view text) {
    constexpr std::pair<std::string_view, char> entities[] = {
        {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
    std::string out;
    while (!text.empty()) {
        if (text.front() != '&') {
            out += text.front();
            text.remove_prefix(1);
            continue;
        }
        const auto* const entity = std::find_if(std::begin(entities), std::end(entities),
                                                [&](const auto& e) { return text.starts_with(e.first); });
        if (entity == std::end(entities)) return std::nullopt;
        out += entity->second;
        text.remove_prefix(entity->first.size());
    }
    return out;
}

/// What is between `<name>` and `</name>`, first of all.
[[nodiscard]] std::optional<std::string_view> find_element(std::string_view xml, std::string_view name) {
    const std::string open = '<' + std::string(name) + '>';
    const std::size_t begin = xml.find(open);
    if (begin == std::string_view::npos) return std::nullopt;
    const std::size_t end = xml.find("</" + std::string(name) + '>', begin);
    if (end == std::string_view::npos) return std::nullopt;
    return xml.substr(begin + open.size(), end - begin - open.size());
}

/// The text of an element without elements in it; empty where there is none.
[[nodiscard]] std::string find_text(std::string_view xml, std::string_view name) {
    const auto element = find_element(xml, name);
    if (!element || element->find('<') != std::string_view::npos) return {};
    return unescape(*element).value_or(std::string());
}

[[nodiscard]] std::string short_code(std::string_view body) {
    std::string code = find_text(body, "Code");
    const auto odd = [](char c) { return c <= ' ' || c > '~'; };
    if (code.size() > quoted_code_bytes || std::any_of(code.begin(), code.end(), odd)) return {};
    return code;
}

}  // namespace

Result<net::Request> assume_role(const Endpoint& sts, const AssumedRole& role, const Credentials& with,
                                 std::int64_t unix_ms) {
    std::string form = form_of("AssumeRole", role.arn, role.session_name, unix_ms);
    if (!role.external_id.empty()) append_field(form, "ExternalId", role.external_id);
    if (!role.duration_seconds.empty()) append_field(form, "DurationSeconds", role.duration_seconds);
    Result<net::Request> request =
        signed_post(sts, with, {{"Content-Type", std::string(content_type)}}, std::move(form), unix_ms);
    if (request) request->body_limit = sts_answer_bytes;
    return request;
}

net::Request assume_role_with_web_identity(const Endpoint& sts, const WebIdentity& identity,
                                           std::string_view token, std::int64_t unix_ms) {
    net::Request request;
    request.method = "POST";
    request.url = sts.url + '/';
    request.headers = {{"Content-Type", std::string(content_type)}};
    request.body = form_of("AssumeRoleWithWebIdentity", identity.role_arn, identity.session_name, unix_ms);
    append_field(request.body, "WebIdentityToken", token);
    request.body_limit = sts_answer_bytes;
    return request;
}

Result<Credentials> read_sts_answer(int status, std::string_view body, const std::string& role_arn) {
    const std::string what = "STS, asked for the role " + role_arn + ", ";
    if (status != 200) {
        const std::string code = short_code(body);
        const ErrorCode kind = status >= 500 || code == "IDPCommunicationError" || code == "Throttling"
                                   ? ErrorCode::network
                                   : ErrorCode::unauthorized;
        return Error{kind, what + "answered " + std::to_string(status) + (code.empty() ? "" : ' ' + code)};
    }
    const std::string_view element = find_element(body, "Credentials").value_or(std::string_view());
    Credentials credentials{find_text(element, "AccessKeyId"), find_text(element, "SecretAccessKey"),
                            find_text(element, "SessionToken"),
                            parse_timestamp(find_text(element, "Expiration")), "STS for " + role_arn};
    if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() ||
        credentials.session_token.empty() || !credentials.expires_unix_ms) {
        return Error{ErrorCode::network, what + "sent no credentials"};
    }
    return credentials;
}

}  // namespace expplat::aws
