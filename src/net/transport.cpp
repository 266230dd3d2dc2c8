#include "src/net/transport.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace expplat::net {

namespace {

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool same_name(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::string_view Head::find(std::string_view name) const noexcept {
    for (const Header& header : headers) {
        if (same_name(header.name, name)) return header.value;
    }
    return {};
}

ExchangeId fetch(Transport& transport, Request request, std::function<void(Result<Response>)> done) {
    const auto response = std::make_shared<Response>();
    Handlers handlers;
    handlers.head = [response](const Head& head) { response->head = head; };
    handlers.body = [response](std::string_view bytes) { response->body += bytes; };
    handlers.end = [response, done = std::move(done)](const Result<void>& end) {
        if (end) done(std::move(*response));
        else done(end.error());
    };
    return transport.start(std::move(request), std::move(handlers));
}

}  // namespace expplat::net
