// A host with a whole client, its thread and its connections, is killed at random moments and started again on the same
// spool (EVENTS.md, "Spool"); `kill_test.cpp` does it to the parts within, more often and on a clock of its own.
//
// 6 lives, 100 where EXPPLAT_FULL is set; every other one has no thread and its own time, so that what it may lose is known
// exactly. The server refuses, resets, cuts and is late now and then. The seed is printed.
#include <signal.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>

#include "src/sinks/event_json.hpp"
#include "tests/spool/spooled.hpp"
#include "tests/support/reference_server.hpp"

namespace expplat::tests {
namespace {

constexpr std::int64_t batch_age_ms = 100;  // of the host
/// What a thread may be late on a loaded machine, its write of a batch to the disk included.
constexpr std::int64_t thread_late_ms = 1'000;

/// The text of a member, which must be a string without escapes.
std::string member(const std::string& json, const std::string& name) {
    const std::string begin = '"' + name + "\": \"";
    const std::size_t at = json.find(begin);
    if (at == std::string::npos) return {};
    return json.substr(at + begin.size(), json.find('"', at + begin.size()) - at - begin.size());
}

unsigned life_of(const std::string& name) { return static_cast<unsigned>(std::stoul(name)); }
/// Which lives have a thread.
bool is_threaded(unsigned life) { return life % 2 == 1; }

/// Whole lines `KEY VALUE`; the one that a kill cut is none.
template <class Visit>
void visit_lines(const std::string& path, Visit&& visit) {
    const std::string text = content_of(path);
    for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
        const std::string line = text.substr(begin, end - begin);
        const std::size_t space = line.find(' ');
        visit(line.substr(0, space), std::stoll(line.substr(space + 1)));
    }
}

class ClientKill : public ::testing::Test {
protected:
    void start_and_kill(unsigned life) {
        for (unsigned count = random_() % 4; count > 0; --count)
            server_.post("fault", faults[random_() % std::size(faults)]);
        Process host(command(life, is_threaded(life) ? "threaded" : "polled"));
        ASSERT_EQ(host.line().value_or("not started"), "started");
        // The random moment: later where a thread's turns are real time.
        std::this_thread::sleep_for(
            std::chrono::microseconds(random_() % (is_threaded(life) ? 2'000'000 : 400'000)));
        host.signal(SIGKILL);
        ASSERT_EQ(host.wait(), 128 + SIGKILL) << "life " << life << " ended by itself";
        visit_spooled(folder_.file("spool"), [&](const exposure::Event& event) {
            spooled_.emplace(event.unit_id, sinks::to_string(event.id));
        });
    }

    void drain(unsigned life) {
        Process host(command(life, "drain"));
        ASSERT_EQ(host.wait(), 0);
        std::size_t left = 0;
        visit_spooled(folder_.file("spool"), [&](const exposure::Event&) { ++left; });
        EXPECT_EQ(left, 0u);
    }

    [[nodiscard]] std::vector<std::string> command(unsigned life, const char* mode) const {
        return {EXPPLAT_SPOOL_HOST, folder_.file(""), std::to_string(server_.port()), std::to_string(life),
                mode};
    }

    /// Every event is at the server as one event.
    void read_received() {
        std::set<std::string> ids;
        std::string events = server_.get("events");
        std::size_t lines = 0;
        for (std::size_t begin = 0, end; (end = events.find('\n', begin)) != std::string::npos;
             begin = end + 1) {
            const std::string record = events.substr(begin, end - begin);
            const std::string id = member(record, "id"), name = member(record, "unit_id");
            ASSERT_FALSE(id.empty() || name.empty()) << record;
            EXPECT_TRUE(ids.insert(id).second) << "the id " << id << " of " << name << " is there twice";
            EXPECT_TRUE(received_.emplace(name, id).second) << name << " is two events";
            ++lines;
        }
        EXPECT_EQ(static_cast<std::int64_t>(lines), server_.state("distinct"));
    }

    void expect_that_nothing_durable_is_lost() {
        EXPECT_FALSE(spooled_.empty());
        for (const auto& [name, id] : spooled_) {
            const auto found = received_.find(name);
            ASSERT_NE(found, received_.end()) << name << " was on disk and is lost";
            EXPECT_EQ(found->second, id) << name;
        }
        std::map<unsigned, std::uint64_t> durable;  // by life: how many
        visit_lines(folder_.file("durable"), [&](const std::string& life, std::int64_t count) {
            durable[life_of(life)] = static_cast<std::uint64_t>(count);
        });
        EXPECT_FALSE(durable.empty());
        for (const auto& [life, count] : durable) {
            for (std::uint64_t number = 0; number < count; ++number) {
                const std::string name = std::to_string(life) + '-' + std::to_string(number);
                EXPECT_EQ(received_.count(name), 1u) << name << " was counted as delivered or spooled";
            }
        }
    }

    /// How many were lost: none that was older than a batch may get.
    std::size_t expect_that_only_the_youngest_are_lost() {
        std::map<unsigned, std::int64_t> ended_at_ms;  // by life: when its last event was recorded
        std::map<std::string, std::int64_t> recorded;
        visit_lines(folder_.file("recorded"), [&](const std::string& name, std::int64_t at_ms) {
            recorded[name] = at_ms;
            ended_at_ms[life_of(name)] = at_ms;
        });
        std::size_t lost = 0;
        for (const auto& [name, at_ms] : recorded) {
            if (received_.count(name) > 0) continue;
            ++lost;
            const unsigned life = life_of(name);
            const std::int64_t most_ms = batch_age_ms + (is_threaded(life) ? thread_late_ms : 1);
            EXPECT_LE(ended_at_ms[life] - at_ms, most_ms)
                << name << " was older than a batch age and is lost";
        }
        std::map<unsigned, unsigned> unsaid;  // by life: recorded, and killed before the host could say so
        for (const auto& [name, id] : received_) {
            if (recorded.count(name) > 0) continue;
            EXPECT_LE(++unsaid[life_of(name)], 1u) << name << " was never recorded";
        }
        recorded_ = recorded.size();
        return lost;
    }

    static constexpr const char* faults[] = {
        R"({"on":"events","count":3,"status":503})",
        R"({"on":"events","count":2,"close":true})",
        R"({"on":"events","count":2,"reset":true})",
        R"({"on":"events","count":2,"cut":true})",
        R"({"on":"events","count":2,"delay_ms":300})",
        R"({"on":"events","count":2,"status":200,"body":"nonsense"})",
    };

    const TestFolder folder_;
    const ReferenceServer server_{{"--keep-events", "true", "--retry-every", "97", "--forget-every", "89"}};
    const unsigned seed_ = std::random_device{}();
    std::mt19937 random_{seed_};
    std::map<std::string, std::string> spooled_, received_;  // name, id
    std::size_t recorded_ = 0;
};

TEST_F(ClientKill, NoEventThatWasSpooledIsLostAndNoneIsTwoEvents) {
    const unsigned lives = std::getenv("EXPPLAT_FULL") != nullptr ? 100 : 6;
    SCOPED_TRACE("seed " + std::to_string(seed_));
    for (unsigned life = 1; life <= lives; ++life) ASSERT_NO_FATAL_FAILURE(start_and_kill(life));
    ASSERT_NO_FATAL_FAILURE(drain(lives + 1));
    ASSERT_NO_FATAL_FAILURE(read_received());
    ASSERT_NO_FATAL_FAILURE(expect_that_nothing_durable_is_lost());
    const std::size_t lost = expect_that_only_the_youngest_are_lost();
    std::cout << lives << " lives: " << recorded_ << " recorded, " << spooled_.size()
              << " seen on disk after a kill, " << received_.size() << " received, "
              << server_.state("repeated") << " repeats, " << lost << " lost unspooled; seed " << seed_
              << '\n';
}

}  // namespace
}  // namespace expplat::tests
