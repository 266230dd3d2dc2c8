#include "server/publish/release.hpp"

namespace expplat::server::publish {

std::string stream_event(std::string_view name, std::uint64_t version, std::string_view data) {
    std::string event = "id: " + std::to_string(version) + "\nevent: ";
    event += name;
    event += "\ndata: ";
    event += data;
    event += "\n\n";
    return event;
}

}  // namespace expplat::server::publish
