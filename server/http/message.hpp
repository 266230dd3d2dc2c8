// `Request` and `Response`: what a handler is asked and what it answers, in HTTP's words and no others.
//
// Made by the listener (`listener.hpp`), looked at and filled by routes (`router.hpp`). Plain values; a request is read by
// one handler at a time, a response's body may be shared by any number of connections. Source: RFC 9110.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/http/trace_context.hpp"

namespace expplat::server::http {

/// A body or a piece of one that many connections send at once.
using SharedText = std::shared_ptr<const std::string>;

/// Fields in the order they came; names are compared without case.
class Headers {
public:
    /// The first of that name, without the white space around it; empty where there is none.
    [[nodiscard]] std::string_view find(std::string_view name) const noexcept;
    [[nodiscard]] bool contains(std::string_view name) const noexcept;
    /// All of that name, joined by `, `, as lists are read.
    [[nodiscard]] std::string all(std::string_view name) const;
    void add(std::string name, std::string value);
    /// In place of all of that name.
    void set(std::string name, std::string value);
    void remove(std::string_view name);
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& fields() const noexcept {
        return fields_;
    }

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

struct Request {
    std::string method;                 // as it came: methods have case
    std::string target;                 // as it came, `/a%20b?c=d`
    std::vector<std::string> segments;  // of the path, decoded: `a b`; none is empty, `.` or `..`
    std::vector<std::pair<std::string, std::string>> query;  // decoded, in order, names may repeat
    Headers headers;
    std::string body;     // inflated where it came compressed
    std::string remote;   // the client's address, without port: the peer's, or what a trusted proxy says
    bool secure = false;  // over TLS
    std::string id;       // `X-Request-Id`, taken over or made
    std::optional<TraceContext> trace;  // what `traceparent` says; nothing where it says nothing good
    std::string_view
        pattern;  // of the route that was found, for logs and counts; empty before, and where there is none
    std::vector<std::pair<std::string_view, std::string>> parameters;  // of that route's path
    std::chrono::steady_clock::time_point received;

    /// The route's parameter of that name; empty where there is none.
    [[nodiscard]] std::string_view parameter(std::string_view name) const noexcept;
    /// The first query parameter of that name.
    [[nodiscard]] std::optional<std::string_view> query_value(std::string_view name) const noexcept;
};

struct Response {
    unsigned status = 200;
    Headers headers;
    SharedText body;  // null: none
    SharedText
        body_gzip;  // the same, compressed beforehand: sent to who accepts it; null: compressed on the way if it is worth it

    [[nodiscard]] static Response text(unsigned status, std::string content_type, std::string body);
    [[nodiscard]] static Response json(unsigned status, std::string body) {
        return text(status, "application/json", std::move(body));
    }
};

/// The words of a status, `Not Found`; empty where it is none that this server gives.
[[nodiscard]] std::string_view reason_phrase(unsigned status) noexcept;

}  // namespace expplat::server::http
