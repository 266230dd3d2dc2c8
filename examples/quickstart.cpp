#include <expplat/expplat.hpp>

#include <cstdio>

int main() {
    expplat::Config config;
    config.source = expplat::Source::file("examples/quickstart.json");
    config.sink = expplat::Sink::file("exposures.jsonl");
    const expplat::Result<expplat::Client> client = expplat::Client::open(config);
    if (!client) {
        std::fprintf(stderr, "%s\n", client.error().message.c_str());
        return 1;
    }

    const expplat::User user("user-7", {{"country", "DE"}, {"app_version", "2.5.1"}, {"beta", true}});
    const bool new_ui = client->boolean("new-ui", user, false);
    const expplat::Variant button = client->variant("checkout-cta", user);  // records the exposure
    std::printf("new-ui: %s\n", new_ui ? "on" : "off");
    std::printf("checkout-cta: %s\n", button == "green" ? "green" : "blue");
    client->track("purchase", user, 12.5);
}
