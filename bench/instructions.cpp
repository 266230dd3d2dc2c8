// The scenarios whose instructions `instructions.py` counts: `expplat_instructions SCENARIO COUNT`, or `--list`.
//
// No benchmark library and no clock: what runs is set-up, then COUNT operations.

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "bench/workload.hpp"
#include "expplat/expplat.hpp"
#include "src/ruleset/workspace.hpp"

namespace expplat::bench {
namespace {

/// What was computed is added up and printed, so that no compiler leaves it out.
std::size_t checksum = 0;

Client open_client(bool exposures, std::size_t flags) {
    Config config;
    config.source = Source::text(ruleset_json(flags, exposures));
    if (exposures) {
        config.batch_age_ms = 3'600'000;  // the loop sleeps through the measurement
        config.sink = Sink::custom([](std::span<const exposure::Event> batch) {
            return exposure::Delivery{.acknowledged = batch.size(), .rejected = 0, .message = {}};
        });
    }
    return std::move(Client::open(std::move(config))).value();
}

void by_key(long count) {
    const Client client = open_client(false, 1'000);
    const User user = predictable_user(7);
    const std::string key = flag_key(500);
    for (long i = 0; i < count; ++i) checksum += client.variant(key, user).key().size();
}

void by_handle(long count) {
    const Client client = open_client(false, 1'000);
    const User user = predictable_user(7);
    const Client::Handle handle = client.handle(flag_key(500));
    for (long i = 0; i < count; ++i) checksum += handle.variant(user).key().size();
}

void random_by_key(long count) {
    const Client client = open_client(false, 1'000);
    const std::vector<User> users = random_users(256);
    std::vector<std::string> keys;
    for (const std::size_t flag : random_flags(256, 1'000)) keys.push_back(flag_key(flag));
    for (long i = 0; i < count; ++i) {
        const auto at = static_cast<std::size_t>(i) & 255;
        checksum += client.variant(keys[at], users[at]).key().size();
    }
}

void exposure_deduplicated(long count) {
    const Client client = open_client(true, 100);
    const User user = predictable_user(7);
    const Client::Handle handle = client.handle(flag_key(50));
    for (long i = 0; i < count; ++i) checksum += handle.variant(user).key().size();
}

void user_of_six_attributes(long count) {
    for (long i = 0; i < count; ++i) {
        const User user("user-42", {{"country", "DE"},
                                    {"plan", "pro"},
                                    {"app_version", "4.3.2"},
                                    {"email", "person@example.com"},
                                    {"level", 31},
                                    {"beta", true}});
        checksum += user.key().size();
    }
}

struct Scenario {
    std::string_view name;
    void (*run)(long count);
};

constexpr Scenario scenarios[] = {
    {"variant_by_key", &by_key},
    {"variant_by_handle", &by_handle},
    {"variant_by_key_random_256_users", &random_by_key},
    {"exposure_deduplicated", &exposure_deduplicated},
    {"user_of_six_attributes", &user_of_six_attributes},
};

int run(int count, char** words) {
    if (count == 2 && std::string_view(words[1]) == "--list") {
        for (const Scenario& scenario : scenarios) std::printf("%s\n", scenario.name.data());
        return 0;
    }
    for (const Scenario& scenario : scenarios) {
        if (count != 3 || scenario.name != words[1]) continue;
        scenario.run(std::atol(words[2]));
        std::printf("%zu\n", checksum);
        return 0;
    }
    std::fprintf(stderr, "usage: expplat_instructions SCENARIO COUNT | --list\n");
    return 2;
}

}  // namespace
}  // namespace expplat::bench

int main(int count, char** words) { return expplat::bench::run(count, words); }
