#include "src/aws/role_endpoint.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "src/aws/timestamp.hpp"

namespace expplat::aws {

namespace {

[[nodiscard]] Error invalid(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

[[nodiscard]] net::Request role_request(std::string method, std::string url) {
    net::Request request;
    request.method = std::move(method);
    request.url = std::move(url);
    request.timeouts = {role_timeout_ms, role_timeout_ms, role_timeout_ms, role_timeout_ms};
    request.body_limit = role_answer_bytes;
    request.accept_encoded = false;
    return request;
}

[[nodiscard]] bool is_printable(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7F'; });
}

/// 127.0.0.0/8, all four numbers written out.
[[nodiscard]] bool is_loopback(std::string_view host) noexcept {
    if (!host.starts_with("127.")) return false;
    int dots = 0;
    int number = -1;
    for (const char c : host) {
        if (c == '.') {
            if (number < 0) return false;
            ++dots;
            number = -1;
            continue;
        }
        if (c < '0' || c > '9') return false;
        number = std::max(number, 0) * 10 + (c - '0');
        if (number > 255) return false;
    }
    return dots == 3 && number >= 0;
}

[[nodiscard]] bool may_be_asked_in_the_clear(std::string_view host) noexcept {
    constexpr std::array<std::string_view, 5> hosts{"localhost", "[::1]", "169.254.170.2", "169.254.170.23",
                                                    "[fd00:ec2::23]"};
    return is_loopback(host) || std::find(hosts.begin(), hosts.end(), host) != hosts.end();
}

/// The host of `HOST:PORT/PATH`.
[[nodiscard]] std::string_view host_name(std::string_view rest) noexcept {
    std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
    return authority.substr(0, authority.find(':'));
}

[[nodiscard]] Result<void> check_full_uri(std::string_view uri) {
    const std::string name = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    if (!is_printable(uri) || uri.find('@') != std::string_view::npos ||
        uri.find('\\') != std::string_view::npos)
        return invalid(name + " is no URL");
    if (uri.starts_with("https://")) {
        return host_name(uri.substr(8)).empty() ? Result<void>(invalid(name + " is no URL")) : Result<void>();
    }
    if (!uri.starts_with("http://")) return invalid(name + " is no http:// or https:// URL");
    if (may_be_asked_in_the_clear(host_name(uri.substr(7)))) return {};
    return invalid(name +
                   " must be https, or http to loopback, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23]");
}

[[nodiscard]] Result<std::string> authorization_token(const Surroundings& surroundings) {
    const std::string path = surroundings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    std::string token = surroundings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    if (!path.empty()) {
        Result<std::string> text = surroundings.read_file
                                       ? surroundings.read_file(path, authorization_token_bytes)
                                       : Result<std::string>(Error{ErrorCode::io, "no files can be read"});
        if (!text) {
            return Error{text.error().code,
                         "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: " + text.error().message};
        }
        token = std::move(*text);
        while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
    }
    // A line end would let a token add headers of its own.
    if (token.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
        return invalid("the container's authorization token has a line end in it");
    return token;
}

[[nodiscard]] std::string text_of(const nlohmann::json& object, const char* name) {
    const auto member = object.find(name);
    return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
}

}  // namespace

Result<std::optional<net::Request>> container_request(const Surroundings& surroundings) {
    const std::string relative = surroundings.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const std::string full = surroundings.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    std::string url;
    if (!relative.empty()) {
        if (!relative.starts_with('/') || !is_printable(relative))
            return invalid("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is no path that begins with `/`");
        url = "http://169.254.170.2" + relative;
    } else if (!full.empty()) {
        if (Result<void> checked = check_full_uri(full); !checked) return checked.error();
        url = full;
    } else {
        return std::optional<net::Request>();
    }
    Result<std::string> token = authorization_token(surroundings);
    if (!token) return token.error();
    net::Request request = role_request("GET", std::move(url));
    if (!token->empty()) request.headers.push_back({"Authorization", std::move(*token)});
    return std::optional(std::move(request));
}

Result<std::optional<std::string>> instance_address(const Surroundings& surroundings) {
    std::string disabled = surroundings.variable("AWS_EC2_METADATA_DISABLED");
    for (char& c : disabled) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    if (disabled == "true") return std::optional<std::string>();
    std::string address = surroundings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    if (address.empty()) {
        const std::string mode = surroundings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
        address = mode == "IPv6" || mode == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
    }
    while (address.ends_with('/')) address.pop_back();
    if ((!address.starts_with("http://") && !address.starts_with("https://")) || !is_printable(address))
        return invalid("AWS_EC2_METADATA_SERVICE_ENDPOINT is no http:// URL");
    return std::optional(std::move(address));
}

net::Request instance_token_request(const std::string& address) {
    net::Request request = role_request("PUT", address + "/latest/api/token");
    request.headers.push_back(
        {"X-aws-ec2-metadata-token-ttl-seconds", std::to_string(instance_token_seconds)});
    return request;
}

net::Request instance_role_request(const std::string& address, std::string_view token,
                                   std::string_view role) {
    net::Request request =
        role_request("GET", address + "/latest/meta-data/iam/security-credentials/" + std::string(role));
    request.headers.push_back({"X-aws-ec2-metadata-token", std::string(token)});
    return request;
}

std::string read_instance_role(std::string_view body) {
    constexpr std::size_t role_name_bytes = 256;
    std::string_view line = body.substr(0, body.find_first_of("\r\n"));
    const bool is_name =
        !line.empty() && line.size() <= role_name_bytes && std::all_of(line.begin(), line.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   std::string_view("+=,.@_-").find(c) != std::string_view::npos;
        });
    return is_name ? std::string(line) : std::string();
}

Result<Credentials> read_role_answer(int status, std::string_view body, const std::string& source) {
    if (status != 200) {
        return Error{status >= 500 || status == 429 ? ErrorCode::network : ErrorCode::unauthorized,
                     source + " answered " + std::to_string(status)};
    }
    const nlohmann::json object = nlohmann::json::parse(body, nullptr, false);
    if (!object.is_object()) return Error{ErrorCode::network, source + " sent no JSON object"};
    Credentials credentials{text_of(object, "AccessKeyId"), text_of(object, "SecretAccessKey"),
                            text_of(object, "Token"), std::nullopt, source};
    if (credentials.access_key_id.empty() || credentials.secret_access_key.empty())
        return Error{ErrorCode::network, source + " sent no credentials"};
    const std::string expiration = text_of(object, "Expiration");
    if (!expiration.empty()) {
        credentials.expires_unix_ms = parse_timestamp(expiration);
        if (!credentials.expires_unix_ms)
            return Error{ErrorCode::network, source + " sent an Expiration that is no time"};
    }
    return credentials;
}

}  // namespace expplat::aws
