// `Router`: which handler a request is for, by its method and path.
//
// Filled once by the program's root, then only read: safe from many threads. Patterns are paths with named segments,
// `/api/v1/flags/{key}`; a literal goes before a name. What no route takes is answered here: 404, 405 with `Allow`, and the
// usual answers to OPTIONS. HEAD is answered as GET; the listener leaves the body out.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/listener.hpp"

namespace expplat::server::http {

class Router {
public:
    Router();
    Router(Router&&) noexcept;
    Router& operator=(Router&&) noexcept;
    ~Router();

    /// Aborts the program's start (`std::logic_error`) where the route is there already or the pattern is no path: that is a
    /// mistake of its author.
    void add(std::string_view method, std::string_view pattern, Handler handler);

    /// The request's route with its parameters noted, and its handler; or the answer that there is none.
    void operator()(std::shared_ptr<Request> request, Responder responder) const;

    struct Match {
        const Handler* handler = nullptr;       // null: no such method, or no such path
        std::vector<std::string_view> allowed;  // the methods of the path; empty: no such path
    };
    /// Fills `pattern` and `parameters` of the request where the path is known.
    [[nodiscard]] Match match(Request& request) const;

    /// `METHOD /pattern` of every route, sorted.
    [[nodiscard]] std::vector<std::string> routes() const;

private:
    struct Node;
    std::unique_ptr<Node> root_;
};

}  // namespace expplat::server::http
