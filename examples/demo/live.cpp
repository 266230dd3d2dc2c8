// expplat_demo_live: a program that follows a server's ruleset and sends its exposures to a stream. live.py runs it.
//
//     expplat_demo_live SERVER_URL SDK_KEY KINESIS_URL STREAM COUNTS_FILE
//
// One thread asks one experiment for the same users, over and over and as fast as it can, until a second after somebody
// has changed the experiment on the server. Nobody tells the program of the change: it stops asking first, and then reads
// from standard input when the change was posted (Unix microseconds). COUNTS_FILE gets what must be in the stream.
#include <expplat/expplat.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "examples/demo/page.hpp"

namespace demo {

namespace {

using expplat::Client;

constexpr std::size_t users = 4'000;
constexpr std::int64_t patience_us = 20'000'000;     // until the change comes
constexpr std::int64_t asked_on_for_us = 1'000'000;  // after it has come
constexpr const char* experiment = "checkout-cta";

enum Side : unsigned char { outside, control, green };
using Sides = std::vector<Side>;  // by user: what they got last

/// The clock that live.py reads too.
std::int64_t now_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

Side side_of(const expplat::Variant& answer) {
    if (!answer.exposure()) return outside;
    return answer == "green" ? green : control;
}

std::uint64_t count(const Sides& sides, Side side) {
    return static_cast<std::uint64_t>(std::count(sides.begin(), sides.end(), side));
}

std::string milliseconds(std::int64_t us) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f ms", static_cast<double>(us) / 1e3);
    return text.data();
}

/// Says it in green or, where it is not so, in red.
std::string verdict(bool right, const char* yes, const char* no) {
    return right ? inked(Ink::green, yes) : inked(Ink::red, no);
}

expplat::Config configure(char** words, std::atomic<std::int64_t>& told_us) {
    expplat::KinesisSettings kinesis;
    kinesis.stream = words[4];
    kinesis.region = "us-east-1";
    kinesis.endpoint_url = words[3];
    kinesis.access_key_id = "demo";
    kinesis.secret_access_key = "demo";
    kinesis.aggregate = false;  // a record an event, which anybody can read

    expplat::Config config;
    config.source = expplat::Source::server(words[1], words[2]);
    config.sink = expplat::Sink::kinesis(std::move(kinesis));
    config.project = "demo";
    config.on_ruleset = [&told_us](const expplat::RulesetChange& change) {
        if (!change.everything) told_us = now_us();
    };
    config.logger = [](expplat::LogLevel level, std::string_view line) {
        if (level >= expplat::LogLevel::warning)
            std::fprintf(stderr, "expplat_demo_live: %.*s\n", static_cast<int>(line.size()), line.data());
    };
    return config;
}

// ---- 7: follow ----

struct Watch {
    Sides before{Sides(users, outside)};
    Sides after{Sides(users, outside)};
    std::uint64_t version_before = 0;
    std::uint64_t version_after = 0;
    std::int64_t first_us = 0;  // the first answer under the new version; 0: none came
    std::uint64_t asked = 0;
    std::uint64_t exposures = 0;
    double seconds = 0;
};

Watch ask_until_it_changed(const Client& client) {
    std::vector<expplat::User> people;
    for (std::size_t i = 0; i < users; ++i)
        people.push_back(expplat::User("user-" + std::to_string(i), {{"country", "DE"}}));
    const Client::Handle handle = client.handle(experiment);
    Watch watch;
    watch.version_before = client.status().ruleset_version;
    const std::int64_t start = now_us();
    for (std::int64_t now = start, end = start + patience_us; now < end; now = now_us()) {
        for (std::size_t i = 0; i < users; ++i) {
            const expplat::Variant answer = handle.variant(people[i]);
            const bool changed = answer.ruleset_version() != watch.version_before;
            if (changed && watch.first_us == 0) {
                watch.first_us = now_us();
                watch.version_after = answer.ruleset_version();
                end = watch.first_us + asked_on_for_us;
            }
            (changed ? watch.after : watch.before)[i] = side_of(answer);
            watch.exposures += answer.exposure();
        }
        watch.asked += users;
    }
    watch.seconds = static_cast<double>(now_us() - start) / 1e6;
    return watch;
}

void print_shares(const Watch& watch) {
    std::printf("     %s\n",
                inked(Ink::dim, "                before                            after").c_str());
    constexpr std::array names = {"not in it", "control", "green"};
    for (const Side side : {control, green, outside}) {
        std::printf("     %-12s", names[side]);
        for (const Sides* const sides : {&watch.before, &watch.after}) {
            const std::uint64_t landed = count(*sides, side);
            const double share = static_cast<double>(landed) / users;
            std::printf("    %s %6s %5.1f %%", inked(Ink::green, bar(share, 14)).c_str(),
                        grouped(landed).c_str(), share * 100);
        }
        std::printf("\n");
    }
}

bool follow(const Client& client, std::int64_t told_us, const Watch& watch, std::int64_t posted_us) {
    bool kept = true;
    for (std::size_t i = 0; i < users; ++i)
        kept = kept && (watch.before[i] == outside || watch.before[i] == watch.after[i]);
    const expplat::Stats stats = client.stats();
    const bool streamed = stats.stream_connections == 1 && stats.rulesets_adopted == 2;
    const bool after = posted_us > 0 && told_us >= posted_us && watch.first_us >= posted_us;

    print_shares(watch);
    std::printf(
        "\n  %s answers on one thread in %.1f s; version %" PRIu64 " became %" PRIu64
        " on the way.\n  The first answer under it came %s after the change was posted to the server (the"
        " listener was\n  told after %s), %s. Those who were in the experiment before %s.\n",
        grouped(watch.asked).c_str(), watch.seconds, watch.version_before, watch.version_after,
        inked(Ink::bold, milliseconds(watch.first_us - posted_us)).c_str(),
        milliseconds(told_us - posted_us).c_str(),
        verdict(streamed, "by one stream", "NOT by one stream").c_str(),
        verdict(kept, "kept their variant", "did NOT all keep their variant").c_str());
    return kept && streamed && after && count(watch.after, outside) < count(watch.before, outside);
}

// ---- 8: the books of what was sent ----

bool settle(const Client& client, const Watch& watch, const char* counts_path) {
    const bool flushed = client.flush(std::chrono::seconds(30));
    const expplat::Stats stats = client.stats();
    const std::uint64_t lost = stats.dropped_queue_full + stats.dropped_shutdown + stats.dropped_spool;
    const std::uint64_t sum = stats.deduplicated + stats.acknowledged + stats.spooled + stats.dead_lettered +
                              lost + stats.in_flight;
    const std::uint64_t exposed = users - count(watch.after, outside);
    const bool right = flushed && stats.recorded + stats.adopted == sum &&
                       stats.recorded == watch.exposures && stats.acknowledged >= exposed;
    heading(8, "Exposures in a stream");
    std::printf(
        "  %s exposures = %s deduplicated + %s acknowledged by Kinesis\n"
        "      + %s dropped + %s dead letters + %s in flight: %s\n",
        grouped(stats.recorded).c_str(), grouped(stats.deduplicated).c_str(),
        grouped(stats.acknowledged).c_str(), grouped(lost).c_str(), grouped(stats.dead_lettered).c_str(),
        grouped(stats.in_flight).c_str(), verdict(right, "it adds up", "it does NOT add up").c_str());
    std::ofstream counts(counts_path);
    counts << "{\"acknowledged\": " << stats.acknowledged
           << ", \"failed_deliveries\": " << stats.failed_deliveries
           << ", \"before\": {\"control\": " << count(watch.before, control)
           << ", \"green\": " << count(watch.before, green) << "}"
           << ", \"variants\": {\"control\": " << count(watch.after, control)
           << ", \"green\": " << count(watch.after, green) << "}}\n";
    return right && counts.flush().good();
}

int run(char** words) {
    std::atomic<std::int64_t> told_us{0};
    const auto start = now_us();
    const expplat::Result<Client> client = Client::open(configure(words, told_us));
    if (!client) {
        std::fprintf(stderr, "expplat_demo_live: %s\n", client.error().message.c_str());
        return 1;
    }
    if (!client->wait_ready(std::chrono::seconds(10))) {
        std::fprintf(stderr, "expplat_demo_live: no ruleset: %s\n", client->status().error.c_str());
        return 1;
    }
    heading(7, "Follow a server");
    std::printf(
        "  The experiment %s of examples/quickstart.json from a server, ready in %s, for %s users:\n"
        "  started with 10 %% of them, and ramped to 80 %% while they are asked over and over\n\n",
        experiment, milliseconds(now_us() - start).c_str(), grouped(users).c_str());
    const Watch watch = ask_until_it_changed(*client);
    std::int64_t posted_us = 0;
    std::cin >> posted_us;
    if (watch.first_us == 0) {
        std::fprintf(stderr, "expplat_demo_live: no change came in %.0f s\n", watch.seconds);
        return 1;
    }
    const bool followed = follow(*client, told_us, watch, posted_us);
    return settle(*client, watch, words[5]) && followed ? 0 : 1;
}

}  // namespace

}  // namespace demo

int main(int word_count, char** words) {
    if (word_count != 6) {
        std::fprintf(stderr, "usage: expplat_demo_live SERVER_URL SDK_KEY KINESIS_URL STREAM COUNTS_FILE\n");
        return 2;
    }
    return demo::run(words);
}
