// Events to a receiver of your own: a function that is given batches and says what became of them.
//
// It runs on the client's thread, one batch at a time. Events that it neither acknowledges nor rejects are offered again,
// under the same ids, with growing pauses.
#include <expplat/expplat.hpp>

#include <chrono>
#include <cstdio>
#include <span>

int main(int count, char** words) {
    expplat::Config config;
    config.source = expplat::Source::file(count > 1 ? words[1] : "examples/quickstart.json");
    config.sink = expplat::Sink::custom(
        [calls = 0](std::span<const expplat::exposure::Event> batch) mutable -> expplat::exposure::Delivery {
            if (++calls == 1) return {0, 0, "the receiver is not up yet"};
            for (const expplat::exposure::Event& event : batch) {
                std::printf("%.*s: %.*s %.*s\n", static_cast<int>(event.unit_id.size()), event.unit_id.data(),
                            static_cast<int>(event.name.size()), event.name.data(),
                            static_cast<int>(event.variant.size()), event.variant.data());
            }
            return {batch.size(), 0, {}};
        });
    const expplat::Result<expplat::Client> client = expplat::Client::open(config);
    if (!client) {
        std::fprintf(stderr, "%s\n", client.error().message.c_str());
        return 1;
    }

    const expplat::User user("user-7", {{"country", "DE"}});
    if (client->variant("checkout-cta", user) == "green") client->track("purchase", user, 12.5);

    const bool all_sent = client->flush(std::chrono::seconds(10));
    std::printf("acknowledged %llu, failed deliveries %llu\n",
                static_cast<unsigned long long>(client->stats().acknowledged),
                static_cast<unsigned long long>(client->stats().failed_deliveries));
    return all_sent ? 0 : 1;
}
