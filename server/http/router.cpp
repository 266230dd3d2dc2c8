#include "server/http/router.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

#include "server/http/problem.hpp"

namespace expplat::server::http {

/// One segment of the patterns; the root is the empty path.
struct Router::Node {
    struct Named {
        std::string name;
        std::unique_ptr<Node> node;
    };
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::vector<Named> named;  // one for each name that a pattern gives this place
    std::string pattern;       // of the routes that end here
    std::map<std::string, Handler, std::less<>> handlers;  // by method
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;
Router::~Router() = default;

void Router::add(std::string_view method, std::string_view pattern, Handler handler) {
    const auto refuse = [&](const char* why) {
        throw std::logic_error(std::string(method) + ' ' + std::string(pattern) + ": " + why);
    };
    if (!pattern.starts_with('/')) refuse("a pattern begins with /");
    Node* node = root_.get();
    for (std::string_view rest = pattern.substr(1); !rest.empty();) {
        const std::size_t end = std::min(rest.find('/'), rest.size());
        const std::string_view segment = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (segment.empty()) refuse("an empty segment");
        if (segment.front() != '{') {
            std::unique_ptr<Node>& next = node->literals[std::string(segment)];
            if (next == nullptr) next = std::make_unique<Node>();
            node = next.get();
            continue;
        }
        if (segment.size() < 3 || segment.back() != '}') refuse("a name is {name}");
        const std::string_view name = segment.substr(1, segment.size() - 2);
        const auto known = std::find_if(node->named.begin(), node->named.end(),
                                        [&](const Node::Named& named) { return named.name == name; });
        if (known != node->named.end()) {
            node = known->node.get();
        } else {
            node->named.push_back({std::string(name), std::make_unique<Node>()});
            node = node->named.back().node.get();
        }
    }
    node->pattern = pattern;
    if (!node->handlers.emplace(method, std::move(handler)).second) refuse("is there already");
}

namespace {

/// Depth first, literals before names. Bounded by the patterns' depth, which is fixed.
template <class Node>
const Node* find(const Node& node, const std::vector<std::string>& segments, std::size_t at,
                 std::vector<std::pair<std::string_view, std::string>>& parameters) {
    if (at == segments.size()) return node.handlers.empty() ? nullptr : &node;
    if (const auto literal = node.literals.find(segments[at]); literal != node.literals.end()) {
        if (const Node* const found = find(*literal->second, segments, at + 1, parameters)) return found;
    }
    for (const auto& named : node.named) {
        parameters.emplace_back(named.name, segments[at]);
        if (const Node* const found = find(*named.node, segments, at + 1, parameters)) return found;
        parameters.pop_back();
    }
    return nullptr;
}

template <class Node>
void list(const Node& node, std::vector<std::string>& routes) {
    for (const auto& [method, handler] : node.handlers) routes.push_back(method + ' ' + node.pattern);
    for (const auto& [text, next] : node.literals) list(*next, routes);
    for (const auto& named : node.named) list(*named.node, routes);
}

}  // namespace

Router::Match Router::match(Request& request) const {
    Match match;
    request.parameters.clear();
    const Node* const node = find(*root_, request.segments, 0, request.parameters);
    if (node == nullptr) return match;
    request.pattern = node->pattern;
    for (const auto& [method, handler] : node->handlers) match.allowed.push_back(method);
    const bool gets = node->handlers.contains("GET");
    if (gets && !node->handlers.contains("HEAD")) match.allowed.push_back("HEAD");
    if (!node->handlers.contains("OPTIONS")) match.allowed.push_back("OPTIONS");
    auto handler = node->handlers.find(request.method);
    if (handler == node->handlers.end() && request.method == "HEAD") handler = node->handlers.find("GET");
    if (handler != node->handlers.end()) match.handler = &handler->second;
    return match;
}

void Router::operator()(std::shared_ptr<Request> request, Responder responder) const {
    const Match found = match(*request);
    if (found.handler != nullptr) {
        (*found.handler)(std::move(request), std::move(responder));
        return;
    }
    if (found.allowed.empty()) {
        responder.send(Problem{.status = 404, .type = "not-found", .detail = "There is nothing at this path."}
                           .response());
        return;
    }
    std::string allowed;
    for (const std::string_view method : found.allowed) {
        if (!allowed.empty()) allowed += ", ";
        allowed += method;
    }
    Response response;
    response.status = 204;
    if (request->method != "OPTIONS") {
        response =
            Problem{.status = 405, .type = "method-not-allowed", .detail = "This path takes " + allowed + '.'}
                .response();
    }
    response.headers.set("Allow", std::move(allowed));
    responder.send(std::move(response));
}

std::vector<std::string> Router::routes() const {
    std::vector<std::string> routes;
    list(*root_, routes);
    std::sort(routes.begin(), routes.end());
    return routes;
}

}  // namespace expplat::server::http
