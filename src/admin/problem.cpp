#include "src/admin/problem.hpp"

#include <algorithm>

#include "src/ruleset/json.hpp"

namespace expplat::admin {

namespace {

using ruleset::Node;
using ruleset::NodeKind;

constexpr std::string_view problem_types = "/problems/";
constexpr std::size_t named_places = 50;

ErrorCode code_of(int status) noexcept {
    switch (status) {
        case 401:
        case 403: return ErrorCode::unauthorized;
        case 404: return ErrorCode::not_found;
        case 412: return ErrorCode::not_ready;
        case 413: return ErrorCode::too_large;
        case 429: return ErrorCode::network;
        default: return status >= 500 ? ErrorCode::network : ErrorCode::invalid_argument;
    }
}

/// A server's words on a terminal: without what would move its cursor.
std::string shown(std::string_view text) {
    std::string out(text);
    std::replace_if(
        out.begin(), out.end(),
        [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7F; }, '?');
    return out;
}

}  // namespace

Problem problem_of(const net::Response& response) {
    Problem problem;
    problem.status = response.head.status;
    const Result<ruleset::Document> document = ruleset::parse_json(response.body);
    if (document && document->root().kind() == NodeKind::object) {
        const Node& root = document->root();
        problem.type = text_of(root, "type");
        if (problem.type.starts_with(problem_types)) problem.type.erase(0, problem_types.size());
        problem.detail = text_of(root, "detail");
        if (problem.detail.empty()) problem.detail = text_of(root, "title");
        if (const Node* const errors = root.find("errors")) {
            for (const Node& place : errors->items())
                problem.places.push_back({text_of(place, "pointer"), text_of(place, "detail")});
        }
    }
    if (problem.detail.empty()) {
        problem.detail = "the server answers " + std::to_string(problem.status);
        if (problem.status / 100 == 3)
            problem.detail += ", to another URL: " + std::string(response.head.find("Location"));
    }
    return problem;
}

Error error_of(const Problem& problem) {
    std::string message = shown(problem.detail);
    if (problem.status == 412) message += "\n  somebody changed it in the meantime: look at it again";
    if (problem.type == "approval-required")
        message +=
            "\n  ask for it with a change request, which somebody else approves:"
            "\n  POST /api/v1/projects/PROJECT/change-requests (README.md, \"Running the server\")";
    if (problem.status == 404 && problem.type.empty()) message += " (no expplat server at this URL)";
    for (std::size_t i = 0; i < problem.places.size() && i < named_places; ++i) {
        const Problem::Place& place = problem.places[i];
        // One that the detail begins with is said already.
        if (problem.places.size() == 1 && problem.detail == place.pointer + ": " + place.detail) break;
        message += "\n  " + (place.pointer.empty() ? std::string() : shown(place.pointer) + ": ") +
                   shown(place.detail);
    }
    if (problem.places.size() > named_places)
        message += "\n  and " + std::to_string(problem.places.size() - named_places) + " more";
    return {code_of(problem.status), std::move(message)};
}

}  // namespace expplat::admin
