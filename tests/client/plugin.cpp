// A shared object that carries the library inside it, as a game's module or an interpreter's extension does. Loaded and
// unloaded by `plugin_test.cpp` and `live/unloading_test.cpp`; not linked to anything.
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "expplat/expplat.hpp"

namespace {

/// Reads from a few threads that end, while rulesets are replaced. The most images that were ever alive; 0 on an error.
std::uint64_t run(const char* path, const char* events) {
    expplat::Config config;
    config.source = expplat::Source::file(path, 1);  // the watch gives it a thread of its own
    config.sink = expplat::Sink::file(events);
    expplat::Result<expplat::Client> client = expplat::Client::open(config);
    if (!client) return 0;
    std::uint64_t most = 0;
    for (int round = 0; round < 20; ++round) {
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&client, i] {
                const expplat::User user("u" + std::to_string(i));
                for (int call = 0; call < 100; ++call) (void)client->variant("exp", user);
            });
        }
        if (!client->reload()) most = 1'000;
        for (std::thread& thread : threads) thread.join();
        const std::uint64_t live = client->stats().live_images;
        most = live > most ? live : most;
    }
    return client->flush(std::chrono::seconds(10)) ? most : 0;
}

/// A client that follows a server with its thread, sends there, and keeps a cache.
expplat::Client* follow(const char* url, const char* cache) {
    expplat::Config config;
    config.source = expplat::Source::server(url, "sdk-test");
    config.sink = expplat::Sink::http();
    config.cache = cache;
    config.batch_age_ms = 10;
    expplat::Result<expplat::Client> client = expplat::Client::open(config);
    return client ? new expplat::Client(std::move(*client)) : nullptr;
}

}  // namespace

extern "C" std::uint64_t expplat_plugin_run(const char* path, const char* events) {
    return run(path, events);
}

// One client from open to close, which threads may end between.
extern "C" void* expplat_plugin_open(const char* url, const char* cache) { return follow(url, cache); }
/// The ruleset's version, as the user is told it; records an exposure.
extern "C" std::int64_t expplat_plugin_use(void* opened, const char* key) {
    const auto* const client = static_cast<const expplat::Client*>(opened);
    const expplat::User user(key);
    (void)client->variant("exp", user);
    return client->integer("version", user, -1);
}
/// How many events the server has acknowledged.
extern "C" std::uint64_t expplat_plugin_close(void* opened) {
    auto* const client = static_cast<expplat::Client*>(opened);
    (void)client->flush(std::chrono::seconds(10));
    client->close();
    const std::uint64_t acknowledged = client->stats().acknowledged;
    delete client;
    return acknowledged;
}
