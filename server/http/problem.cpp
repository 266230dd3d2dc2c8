#include "server/http/problem.hpp"

#include "expplat/base/json_text.hpp"

namespace expplat::server::http {

Response Problem::response() const {
    std::string body = R"({"type":)";
    append_json_string(body, type.empty() ? std::string("about:blank") : std::string(problem_types) + type);
    body += R"(,"title":)";
    append_json_string(body, reason_phrase(status));
    body += R"(,"status":)" + std::to_string(status);
    if (!detail.empty()) {
        body += R"(,"detail":)";
        append_json_string(body, detail);
    }
    if (!faults.empty()) {
        body += R"(,"errors":[)";
        for (const Fault& fault : faults) {
            body += &fault == faults.data() ? R"({"pointer":)" : R"(,{"pointer":)";
            append_json_string(body, fault.pointer);
            body += R"(,"detail":)";
            append_json_string(body, fault.detail);
            body += '}';
        }
        body += ']';
    }
    body += "}\n";
    Response response = Response::text(status, "application/problem+json", std::move(body));
    if (retry_after_s > 0) response.headers.set("Retry-After", std::to_string(retry_after_s));
    if (status == 401) response.headers.set("WWW-Authenticate", "Bearer");
    return response;
}

}  // namespace expplat::server::http
