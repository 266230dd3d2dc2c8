#include "src/aws/sigv4.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

#include "src/aws/digest.hpp"

namespace expplat::aws {

namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view terminator = "aws4_request";

// What a proxy may change or take away on the way, so that nobody signs it.
constexpr std::string_view unsigned_headers[] = {"connection", "expect",     "transfer-encoding",
                                                 "upgrade",    "user-agent", "x-amzn-trace-id"};
// What signing itself adds.
constexpr std::string_view signing_headers[] = {"authorization", "x-amz-content-sha256", "x-amz-date",
                                                "x-amz-security-token"};
constexpr std::string_view signing_parameters[] = {
    "X-Amz-Algorithm", "X-Amz-Credential",     "X-Amz-Date",         "X-Amz-Expires",
    "X-Amz-Signature", "X-Amz-Security-Token", "X-Amz-SignedHeaders"};

template <std::size_t Count>
[[nodiscard]] bool contains(const std::string_view (&words)[Count], std::string_view word) noexcept {
    return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

[[nodiscard]] Error refused(std::string_view what) {
    return {ErrorCode::invalid_argument, "a request cannot be signed: " + std::string(what)};
}

[[nodiscard]] Error no_digest() {
    return {ErrorCode::unsupported,
            "OpenSSL refuses SHA-256 or HMAC; its configuration may have no provider with them"};
}

// --- bytes and escapes ------------------------------------------------------------------------------

[[nodiscard]] constexpr bool is_alphanumeric(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// RFC 3986's unreserved characters: all others are escaped.
[[nodiscard]] constexpr bool is_unreserved(char c) noexcept {
    return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

[[nodiscard]] constexpr bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

[[nodiscard]] bool is_visible(std::string_view text) noexcept {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7F'; });
}

/// RFC 9110's token: methods and header names.
[[nodiscard]] bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return is_alphanumeric(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

[[nodiscard]] std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
}

void append_escaped(std::string& out, char c) {
    constexpr char digits[] = "0123456789ABCDEF";
    if (is_unreserved(c)) {
        out += c;
        return;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
}

[[nodiscard]] std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) append_escaped(out, c);
    return out;
}

[[nodiscard]] constexpr int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// The text with one and the same escaping, whatever it had; nothing for a `%` without two digits.
[[nodiscard]] std::optional<std::string> escaped_again(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            append_escaped(out, text[i]);
            continue;
        }
        if (text.size() - i < 3) return std::nullopt;
        const int high = hex_digit(text[i + 1]);
        const int low = hex_digit(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        append_escaped(out, static_cast<char>(high * 16 + low));
        i += 2;
    }
    return out;
}

// --- the parts of the canonical request -------------------------------------------------------------

/// `/a/../b//c/./` as `/b/c/`.
[[nodiscard]] std::string normalized_path(std::string_view path) {
    std::vector<std::string_view> segments;
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string_view segment = path.substr(begin, end - begin);
        begin = end + 1;
        if (segment == "..") {
            if (!segments.empty()) segments.pop_back();
        } else if (!segment.empty() && segment != ".") {
            segments.push_back(segment);
        }
    }
    std::string out;
    for (const std::string_view segment : segments) {
        out += '/';
        out += segment;
    }
    if (out.empty() || path.ends_with('/')) out += '/';
    return out;
}

[[nodiscard]] std::string canonical_path(const SignableRequest& request, const SigningContext& context) {
    std::string path(request.path);
    if (context.normalize_path) path = normalized_path(path);
    if (!context.double_encode_path) return path;
    std::string out;
    for (const char c : path) {
        if (c == '/') out += c;
        else append_escaped(out, c);
    }
    return out;
}

/// A parameter of the query, name and value escaped. Sorted by the escaped bytes.
using Parameter = std::pair<std::string, std::string>;

[[nodiscard]] Result<std::vector<Parameter>> read_parameters(std::string_view query) {
    std::vector<Parameter> parameters;
    for (std::size_t begin = 0; begin < query.size();) {
        const std::size_t end = std::min(query.find('&', begin), query.size());
        const std::string_view pair = query.substr(begin, end - begin);
        begin = end + 1;
        if (pair.empty()) continue;
        const std::size_t equals = std::min(pair.find('='), pair.size());
        std::optional<std::string> name = escaped_again(pair.substr(0, equals));
        std::optional<std::string> value = escaped_again(pair.substr(std::min(equals + 1, pair.size())));
        if (!name || !value) return refused("its query has a % without two hexadecimal digits");
        if (contains(signing_parameters, *name)) return refused("its query already has " + *name);
        parameters.emplace_back(std::move(*name), std::move(*value));
    }
    return parameters;
}

struct CanonicalHeaders {
    std::string lines;  // `host:example.com\n` ...
    std::string names;  // `host;x-amz-date`
};

/// Without white space at the ends, and each run of it inside as one space.
[[nodiscard]] std::string folded(std::string_view value) {
    std::string out;
    for (const char c : value) {
        if (!is_space(c)) out += c;
        else if (!out.empty() && out.back() != ' ') out += ' ';
    }
    if (out.ends_with(' ')) out.pop_back();
    return out;
}

[[nodiscard]] CanonicalHeaders canonical_headers(std::span<const HeaderView> headers) {
    std::vector<std::pair<std::string, std::string>> sorted;
    for (const HeaderView& header : headers) {
        std::string name = lower_case(header.name);
        if (!contains(unsigned_headers, name)) sorted.emplace_back(std::move(name), folded(header.value));
    }
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    CanonicalHeaders canonical;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        if (i > 0 &&
            sorted[i].first == sorted[i - 1].first) {  // a repeated header: its values in their order
            canonical.lines.back() = ',';
        } else {
            if (i > 0) canonical.names += ';';
            canonical.names += sorted[i].first;
            canonical.lines += sorted[i].first + ':';
        }
        canonical.lines += sorted[i].second + '\n';
    }
    return canonical;
}

[[nodiscard]] std::string canonical_request(const SignableRequest& request, const SigningContext& context,
                                            std::vector<Parameter> parameters,
                                            const CanonicalHeaders& headers) {
    std::sort(parameters.begin(), parameters.end());
    std::string out(request.method);
    out += '\n' + canonical_path(request, context) + '\n';
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        if (i > 0) out += '&';
        out += parameters[i].first + '=' + parameters[i].second;
    }
    out += '\n' + headers.lines + '\n' + headers.names + '\n';
    out += request.payload_hash;
    return out;
}

// --- the scope and the signature --------------------------------------------------------------------

/// When and for what a signature holds.
struct Scope {
    std::string time;        // `20150830T123600Z`
    std::string date;        // `20150830`
    std::string text;        // `20150830/us-east-1/service/aws4_request`
    std::string credential;  // the key's id, and the text
};

void append_digits(std::string& out, std::int64_t number, std::size_t width) {
    const std::string digits = std::to_string(number);
    out.append(width - std::min(width, digits.size()), '0');
    out += digits;
}

[[nodiscard]] Scope make_scope(const SigningContext& context) {
    const std::chrono::sys_seconds time{std::chrono::seconds{context.unix_seconds}};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::int64_t second = (time - day).count();
    Scope scope;
    append_digits(scope.date, int{date.year()}, 4);
    append_digits(scope.date, unsigned{date.month()}, 2);
    append_digits(scope.date, unsigned{date.day()}, 2);
    scope.time = scope.date + 'T';
    append_digits(scope.time, second / 3600, 2);
    append_digits(scope.time, second / 60 % 60, 2);
    append_digits(scope.time, second % 60, 2);
    scope.time += 'Z';
    for (const std::string_view part : {std::string_view(scope.date), context.region, context.service}) {
        scope.text.append(part) += '/';
    }
    scope.text += terminator;
    scope.credential.append(context.credentials.access_key_id) += '/';
    scope.credential += scope.text;
    return scope;
}

/// The key of one day, region and service. (AWS's guide: "Calculate a signature", kSigning.)
[[nodiscard]] std::optional<Sha256> signing_key(const SigningContext& context, const Scope& scope) {
    std::string secret = "AWS4";
    secret += context.credentials.secret_access_key;
    std::optional<Sha256> key =
        hmac_sha256({reinterpret_cast<const unsigned char*>(secret.data()), secret.size()}, scope.date);
    OPENSSL_cleanse(secret.data(), secret.size());
    for (const std::string_view part : {context.region, context.service, terminator}) {
        if (key) key = hmac_sha256(*key, part);
    }
    return key;
}

/// Fills `string_to_sign` and `signature` in from the canonical request. False where OpenSSL refuses.
[[nodiscard]] bool sign(Signed& out, const SigningContext& context, const Scope& scope) {
    const std::optional<Sha256> hash = sha256(out.canonical_request);
    std::optional<Sha256> key = signing_key(context, scope);
    if (!hash || !key) return false;
    out.string_to_sign.append(algorithm) += '\n';
    out.string_to_sign += scope.time + '\n' + scope.text + '\n' + hex(*hash);
    const std::optional<Sha256> signature = hmac_sha256(*key, out.string_to_sign);
    OPENSSL_cleanse(key->data(), key->size());
    if (!signature) return false;
    out.signature = hex(*signature);
    return true;
}

[[nodiscard]] Result<void> check_headers(std::span<const HeaderView> headers) {
    bool has_host = false;
    for (const HeaderView& header : headers) {
        if (!is_token(header.name)) return refused("a header's name is no name");
        if (header.value.find('\0') != std::string_view::npos) {
            return refused("a header's value has a NUL byte");
        }
        const std::string name = lower_case(header.name);
        if (contains(signing_headers, name)) return refused("it already has the header " + name);
        has_host = has_host || name == "host";
    }
    if (!has_host) return refused("it has no Host header");
    return {};
}

[[nodiscard]] Result<void> check(const SignableRequest& request, const SigningContext& context) {
    constexpr std::int64_t year_10000 = 253'402'300'800;
    const SigningCredentials& credentials = context.credentials;
    if (!is_token(request.method)) return refused("its method is no method");
    if (!request.path.starts_with('/')) return refused("its path does not begin with /");
    if (request.path.find_first_of("?#") != std::string_view::npos) return refused("its path has a ? or #");
    if (!is_visible(request.payload_hash)) return refused("its payload hash is empty or no text");
    if (!is_visible(credentials.access_key_id)) {
        return refused("the access key id is empty or has white space");
    }
    if (credentials.secret_access_key.empty()) return refused("the secret access key is empty");
    if (!credentials.session_token.empty() && !is_visible(credentials.session_token)) {
        return refused("the session token has white space");
    }
    if (!is_visible(context.region) || !is_visible(context.service)) {
        return refused("no region or service is given");
    }
    if (context.unix_seconds < 0 || context.unix_seconds >= year_10000) {
        return refused("the time is out of range");
    }
    return check_headers(request.headers);
}

}  // namespace

Result<std::string> payload_hash(std::string_view body) {
    const std::optional<Sha256> hash = sha256(body);
    if (!hash) return no_digest();
    return hex(*hash);
}

Result<Signed> sign_headers(const SignableRequest& request, const SigningContext& context,
                            ContentHeader content_header) {
    if (const Result<void> checked = check(request, context); !checked) return checked.error();
    Result<std::vector<Parameter>> parameters = read_parameters(request.query);
    if (!parameters) return parameters.error();

    const Scope scope = make_scope(context);
    Signed out;
    std::vector<HeaderView> headers(request.headers.begin(), request.headers.end());
    const auto add = [&](std::string_view name, std::string_view value, bool is_signed) {
        out.headers.push_back({std::string(name), std::string(value)});
        if (is_signed) headers.push_back({name, value});
    };
    const std::string_view token = context.credentials.session_token;
    if (!token.empty()) add("X-Amz-Security-Token", token, context.sign_session_token);
    add("X-Amz-Date", scope.time, true);
    if (content_header == ContentHeader::present) add("x-amz-content-sha256", request.payload_hash, true);

    const CanonicalHeaders canonical = canonical_headers(headers);
    out.canonical_request = canonical_request(request, context, std::move(*parameters), canonical);
    if (!sign(out, context, scope)) return no_digest();
    std::string authorization(algorithm);
    authorization += " Credential=" + scope.credential + ", SignedHeaders=" + canonical.names +
                     ", Signature=" + out.signature;
    out.headers.push_back({"Authorization", std::move(authorization)});
    return out;
}

Result<Signed> sign_query(const SignableRequest& request, const SigningContext& context,
                          std::int64_t expires_seconds) {
    if (const Result<void> checked = check(request, context); !checked) return checked.error();
    if (expires_seconds < 1 || expires_seconds > longest_signed_url_seconds) {
        return refused("a signed URL is good for 1 to 604,800 seconds");
    }
    Result<std::vector<Parameter>> parameters = read_parameters(request.query);
    if (!parameters) return parameters.error();

    const Scope scope = make_scope(context);
    const CanonicalHeaders canonical = canonical_headers(request.headers);
    Signed out;
    out.query = request.query;
    const auto add = [&](std::string_view name, std::string_view value, bool is_signed) {
        std::string escaped_value = escaped(value);
        if (!out.query.empty()) out.query += '&';
        out.query.append(name).append(1, '=').append(escaped_value);
        if (is_signed) parameters->emplace_back(name, std::move(escaped_value));
    };
    add("X-Amz-Algorithm", algorithm, true);
    add("X-Amz-Credential", scope.credential, true);
    add("X-Amz-Date", scope.time, true);
    add("X-Amz-SignedHeaders", canonical.names, true);
    add("X-Amz-Expires", std::to_string(expires_seconds), true);
    const std::string_view token = context.credentials.session_token;
    if (!token.empty()) add("X-Amz-Security-Token", token, context.sign_session_token);

    out.canonical_request = canonical_request(request, context, std::move(*parameters), canonical);
    if (!sign(out, context, scope)) return no_digest();
    add("X-Amz-Signature", out.signature, false);
    return out;
}

}  // namespace expplat::aws
