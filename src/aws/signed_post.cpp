#include "src/aws/signed_post.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace expplat::aws {

namespace {

/// Where the authority of `https://HOST/PATH` begins.
[[nodiscard]] std::size_t authority_begin(std::string_view url) noexcept {
    const std::size_t scheme = url.find("://");
    return scheme == std::string_view::npos ? 0 : scheme + 3;
}

}  // namespace

std::string_view host_of(std::string_view url) noexcept {
    const std::size_t begin = authority_begin(url);
    std::string_view host = url.substr(begin, std::min(url.find('/', begin), url.size()) - begin);
    const std::string_view port = url.starts_with("https:") ? ":443" : ":80";
    if (host.ends_with(port)) host.remove_suffix(port.size());
    return host;
}

Result<net::Request> signed_post(const Endpoint& endpoint, const Credentials& credentials,
                                 std::vector<net::Header> headers, std::string body, std::int64_t unix_ms) {
    const std::string_view url = endpoint.url;
    const std::size_t path_begin = std::min(url.find('/', authority_begin(url)), url.size());
    const std::string path = std::string(url.substr(path_begin)) + '/';

    const Result<std::string> hash = payload_hash(body);
    if (!hash) return hash.error();
    std::vector<HeaderView> views{{"Host", host_of(url)}};
    for (const net::Header& header : headers) views.push_back({header.name, header.value});
    const SignableRequest signable{"POST", path, {}, views, *hash};
    const SigningContext context{credentials.signing(), endpoint.region, endpoint.signing_name,
                                 unix_ms / 1000};
    Result<Signed> made = sign_headers(signable, context);
    if (!made) return made.error();

    net::Request request;
    request.method = "POST";
    request.url = endpoint.url + '/';
    request.headers = std::move(headers);
    for (Header& header : made->headers) {
        request.headers.push_back({std::move(header.name), std::move(header.value)});
    }
    request.body = std::move(body);
    return request;
}

}  // namespace expplat::aws
