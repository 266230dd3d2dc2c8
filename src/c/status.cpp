// Status and counts of the C face.
#include "src/c/status.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "src/c/boundary.hpp"
#include "src/c/objects.hpp"
#include "src/client/status_json.hpp"

namespace expplat::c {

namespace {

expplat_text borrowed_text(const std::string& text) noexcept {
    return {const_cast<char*>(text.data()), text.size()};
}

/// Copies as much of `filled` as the caller's struct has room for, its `struct_size` left as it is.
template <class T>
void copy_as_far_as_known(const T& filled, T* to) noexcept {
    const size_t size = std::min(to->struct_size, sizeof(T));
    constexpr size_t begin = sizeof(to->struct_size);
    std::memcpy(reinterpret_cast<char*>(to) + begin, reinterpret_cast<const char*>(&filled) + begin,
                size - begin);
}

expplat_stats counts(const Stats& stats) noexcept {
    expplat_stats result{};
    result.recorded = stats.recorded;
    result.adopted = stats.adopted;
    result.deduplicated = stats.deduplicated;
    result.acknowledged = stats.acknowledged;
    result.spooled = stats.spooled;
    result.dead_lettered = stats.dead_lettered;
    result.dropped_queue_full = stats.dropped_queue_full;
    result.dropped_shutdown = stats.dropped_shutdown;
    result.dropped_spool = stats.dropped_spool;
    result.in_flight = stats.in_flight;
    result.batches = stats.batches;
    result.failed_deliveries = stats.failed_deliveries;
    result.ruleset_version = stats.ruleset_version;
    result.rulesets_adopted = stats.rulesets_adopted;
    result.rulesets_refused = stats.rulesets_refused;
    result.unsupported_entities = stats.unsupported_entities;
    result.live_images = stats.live_images;
    result.image_bytes = stats.image_bytes;
    result.stream_connections = stats.stream_connections;
    return result;
}
static_assert(sizeof(expplat_stats) == sizeof(size_t) + sizeof(Stats), "every count has its member");

/// What the first release of the struct had: less than that is a mistake.
constexpr size_t status_size_0 = offsetof(expplat_status, error) + sizeof(expplat_text);
constexpr size_t stats_size_0 = offsetof(expplat_stats, stream_connections) + sizeof(uint64_t);

template <class Read>
expplat_text json_of(expplat_client* client, Read&& read) noexcept {
    if (client == nullptr) return {nullptr, 0};
    return contained(expplat_text{nullptr, 0}, [&] { return owned(runtime::to_json(read(client->client))); });
}

}  // namespace

expplat_status borrowed(const Status& status) noexcept {
    expplat_status result{};
    result.struct_size = sizeof(result);
    result.state = static_cast<std::int32_t>(status.state);
    result.origin = static_cast<std::int32_t>(status.origin);
    result.following = static_cast<std::int32_t>(status.following);
    result.ruleset_version = status.ruleset_version;
    result.since_ms = status.since_ms;
    result.unsupported = status.unsupported;
    result.environment = borrowed_text(status.environment);
    result.error = borrowed_text(status.error);
    return result;
}

}  // namespace expplat::c

using namespace expplat::c;

extern "C" {

expplat_code expplat_get_status(expplat_client* client, expplat_status* status) {
    if (client == nullptr || status == nullptr || status->struct_size < status_size_0)
        return EXPPLAT_INVALID_ARGUMENT;
    return contained_code(nullptr, [&]() -> expplat_code {
        const expplat::Status now = client->client.status();
        expplat_status filled = borrowed(now);
        filled.environment = owned(now.environment);
        filled.error = owned(now.error);
        copy_as_far_as_known(filled, status);
        return EXPPLAT_OK;
    });
}

void expplat_status_free(expplat_status* status) {
    if (status == nullptr || status->struct_size < status_size_0) return;
    expplat_text_free(status->environment);
    expplat_text_free(status->error);
    status->environment = {nullptr, 0};
    status->error = {nullptr, 0};
}

expplat_code expplat_get_stats(expplat_client* client, expplat_stats* stats) {
    if (client == nullptr || stats == nullptr || stats->struct_size < stats_size_0)
        return EXPPLAT_INVALID_ARGUMENT;
    return contained_code(nullptr, [&]() -> expplat_code {
        copy_as_far_as_known(counts(client->client.stats()), stats);
        return EXPPLAT_OK;
    });
}

expplat_text expplat_status_json(expplat_client* client) {
    return json_of(client, [](const expplat::Client& asked) { return asked.status(); });
}

expplat_text expplat_stats_json(expplat_client* client) {
    return json_of(client, [](const expplat::Client& asked) { return asked.stats(); });
}

}  // extern "C"
