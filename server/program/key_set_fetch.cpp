#include "server/program/key_set_fetch.hpp"

#include <memory>
#include <optional>
#include <utility>

#include "server/auth/limits.hpp"
#include "src/net/http_transport.hpp"

namespace expplat::server::program {

namespace {

constexpr net::Timeouts timeouts{
    .connect_ms = 3'000, .first_byte_ms = 3'000, .idle_ms = 3'000, .total_ms = 5'000};
constexpr std::int64_t look_ms = 100;

}  // namespace

Result<std::string> fetch_key_set(const std::string& url) {
    net::HttpTransportSettings settings;
    settings.user_agent = "expplat-server";
    auto transport = net::HttpTransport::open(std::move(settings));
    if (!transport) return transport.error();
    net::Request request;
    request.url = url;
    request.timeouts = timeouts;
    request.body_limit = auth::limits::key_set_bytes;
    std::optional<Result<net::Response>> answer;
    net::fetch(**transport, std::move(request),
               [&answer](Result<net::Response> done) { answer = std::move(done); });
    while (!answer) (*transport)->poll(look_ms);
    if (!*answer) return answer->error();
    net::Response& response = **answer;
    if (response.head.status != 200)
        return Error{ErrorCode::network, url + " answers " + std::to_string(response.head.status)};
    return std::move(response.body);
}

}  // namespace expplat::server::program
