// expplat_bench_live: whole clients against servers on loopback, for `live.py`, which starts the servers and judges.
//
//     expplat_bench_live http EVENTS                             exposures to an intake of its own
//     expplat_bench_live kinesis URL STREAM AGGREGATE EVENTS     exposures to a Kinesis
//     expplat_bench_live ruleset FLAGS                           the ruleset as JSON
//     expplat_bench_live follow URL KEY                          asks one flag as fast as it can until its input ends
//
// The first two print one JSON object. `follow` prints `VERSION NANOSECONDS CPU_NANOSECONDS IMAGE_BYTES IMAGES` for the first
// ruleset and at the first answer under each later one: CLOCK_MONOTONIC's, which Python's `time.monotonic_ns` reads too; those
// that the client's own thread has used until then; the image's size; and how many images are alive.
#include <dirent.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "bench/live_intake.hpp"
#include "bench/workload.hpp"
#include "expplat/expplat.hpp"

namespace expplat::bench {

namespace {

constexpr std::size_t flags_of_events = 1'000;
constexpr std::size_t users_of_events = 1'000;

int fail(std::string_view what) {
    std::fprintf(stderr, "expplat_bench_live: %.*s\n", static_cast<int>(what.size()), what.data());
    return 1;
}

std::int64_t nanoseconds(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
}

/// The threads of this process, by the kernel's number.
std::set<int> threads() {
    std::set<int> found;
    DIR* const folder = ::opendir("/proc/self/task");
    while (const dirent* const entry = ::readdir(folder)) {
        if (const int thread = std::atoi(entry->d_name); thread > 0) found.insert(thread);
    }
    ::closedir(folder);
    return found;
}

/// The CPU time of another thread of this process: the clock that pthread_getcpuclockid gives, without a pthread_t
/// (Linux, include/linux/posix-timers.h).
std::int64_t cpu_ns(int thread) { return nanoseconds(static_cast<clockid_t>(~thread) * 8 + 6); }

/// A client, and the CPU time of the threads that it has started.
struct Watched {
    Client client;
    std::vector<int> threads;

    [[nodiscard]] std::int64_t cpu() const {
        std::int64_t sum = 0;
        for (const int thread : threads) sum += cpu_ns(thread);
        return sum;
    }
};

Result<Watched> open_watched(Config config) {
    const std::set<int> before = threads();
    Result<Client> client = Client::open(std::move(config));
    if (!client) return client.error();
    Watched watched{std::move(client).value(), {}};
    for (const int thread : threads()) {
        if (!before.contains(thread)) watched.threads.push_back(thread);
    }
    return watched;
}

void log_trouble(LogLevel level, std::string_view line) {
    if (level >= LogLevel::warning) fail(line);
}

/// Records exposures no faster than they leave, so that none is dropped, and prints the books.
int send_events(Sink sink, std::uint64_t events) {
    Config config;
    config.source = Source::text(ruleset_json(flags_of_events, true));
    config.sink = std::move(sink);
    config.project = "bench";
    config.dedupe_window_ms = 0;
    config.logger = log_trouble;
    const Result<Watched> watched = open_watched(std::move(config));
    if (!watched) return fail(watched.error().message);
    const Client& client = watched->client;
    std::vector<User> users;
    for (std::size_t i = 0; i < users_of_events; ++i) users.push_back(predictable_user(i));
    std::vector<Client::Handle> handles;
    for (std::size_t i = 0; i < flags_of_events; ++i) handles.push_back(client.handle(flag_key(i)));

    const std::int64_t cpu_before = watched->cpu();
    const std::int64_t start = nanoseconds(CLOCK_MONOTONIC);
    constexpr std::uint64_t burst = 250;
    for (std::uint64_t event = 0; event < events; ++event) {
        if (event % burst == 0) {
            while (client.stats().in_flight + burst > limits::queue_events * 9 / 10)
                std::this_thread::sleep_for(std::chrono::microseconds(200));
        }
        static_cast<void>(
            handles[event / users_of_events % flags_of_events].variant(users[event % users_of_events]));
    }
    const bool flushed = client.flush(std::chrono::seconds(60));
    const std::int64_t took = nanoseconds(CLOCK_MONOTONIC) - start;
    const std::int64_t cpu = watched->cpu() - cpu_before;
    const Stats stats = client.stats();
    if (!flushed) return fail("not everything was delivered within a minute");
    std::printf(R"({"recorded":%)" PRIu64 R"(,"acknowledged":%)" PRIu64 R"(,"dropped":%)" PRIu64
                R"(,"failed_deliveries":%)" PRIu64 R"(,"batches":%)" PRIu64
                R"(,"seconds":%.6f,"cpu_seconds":%.6f})"
                "\n",
                stats.recorded, stats.acknowledged, stats.dropped_queue_full, stats.failed_deliveries,
                stats.batches, static_cast<double>(took) / 1e9, static_cast<double>(cpu) / 1e9);
    return 0;
}

int send_to_intake(std::uint64_t events) {
    const Intake intake;
    if (intake.url().empty()) return fail("no port for the intake");
    const int status = send_events(Sink::http({.url = intake.url(), .key = "sdk-bench"}), events);
    return intake.accepted() == events ? status : fail("the intake has not got every event once");
}

int send_to_kinesis(const char* url, const char* stream, bool aggregate, std::uint64_t events) {
    KinesisSettings settings{.stream = stream};
    settings.region = "us-east-1";
    settings.endpoint_url = url;
    settings.access_key_id = "bench";
    settings.secret_access_key = "bench";
    settings.aggregate = aggregate;
    return send_events(Sink::kinesis(std::move(settings)), events);
}

int follow(const char* url, const char* key) {
    Config config;
    config.source = Source::server(url, key);
    config.logger = log_trouble;
    const Result<Watched> watched = open_watched(std::move(config));
    if (!watched) return fail(watched.error().message);
    const Client& client = watched->client;
    if (!client.wait_ready(std::chrono::seconds(20))) return fail("no ruleset came");
    std::atomic<bool> ending{false};
    std::thread input([&ending] {
        while (std::cin.get() != std::char_traits<char>::eof()) {}
        ending = true;
    });
    const User user = predictable_user(7);
    const Client::Handle handle = client.handle(flag_key(0));
    std::uint64_t version = 0;
    while (!ending.load(std::memory_order_relaxed)) {
        const std::uint64_t now = handle.variant(user).ruleset_version();
        if (now == version) continue;
        const std::int64_t seen = nanoseconds(CLOCK_MONOTONIC);
        const std::int64_t cpu = watched->cpu();
        version = now;
        const Stats stats = client.stats();
        std::printf("%" PRIu64 " %" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu64 "\n", version, seen, cpu,
                    stats.image_bytes, stats.live_images);
        std::fflush(stdout);
    }
    input.join();
    return 0;
}

int run(const std::vector<std::string>& words) {
    const std::string mode = words.empty() ? "" : words[0];
    const auto number = [](const std::string& word) { return std::strtoull(word.c_str(), nullptr, 10); };
    if (mode == "http" && words.size() == 2) return send_to_intake(number(words[1]));
    if (mode == "kinesis" && words.size() == 5)
        return send_to_kinesis(words[1].c_str(), words[2].c_str(), words[3] == "1", number(words[4]));
    if (mode == "ruleset" && words.size() == 2)
        return std::puts(ruleset_json(number(words[1]), false).c_str()) < 0;
    if (mode == "follow" && words.size() == 3) return follow(words[1].c_str(), words[2].c_str());
    return fail("the head of live.cpp says how it is called");
}

}  // namespace

}  // namespace expplat::bench

int main(int count, char** words) { return expplat::bench::run({words + 1, words + count}); }
