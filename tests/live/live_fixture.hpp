// Shared by the tests of the live client: a ruleset whose answer says its version, waiting for what must come.
//
// Time here is real and bounded: a test waits for what it expects, and fails where it does not come.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>

#include "tests/client/client_fixture.hpp"
#include "tests/support/reference_server.hpp"

namespace expplat::tests {

using namespace std::chrono_literals;

/// True as soon as `holds` does, looked at every few milliseconds; false where `timeout` passes first.
template <class Holds>
bool eventually(Holds&& holds, std::chrono::milliseconds timeout = 10s) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (!holds()) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

/// The patch from version `base` to `version` of the flag `version` of `ruleset_text`.
inline std::string patch_text(std::uint64_t base, std::uint64_t version) {
    return R"({"base":)" + std::to_string(base) + R"(,"version":)" + std::to_string(version) +
           R"(,"set":{"flags":{"version":{"type":"integer","variants":{"v":)" + std::to_string(version) +
           R"(},"off":"v","default":"v"}}}})";
}

class Live : public ::testing::Test {
protected:
    [[nodiscard]] static Config config_of(const ReferenceServer& server) {
        Config config;
        config.source = Source::server(server.url(), "sdk-test");
        config.batch_age_ms = 20;
        return config;
    }
    [[nodiscard]] static std::int64_t version_seen(const Client& client) {
        return client.integer("version", User("u"), -1);
    }
    [[nodiscard]] static bool follows_to(const Client& client, std::int64_t version,
                                         std::chrono::milliseconds timeout = 10s) {
        return eventually([&] { return version_seen(client) == version; }, timeout);
    }
};

}  // namespace expplat::tests
