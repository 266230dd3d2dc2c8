// A host that `client_kill_test.cpp` kills: a client with a spool, which sends over HTTP to the test's server.
//
//   expplat_spool_host FOLDER PORT LIFE threaded|polled|drain
//
// Records until it is killed, exposures and track events in turn; each is a user of its own, `LIFE-NUMBER`, and a line
// `LIFE-NUMBER MS` of FOLDER/recorded once the client has it. FOLDER/durable gets lines `LIFE COUNT`: so many of this life's
// events were no longer only in memory. `polled`: no thread, and time is the host's own, a millisecond a turn. `drain`:
// records nothing, and ends when all is delivered.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "expplat/expplat.hpp"

namespace {

using namespace expplat;
using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{60};
constexpr std::string_view ruleset =
    R"({"format":"expplat.ruleset/1","environment":"test","version":1,"experiments":{"exp":{"type":"string",)"
    R"("status":"running","variants":{"green":"g"},"split":[{"variant":"green","weight":1}]}}})";

int append_only(const std::string& path) {
    return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

void write_line(int descriptor, const std::string& line) {
    const std::string text = line + '\n';
    if (::write(descriptor, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::_Exit(9);
}

class Host {
public:
    Host(Client& client, const std::string& folder, std::string life, bool polled)
        : client_(client),
          life_(std::move(life)),
          polled_(polled),
          recorded_(append_only(folder + "/recorded")),
          durable_(append_only(folder + "/durable")),
          random_(static_cast<unsigned>(std::stoul(life_)) * 7'919u) {}

    [[noreturn]] void record() {
        for (;;) {
            for (unsigned count = random_() % 4; count > 0; --count) record_one();
            std::this_thread::sleep_for(polled_ ? 100us : 1'000us);  // the host's other work
            if (polled_) (void)client_.poll(time_ += 1ms);
            if (++turns_ % 8 == 0) say_durable();
        }
    }

private:
    void record_one() {
        const std::string name = life_ + '-' + std::to_string(number_++);
        const User user(name);
        const std::int64_t now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                                        (polled_ ? time_ : SteadyClock::now()).time_since_epoch())
                                        .count();
        if (number_ % 4 == 0) client_.track("purchase", user, 12.5, R"({"sku": "a1"})");
        else (void)client_.variant("exp", user);
        write_line(recorded_, name + ' ' + std::to_string(now_ms));
    }

    void say_durable() {
        const Stats stats = client_.stats();
        if (stats.recorded != number_ || stats.deduplicated + stats.dead_lettered + stats.dropped_queue_full +
                                                 stats.dropped_shutdown + stats.dropped_spool !=
                                             0) {
            std::cerr << "life " << life_ << ": of " << number_ << " events " << stats.recorded
                      << " are recorded, " << stats.dropped_queue_full << " found the queue full, "
                      << stats.dropped_spool << " could not be read back\n";
            std::_Exit(5);
        }
        if (stats.in_flight < stats.recorded)
            write_line(durable_, life_ + ' ' + std::to_string(stats.recorded - stats.in_flight));
    }

    Client& client_;
    const std::string life_;
    const bool polled_;
    const int recorded_, durable_;
    std::mt19937 random_;
    std::uint64_t number_ = 0, turns_ = 0;
    SteadyClock::time_point time_{1h};
};

int drain(const Client& client) {
    const auto deadline = SteadyClock::now() + patience;
    while (SteadyClock::now() < deadline) {
        if (client.flush(100ms)) return 0;
    }
    const Stats stats = client.stats();
    std::cerr << "not drained: " << stats.spooled << " spooled, " << stats.in_flight << " in flight\n";
    return 4;
}

}  // namespace

int main(int count, char** words) {
    if (count != 5) return 2;
    const std::string folder = words[1], mode = words[4];
    Config config;
    config.source = Source::text(std::string(ruleset));
    config.sink = Sink::http({"http://127.0.0.1:" + std::string(words[2]), "sdk-test"});
    config.spool = folder + "/spool";
    config.batch_age_ms = 100;
    config.manual_poll = mode == "polled";
    Result<Client> client = Client::open(std::move(config));
    if (!client) {
        std::cerr << client.error().message << '\n';
        return 3;
    }
    std::cout << "started" << std::endl;
    if (mode == "drain") return drain(*client);
    Host(*client, folder, words[3], mode == "polled").record();
}
