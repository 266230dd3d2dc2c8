// A process that records through `Delivery` and `Spool` is killed at random moments, again and again (EVENTS.md, "Spool").
//
// Time is the child's own: one millisecond a turn, and a step each, so that what may be lost is known exactly: what was
// recorded less than one batch age before the end. 20 lives; 1,000 where EXPPLAT_FULL is set. Each life adopts what the one
// before left; every 25th and the last drain it and end well. The receiver is a file; it is away now and then, so that the spool grows.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "src/client/delivery.hpp"
#include "src/sinks/event_json.hpp"
#include "tests/sinks/event_fixture.hpp"
#include "tests/spool/spooled.hpp"

namespace expplat::tests {
namespace {

constexpr std::int64_t batch_age_ms = 40;

int append_only(const std::string& path) {
    return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

void write_line(int descriptor, const std::string& line) {
    const std::string text = line + '\n';
    if (::write(descriptor, text.data(), text.size()) != static_cast<ssize_t>(text.size())) ::_exit(9);
}

/// Takes a batch into a file, or is away. A kill comes before or after the write of a batch, or between it and `done`.
class FileReceiver final : public exposure::EventSink {
public:
    FileReceiver(int descriptor, unsigned seed) : descriptor_(descriptor), random_(seed) {}
    void always_there() { away_ = 0; }
    void send(std::span<const exposure::Event> batch, Done done) override {
        exposure::Report report;
        const bool is_away = away_ > 0 && random_() % 100 < away_;
        std::string lines;
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (is_away || (away_ > 0 && random_() % 50 == 0)) {
                report.retry.push_back(i);
            } else {
                lines += std::string(batch[i].name) + ' ' + sinks::to_string(batch[i].id) + '\n';
            }
        }
        if (::write(descriptor_, lines.data(), lines.size()) != static_cast<ssize_t>(lines.size()))
            ::_exit(8);
        done(std::move(report));
    }

private:
    int descriptor_;
    std::mt19937 random_;
    unsigned away_ = 60;  // of a hundred batches
};

/// One life: records until it is killed; one that drains records nothing and ends when all is delivered.
[[noreturn]] void live(const TestFolder& folder, unsigned life, bool drains, int started) {
    const auto clock = std::make_shared<HandClock>();
    clock->advance(std::int64_t{life} * 1'000'000);
    const int recorded = append_only(folder.file("recorded"));
    auto sink = std::make_unique<FileReceiver>(append_only(folder.file("received")), life);
    if (drains || life % 3 == 0) sink->always_there();  // now and then the spool shrinks
    auto spool = sinks::Spool::open(folder.file("spool"), limits::spool_bytes, clock);
    if (!spool) ::_exit(7);
    Config config;
    config.batch_events = life % 2 == 0 ? 50 : 500;  // by count, and by age
    config.batch_age_ms = batch_age_ms;
    exposure::EventQueue queue(limits::queue_events, std::size_t{4} << 20);
    runtime::Delivery delivery(std::move(sink), queue, config, clock, std::move(*spool));
    std::mt19937 random(life * 7'919u);
    if (::write(started, "s", 1) != 1) ::_exit(6);
    for (std::uint32_t number = 0;;) {
        (void)delivery.step(drains);
        if (drains && delivery.idle()) {
            delivery.abandon();
            ::_exit(0);
        }
        clock->advance(1);
        for (unsigned count = drains ? 0 : random() % 4; count > 0; --count) {
            const std::string name = std::to_string(life) + '-' + std::to_string(number++);
            exposure::Event event;
            event.time_ms = clock->unix_ms();
            event.name = name;
            std::size_t depth = 0;
            if (!queue.push(event, depth)) ::_exit(5);
            write_line(recorded, name + ' ' + std::to_string(clock->steady_ms()));
        }
    }
}

pid_t start_life(const TestFolder& folder, unsigned life, bool drains) {
    int started[2];
    EXPECT_EQ(::pipe(started), 0);
    const pid_t child = ::fork();
    if (child == 0) live(folder, life, drains, started[1]);
    ::close(started[1]);
    char byte = 0;
    EXPECT_EQ(::read(started[0], &byte, 1), 1);
    ::close(started[0]);
    return child;
}

/// Names and ids of everything on disk, whose ever.
std::map<std::string, std::string> spooled(const std::string& folder) {
    std::map<std::string, std::string> ids;
    visit_spooled(folder,
                  [&](const exposure::Event& event) { ids.emplace(event.name, sinks::to_string(event.id)); });
    return ids;
}

void drain(const TestFolder& folder, unsigned life) {
    const pid_t child = start_life(folder, life, true);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    EXPECT_TRUE(spooled(folder.file("spool")).empty()) << "all is delivered";
    EXPECT_TRUE(std::filesystem::is_empty(folder.file("spool"))) << "and the folders of the dead are gone";
}

TEST(Kill, NoEventThatWasSpooledIsLostAndNoneIsTwoEvents) {
    const unsigned lives = std::getenv("EXPPLAT_FULL") != nullptr ? 1'000 : 20;
    const TestFolder folder;
    std::mt19937 random(std::random_device{}());
    std::map<std::string, std::string> were_spooled;
    for (unsigned life = 1; life <= lives; ++life) {
        if (life % 25 == 0) {
            ASSERT_NO_FATAL_FAILURE(drain(folder, life));
            continue;
        }
        const pid_t child = start_life(folder, life, false);
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 40'000));  // the random moment
        ASSERT_EQ(::kill(child, SIGKILL), 0);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "life " << life << " ended by itself: " << WEXITSTATUS(status);
        were_spooled.merge(spooled(folder.file("spool")));
    }
    ASSERT_NO_FATAL_FAILURE(drain(folder, lives + 1));

    std::map<std::string, std::string> received;  // name, id
    std::set<std::string> ids;
    std::size_t repeats = 0;
    for (const std::string& line : file_lines(folder.file("received"))) {
        const std::size_t space = line.find(' ');
        const auto [known, added] = received.emplace(line.substr(0, space), line.substr(space + 1));
        EXPECT_EQ(known->second, line.substr(space + 1)) << "two ids of " << known->first;
        ids.insert(known->second);
        repeats += added ? 0 : 1;
    }
    EXPECT_EQ(ids.size(), received.size()) << "the distinct count is exact";
    EXPECT_FALSE(were_spooled.empty());
    for (const auto& [name, id] : were_spooled) {
        const auto found = received.find(name);
        ASSERT_NE(found, received.end()) << name << " was on disk and is lost";
        EXPECT_EQ(found->second, id);
    }
    std::map<unsigned, std::int64_t> ended_at_ms;  // by life: when its last event was recorded
    std::map<std::string, std::int64_t> recorded;
    for (const std::string& line : file_lines(folder.file("recorded"))) {
        const std::size_t space = line.find(' ');
        if (space == std::string::npos) continue;
        const std::int64_t at_ms = std::stoll(line.substr(space + 1));
        recorded[line.substr(0, space)] = at_ms;
        ended_at_ms[static_cast<unsigned>(std::stoul(line))] = at_ms;
    }
    std::size_t lost = 0;
    for (const auto& [name, at_ms] : recorded) {
        if (received.count(name) > 0) continue;
        ++lost;
        EXPECT_GT(at_ms, ended_at_ms[static_cast<unsigned>(std::stoul(name))] - batch_age_ms - 1)
            << name << " was older than a batch age and is lost";
    }
    std::cout << lives << " lives: " << recorded.size() << " recorded, " << were_spooled.size()
              << " seen on disk after a kill, " << received.size() << " received, " << repeats << " repeats, "
              << lost << " lost unspooled\n";
}

}  // namespace
}  // namespace expplat::tests
