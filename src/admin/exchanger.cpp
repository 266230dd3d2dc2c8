#include "src/admin/exchanger.hpp"

#include <optional>
#include <utility>

namespace expplat::admin {

Result<net::Response> Exchanger::send(net::Request request,
                                      const std::function<bool(std::string_view)>& write) {
    net::Response response;
    std::optional<Result<void>> end;
    bool is_refused = false;
    net::Handlers handlers;
    handlers.head = [&response](const net::Head& head) { response.head = head; };
    handlers.body = [&](std::string_view bytes) {
        if (!write || response.head.status != 200) response.body += bytes;
        else if (!is_refused) is_refused = !write(bytes);
    };
    handlers.end = [&end](const Result<void>& result) { end.emplace(result); };
    const net::ExchangeId exchange = transport_.start(std::move(request), std::move(handlers));
    while (!end && !is_refused) {
        if (step_() || end) continue;
        transport_.cancel(exchange);
        return Error{ErrorCode::closed, "interrupted"};
    }
    if (is_refused) {
        if (!end) transport_.cancel(exchange);
        return Error{ErrorCode::io, "the answer cannot be written"};
    }
    if (!*end) return end->error();
    return response;
}

}  // namespace expplat::admin
