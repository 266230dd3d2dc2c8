// A game's loop: no thread of the library's, no waiting, and time that the game owns.
//
// `poll` reads what has come and sends what is due; what it returns is when it wants to be called again at the latest, so
// that once a frame is plenty. Rules come from a file here; with `Source::server` the same loop follows a server.
#include <expplat/expplat.hpp>

#include <chrono>
#include <cstdio>

int main(int count, char** words) {
    using namespace std::chrono_literals;

    expplat::Config config;
    config.source = expplat::Source::file(count > 1 ? words[1] : "examples/quickstart.json", 1'000);
    config.sink = expplat::Sink::file(count > 2 ? words[2] : "exposures.jsonl");
    config.manual_poll = true;
    config.on_ruleset = [](const expplat::RulesetChange& change) {
        std::printf("ruleset %llu\n", static_cast<unsigned long long>(change.version));
    };
    expplat::Result<expplat::Client> client = expplat::Client::open(config);
    if (!client) {
        std::fprintf(stderr, "%s\n", client.error().message.c_str());
        return 1;
    }

    const expplat::User player("user-7", {{"country", "DE"}, {"app_version", "2.5.1"}});
    const expplat::Client::Handle checkout =
        client->handle("checkout-cta");  // looked up once for each ruleset
    int green_frames = 0;
    std::chrono::steady_clock::time_point now{};  // the game's own time: any start, never back
    for (int frame = 0; frame < 180; ++frame, now += 16'667us) {
        client->poll(now);
        if (checkout.variant(player) == "green") ++green_frames;  // one exposure, however many frames
    }
    std::printf("green in %d of 180 frames\n", green_frames);

    client->close();  // sends what is left
    const expplat::Stats stats = client->stats();
    std::printf("recorded %llu, acknowledged %llu\n", static_cast<unsigned long long>(stats.recorded),
                static_cast<unsigned long long>(stats.acknowledged));
    return stats.in_flight == 0 ? 0 : 1;
}
