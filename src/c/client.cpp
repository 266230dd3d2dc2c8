// Opening, stepping and closing clients of the C face; track events.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "src/c/boundary.hpp"
#include "src/c/objects.hpp"

namespace expplat::c {
namespace {

/// A wait of a year is for ever: adding more to a clock would overflow it.
std::chrono::milliseconds timeout_of(std::int64_t milliseconds) noexcept {
    constexpr std::int64_t year_ms = std::int64_t{365} * 24 * 3'600'000;
    return std::chrono::milliseconds(std::clamp<std::int64_t>(milliseconds, 0, year_ms));
}

constexpr std::int64_t idle_ms = 1'000;  // what a poll without a client asks for

}  // namespace
}  // namespace expplat::c

using namespace expplat::c;

extern "C" {

expplat_client* expplat_open(const expplat_config* config, expplat_error** error) {
    expplat_client* client = nullptr;
    contained_code(error, [&] {
        if (config == nullptr)
            return fail(error, EXPPLAT_INVALID_ARGUMENT, "expplat_open was given no configuration");
        expplat::Result<expplat::Client> opened = expplat::Client::open(config->complete());
        if (!opened) return fail(error, opened.error());
        client = new expplat_client(std::move(*opened));
        return expplat_code{EXPPLAT_OK};
    });
    return client;
}

void expplat_close(expplat_client* client) {
    if (client == nullptr) return;
    (void)contained(false, [&] {
        client->client.close();
        return true;
    });
}

void expplat_destroy(expplat_client* client) {
    expplat_close(client);  // so that what throws in closing does not throw in the destructor
    delete client;
}

bool expplat_wait_ready(expplat_client* client, int64_t timeout_ms) {
    if (client == nullptr) return false;
    return contained(false, [&] { return client->client.wait_ready(timeout_of(timeout_ms)); });
}

expplat_code expplat_reload(expplat_client* client, expplat_error** error) {
    return contained_code(error, [&] {
        if (client == nullptr)
            return fail(error, EXPPLAT_INVALID_ARGUMENT, "expplat_reload was given no client");
        const expplat::Result<void> reloaded = client->client.reload();
        return reloaded ? expplat_code{EXPPLAT_OK} : fail(error, reloaded.error());
    });
}

bool expplat_flush(expplat_client* client, int64_t timeout_ms) {
    if (client == nullptr) return false;
    return contained(false, [&] { return client->client.flush(timeout_of(timeout_ms)); });
}

int64_t expplat_poll(expplat_client* client) {
    if (client == nullptr) return idle_ms;
    return contained(idle_ms, [&] { return client->client.poll(); });
}

int64_t expplat_poll_at(expplat_client* client, int64_t now_ns) {
    if (client == nullptr) return idle_ms;
    const std::chrono::steady_clock::time_point now{std::chrono::nanoseconds(now_ns)};
    return contained(idle_ms, [&] { return client->client.poll(now); });
}

expplat_code expplat_track(expplat_client* client, expplat_str event, const expplat_user* user,
                           const double* value, expplat_str properties) {
    if (client == nullptr || user == nullptr || view(event).empty()) return EXPPLAT_INVALID_ARGUMENT;
    client->client.track(view(event), user->user, value == nullptr ? std::nullopt : std::optional(*value),
                         view(properties));
    return EXPPLAT_OK;
}

}  // extern "C"
