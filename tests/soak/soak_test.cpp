// A client for a long while: it follows a server whose ruleset changes and whose connections break, and two threads ask and
// record. Memory and descriptors stay what they were, and the counts are exact.
//
// 30 seconds, 10 minutes where EXPPLAT_FULL is set. The load is paced, so that the test leaves most of the machine to others:
// what is looked for grows with the number of turns, changes and connections, which are printed.
#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/live/live_fixture.hpp"

namespace expplat::tests {
namespace {

/// Allocators keep pages for later, and which of them depends on chance. In 30 seconds some 75,000 events pass between the
/// two measurements: a leak of 30 bytes an event is more than this.
constexpr std::int64_t memory_growth_most = 2 << 20;
constexpr int descriptors_apart_most = 2;

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EXPPLAT_ADDRESS_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define EXPPLAT_ADDRESS_SANITIZER 1
#endif
#if defined(EXPPLAT_ADDRESS_SANITIZER)
constexpr bool keeps_what_was_freed = true;
#else
constexpr bool keeps_what_was_freed = false;
#endif

std::int64_t resident_bytes() {
    std::ifstream in("/proc/self/statm");
    std::int64_t pages = 0, resident = 0;
    in >> pages >> resident;
    return resident * ::sysconf(_SC_PAGESIZE);
}

int open_descriptors() {
    DIR* const folder = ::opendir("/proc/self/fd");
    int count = -1;  // the folder's own
    while (const dirent* const entry = ::readdir(folder)) count += entry->d_name[0] == '.' ? 0 : 1;
    ::closedir(folder);
    return count;
}

std::int64_t median(std::vector<std::int64_t> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// A ruleset of some weight; its flag `version` says which, and one flag of a hundred is another each time.
std::string heavy_ruleset(std::uint64_t version) {
    std::string text = R"({"format":"expplat.ruleset/1","environment":"test","version":)" +
                       std::to_string(version) + R"(,"flags":{"version":{"type":"integer","variants":{"v":)" +
                       std::to_string(version) + R"(},"off":"v","default":"v"})";
    for (std::uint64_t number = 0; number < 300; ++number) {
        text +=
            R"(,"flag-)" + std::to_string(number == version % 100 ? version + 1'000 : number) +
            R"(":{"type":"string","variants":{"a":"one","b":"two"},"off":"a","default":"b","rules":[{"id":"r",)"
            R"("if":{"attribute":"country","op":"in","value":["DE","FR"]},"serve":"a"}]})";
    }
    return text +
           R"(},"experiments":{"exp":{"type":"string","status":"running","variants":{"green":"g","blue":"b"},)"
           R"("split":[{"variant":"green","weight":1},{"variant":"blue","weight":1}]}}})";
}

class Soak : public Live {
protected:
    /// One of the two threads, until the end: asks, and records exposures, old and new, and track events.
    void ask(const Client& client, const std::string& name) {
        const Client::Handle handle = client.handle("exp");
        std::uint64_t calls = 0, number = 0;
        while (!ended_) {
            for (int i = 0; i < 20; ++i) {
                User user(name + std::to_string(number++ % users),
                          {{"country", number % 3 == 0 ? "DE" : "US"}});
                if (!handle.variant(user).has_value()) ++wrong_;
                ++calls;
                if (i % 5 == 0) {
                    (void)client.variant("exp", user);  // seen just now
                    ++calls;
                }
                (void)client.string("flag-7", user, "");
                if (i % 4 == 0) {
                    client.track("purchase", user, 1.5, R"({"sku": "a1"})");
                    ++calls;
                }
            }
            std::this_thread::sleep_for(10ms);  // the pace, and not a wait for anything
        }
        recorded_ += calls;
    }

    static constexpr std::uint64_t users = 5'000;
    static constexpr const char* event_faults[] = {
        R"({"on":"events","status":503})", R"({"on":"events","reset":true})",
        R"({"on":"events","close":true})", R"({"on":"events","cut":true})",
        R"({"on":"events","delay_ms":100})"};
    std::atomic<bool> ended_{false};
    std::atomic<std::uint64_t> recorded_{0}, wrong_{0};
};

TEST_F(Soak, MemoryAndDescriptorsStayFlatAndTheCountsAreExact) {
    const std::chrono::seconds duration =
        std::getenv("EXPPLAT_FULL") != nullptr ? std::chrono::seconds(600) : std::chrono::seconds(30);
    const ReferenceServer server({"--retry-every", "997", "--forget-every", "991"});
    server.post("ruleset", heavy_ruleset(1));
    const Folder folder;
    Config config = config_of(server);
    config.sink = Sink::http();
    config.cache = folder.file("ruleset.xpr");
    config.dedupe_window_ms = 1'000;  // entries are evicted and made anew all the time
    config.batch_age_ms = 50;
    const Client client = open(std::move(config));
    ASSERT_TRUE(client.wait_ready(10s));

    std::thread one([&] { ask(client, "a"); });
    std::thread two([&] { ask(client, "b"); });
    struct Join {
        std::atomic<bool>& ended;
        std::thread &one, &two;
        void now() {
            ended = true;
            if (one.joinable()) one.join();
            if (two.joinable()) two.join();
        }
        ~Join() { now(); }
    } threads{ended_, one, two};

    std::vector<std::int64_t> early, late;  // resident bytes, after the warm-up and at the end
    std::vector<int> descriptors;           // where every connection is up
    std::uint64_t version = 1, uneven = 0, sums = 0;
    const auto begin = std::chrono::steady_clock::now();
    for (std::uint64_t turn = 1;; ++turn) {
        const auto passed = std::chrono::steady_clock::now() - begin;
        if (passed >= duration) break;
        ++version;
        if (turn % 4 == 0) server.post("ruleset", heavy_ruleset(version));
        else server.post("patch", patch_text(version - 1, version));
        if (turn % 10 == 0) server.post("drop", turn % 20 == 0 ? R"({"abort":true})" : "{}");
        if (turn % 7 == 0) server.post("fault", event_faults[turn / 7 % std::size(event_faults)]);
        ASSERT_TRUE(follows_to(client, static_cast<std::int64_t>(version), 60s)) << client.status().error;
        const Stats stats = client.stats();
        uneven += accounted_for(stats) != stats.recorded ? 1 : 0;
        ++sums;
        if (passed > duration / 3 && passed < duration / 2) early.push_back(resident_bytes());
        if (passed > duration * 5 / 6) late.push_back(resident_bytes());
        if (passed > duration / 3 && server.state("streams") == 1) descriptors.push_back(open_descriptors());
        std::this_thread::sleep_for(40ms);  // the pace
    }
    threads.now();
    ASSERT_TRUE(client.flush(60s)) << server.get("state");

    const Stats stats = client.stats();
    EXPECT_EQ(wrong_, 0u);
    EXPECT_EQ(uneven, 0u);
    EXPECT_EQ(stats.recorded, recorded_);
    EXPECT_EQ(stats.recorded, stats.deduplicated + stats.acknowledged) << "and nothing else became of any";
    EXPECT_GT(stats.deduplicated, 0u);
    EXPECT_EQ(static_cast<std::uint64_t>(server.state("distinct")), stats.acknowledged);
    EXPECT_EQ(stats.rulesets_refused, 0u);
    EXPECT_LE(stats.live_images, 2u);
    EXPECT_GT(stats.stream_connections, 1u);
    EXPECT_GT(stats.failed_deliveries, 0u);

    ASSERT_FALSE(early.empty() || late.empty() || descriptors.empty());
    const std::int64_t growth = median(late) - median(early);
    if (keeps_what_was_freed) std::cout << "memory is not judged: AddressSanitizer keeps what was freed\n";
    else EXPECT_LT(growth, memory_growth_most) << "from " << median(early) << " bytes";
    // The middle half: a moment when a connection is being replaced is not what stays open.
    std::sort(descriptors.begin(), descriptors.end());
    const std::size_t quarter = descriptors.size() / 4;
    EXPECT_LE(descriptors[descriptors.size() - 1 - quarter] - descriptors[quarter], descriptors_apart_most);
    std::cout << version << " rulesets over " << stats.stream_connections << " streams, " << stats.recorded
              << " recorded, " << stats.acknowledged << " acknowledged in " << stats.batches << " batches, "
              << stats.failed_deliveries << " failed; " << median(early) / 1024 << " KiB resident, then "
              << growth / 1024 << " KiB more; " << descriptors.front() << " to " << descriptors.back()
              << " descriptors; counts summed " << sums << " times\n";
}

}  // namespace
}  // namespace expplat::tests
