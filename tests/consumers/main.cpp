// A program of somebody else's project: opens a ruleset and asks one question of it. Built twice, against
// an installed expplat (find_package) and against its sources (add_subdirectory).
#include <expplat/expplat.hpp>

#include <cstdio>

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s RULESET.json\n", argv[0]);
        return 2;
    }
    expplat::Config config;
    config.source = expplat::Source::file(argv[1]);
    expplat::Result<expplat::Client> client = expplat::Client::open(config);
    if (!client) {
        std::fprintf(stderr, "%s\n", client.error().message.c_str());
        return 1;
    }
    const expplat::User german("user-42", {{"country", "DE"}, {"level", 31}});
    const expplat::User french("user-42", {{"country", "FR"}});
    const bool right = client->variant("checkout-cta", german) == "green" &&
                       client->variant("checkout-cta", french) == "blue";
    std::printf("%s\n", right ? "the installed library answers" : "the answer is wrong");
    return right ? 0 : 1;
}
