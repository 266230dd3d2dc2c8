#include "bench/workload.hpp"

#include <array>
#include <random>
#include <string_view>

namespace expplat::bench {

namespace {

constexpr std::array<std::string_view, 12> countries{"DE", "FR", "IT", "ES", "US", "GB",
                                                     "NL", "PL", "JP", "BR", "IN", "CA"};
constexpr std::array<std::string_view, 4> plans{"free", "pro", "team", "enterprise"};
constexpr std::array<std::string_view, 4> domains{"example.com", "mail.example", "corp.example",
                                                  "example.org"};

std::string flag_json(std::size_t flag, bool exposures, int first_weight) {
    const std::string four =
        "\"" + std::string(countries[flag % 4]) + "\",\"" + std::string(countries[(flag + 1) % 4]) + "\",\"" +
        std::string(countries[(flag + 2) % 4]) + "\",\"" + std::string(countries[(flag + 3) % 4]) + "\"";
    return R"({"type":"string","variants":{"control":"blue","green":"green","red":"red"},"off":"control","rules":[)"
           R"({"id":"country","if":{"attribute":"country","in":[)" +
           four +
           R"(]},"serve":"green"},)"
           R"({"id":"plan","if":{"all":[{"attribute":"plan","is":"enterprise"},)"
           R"({"attribute":"app_version","version_at_least":"4.)" +
           std::to_string(flag % 20) +
           R"(.0"}]},"serve":"red"},)"
           R"({"id":"staff","if":{"attribute":"email","ends_with":"@corp.example"},"serve":"green"}],)"
           R"("default":{"split":[{"variant":"control","weight":)" +
           std::to_string(first_weight) +
           R"(},{"variant":"green","weight":30},{"variant":"red","weight":20}]})" +
           (exposures ? R"(,"exposures":true})" : "}");
}

User make_user(std::size_t number, std::string_view country, std::string_view plan, std::string_view version,
               std::string_view domain) {
    const std::string id = std::to_string(number);
    const std::string email = "person-" + id + "@" + std::string(domain);
    return User("user-" + id, {{"country", country},
                               {"plan", plan},
                               {"app_version", version},
                               {"email", email},
                               {"level", static_cast<std::int64_t>(number % 100)},
                               {"beta", number % 7 == 0}});
}

}  // namespace

std::string flag_key(std::size_t flag) { return "flag-" + std::to_string(flag); }

std::string ruleset_json(std::size_t flags, bool exposures, std::uint64_t version) {
    std::string json = R"({"format":"expplat.ruleset/1","environment":"bench","version":)" +
                       std::to_string(version) + R"(,"flags":{)";
    for (std::size_t flag = 0; flag < flags; ++flag) {
        if (flag > 0) json += ',';
        json += "\"" + flag_key(flag) + "\":" + flag_json(flag, exposures, 50);
    }
    return json + "}}";
}

std::string patch_json(std::size_t flag, std::uint64_t base, std::uint64_t version) {
    return R"({"base":)" + std::to_string(base) + R"(,"version":)" + std::to_string(version) +
           R"(,"set":{"flags":{")" + flag_key(flag) +
           "\":" + flag_json(flag, false, static_cast<int>(version % 100)) + "}}}";
}

User predictable_user(std::size_t number) { return make_user(number, "US", "pro", "3.9.1", "example.com"); }

std::vector<User> random_users(std::size_t count) {
    std::mt19937_64 random(42);
    std::vector<User> users;
    users.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const std::string version = std::to_string(2 + random() % 4) + "." + std::to_string(random() % 20) +
                                    "." + std::to_string(random() % 10);
        users.push_back(make_user(random() % 10'000'000, countries[random() % countries.size()],
                                  plans[random() % plans.size()], version,
                                  domains[random() % domains.size()]));
    }
    return users;
}

namespace {
std::vector<std::size_t> draw(std::uint64_t seed, std::size_t count, std::size_t below) {
    std::mt19937_64 random(seed);
    std::vector<std::size_t> drawn;
    drawn.reserve(count);
    for (std::size_t i = 0; i < count; ++i) drawn.push_back(random() % below);
    return drawn;
}
}  // namespace

std::vector<std::size_t> random_flags(std::size_t count, std::size_t flags) { return draw(7, count, flags); }

std::vector<std::size_t> random_order(std::size_t count, std::size_t users) { return draw(11, count, users); }

}  // namespace expplat::bench
