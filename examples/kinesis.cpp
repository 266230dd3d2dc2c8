// Exposures to a stream of Amazon Kinesis Data Streams.
//
// EXPPLAT_STREAM names the stream. Region, credentials and endpoint are looked up where AWS's own tools look: environment
// (AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL_KINESIS, …), shared files, web identity, container and instance roles.
#include <expplat/expplat.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

int main(int count, char** words) {
    const char* const stream = std::getenv("EXPPLAT_STREAM");
    if (stream == nullptr) {
        std::fprintf(stderr, "EXPPLAT_STREAM must name a stream\n");
        return 2;
    }
    expplat::KinesisSettings kinesis;
    kinesis.stream = stream;

    expplat::Config config;
    config.source = expplat::Source::file(count > 1 ? words[1] : "examples/quickstart.json");
    config.sink = expplat::Sink::kinesis(kinesis);
    config.project = "shop";
    config.logger = [](expplat::LogLevel level, std::string_view line) {
        if (level >= expplat::LogLevel::warning)
            std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
    };
    const expplat::Result<expplat::Client> client = expplat::Client::open(config);
    if (!client) {
        std::fprintf(stderr, "%s\n", client.error().message.c_str());
        return 1;
    }

    for (int number = 0; number < 1'000; ++number) {
        const expplat::User user("user-" + std::to_string(number), {{"country", "DE"}});
        if (client->variant("checkout-cta", user) == "green") client->track("purchase", user, 12.5);
    }
    const bool all_sent = client->flush(std::chrono::seconds(30));
    const expplat::Stats stats = client->stats();
    std::printf("recorded %llu, acknowledged %llu\n", static_cast<unsigned long long>(stats.recorded),
                static_cast<unsigned long long>(stats.acknowledged));
    return all_sent ? 0 : 1;
}
