#include "server/http/access_log.hpp"

#include <algorithm>
#include <string_view>

#include "expplat/base/json_text.hpp"

namespace expplat::server::http {
namespace {

constexpr std::size_t path_bytes_logged = 1'024;

void member(std::string& line, std::string_view name, std::string_view text) {
    line += ",\"";
    line += name;
    line += "\":";
    append_json_string(line, text);
}

/// Bytes of the target are ASCII: the listener refuses others.
[[nodiscard]] std::string_view path_of(const Request& request) noexcept {
    const std::string_view target = request.target;
    return target.substr(0, std::min(target.find_first_of("?#"), path_bytes_logged));
}

}  // namespace

std::string access_line(const Finished& finished, std::int64_t unix_ms) {
    std::string line = "{\"time\":" + std::to_string(unix_ms) + ",\"log\":\"access\"";
    member(line, "remote", finished.remote);
    if (finished.request != nullptr) {
        const Request& request = *finished.request;
        member(line, "method", request.method);
        member(line, "path", path_of(request));
        if (!request.query.empty()) {
            line += ",\"query\":[";
            for (const auto& [name, value] : request.query) {
                if (line.back() != '[') line += ',';
                append_json_string(line, name);
            }
            line += ']';
        }
        if (!request.pattern.empty()) member(line, "route", request.pattern);
        member(line, "request", request.id);
        if (request.trace) member(line, "trace", request.trace->trace_id);
    }
    line += ",\"status\":" + std::to_string(finished.status);
    line += ",\"bytes\":" + std::to_string(finished.body_bytes);
    line += ",\"us\":" + std::to_string(finished.took.count());
    if (finished.stream) line += ",\"stream\":true";
    return line + '}';
}

}  // namespace expplat::server::http
