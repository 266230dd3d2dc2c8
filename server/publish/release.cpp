#include "server/publish/release.hpp"

#include "expplat/base/json_text.hpp"

namespace expplat::server::publish {

std::string stream_event(std::string_view name, std::uint64_t version, std::string_view data) {
    std::string event = "id: " + std::to_string(version) + "\nevent: ";
    event += name;
    event += "\ndata: ";
    event += data;
    event += "\n\n";
    return event;
}

std::string change_event(std::uint64_t version, std::string_view etag) {
    std::string data = R"({"type":"refetchEvaluation","etag":)";
    append_json_string(data, etag);
    data += R"(,"lastModified":)" + std::to_string(version / 1'000) + '}';  // versions are Unix milliseconds
    return stream_event("message", version, data);
}

}  // namespace expplat::server::publish
