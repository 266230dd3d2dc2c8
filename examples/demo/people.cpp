#include "examples/demo/people.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string_view>

namespace demo {

namespace {

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). The standard library's
/// distributions may differ from one library to the next; this does not.
class Dice {
public:
    explicit Dice(std::uint64_t start) noexcept : state_(start) {}

    std::uint64_t roll() noexcept {
        state_ += 0x9E3779B97F4A7C15u;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        return z ^ (z >> 31);
    }
    /// In [0, bound); the bias of a few 2^-60 does not show.
    std::uint64_t below(std::uint64_t bound) noexcept { return roll() % bound; }

private:
    std::uint64_t state_;
};

struct Weighted {
    std::string_view word;
    unsigned weight;
};

constexpr std::array platforms = {Weighted{"WINDOWS", 46}, Weighted{"ANDROID", 24}, Weighted{"MAC", 16},
                                  Weighted{"IOS", 9}, Weighted{"LINUX", 5}};
constexpr std::array channels = {Weighted{"RELEASE", 78}, Weighted{"BETA", 12}, Weighted{"NIGHTLY", 10}};
constexpr std::array countries = {Weighted{"US", 26}, Weighted{"IN", 9}, Weighted{"DE", 8}, Weighted{"GB", 7},
                                  Weighted{"FR", 6},  Weighted{"BR", 6}, Weighted{"CA", 5}, Weighted{"JP", 5},
                                  Weighted{"ES", 4},  Weighted{"MX", 4}, Weighted{"AR", 3}, Weighted{"AT", 2},
                                  Weighted{"PL", 4},  Weighted{"ID", 4}, Weighted{"NG", 3}, Weighted{"AU", 2},
                                  Weighted{"", 2}};  // the empty one: not known

std::string_view pick(Dice& dice, std::span<const Weighted> choices) {
    std::uint64_t total = 0;
    for (const Weighted& choice : choices) total += choice.weight;
    std::uint64_t at = dice.below(total);
    for (const Weighted& choice : choices) {
        if (at < choice.weight) return choice.word;
        at -= choice.weight;
    }
    return {};
}

/// `151.1.93.128`: most users are up to date, the others are spread over years. The last two parts of the real
/// browser's versions follow the first at a distance of 58.
std::string make_version(Dice& dice, std::string_view channel) {
    std::uint64_t major = channel == "RELEASE" ? 151 : channel == "BETA" ? 152 : 153;
    if (dice.below(100) < 12) {
        major = 112 + dice.below(38);
    } else {
        while (major > 140 && dice.below(100) < 38) --major;
    }
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%u.1.%u.%u", static_cast<unsigned>(major),
                  static_cast<unsigned>(major - 58), static_cast<unsigned>(30 + dice.below(140)));
    return text.data();
}

Person make_person(Dice& dice) {
    std::array<char, 32> key{};
    std::snprintf(key.data(), key.size(), "client-%08x", static_cast<unsigned>(dice.roll() >> 32));
    const std::string_view platform = pick(dice, platforms);
    const std::string_view channel = platform == "IOS" ? "RELEASE" : pick(dice, channels);
    const std::string_view country = pick(dice, countries);
    const std::string version = make_version(dice, channel);

    Person person{expplat::User(key.data()), std::string("{\"key\":\"") + key.data() + "\",\"attributes\":{"};
    const auto set = [&person](std::string_view name, std::string_view value) {
        if (value.empty()) return;
        person.user.set(name, value);
        if (person.json.back() != '{') person.json += ',';
        person.json += '"' + std::string(name) + "\":\"" + std::string(value) + '"';
    };
    set("platform", platform);
    set("channel", channel);
    set("country", country);
    set("version", version);
    person.json += "}}";
    return person;
}

}  // namespace

std::vector<Person> make_people(std::size_t count) {
    Dice dice(143);
    std::vector<Person> people;
    people.reserve(count);
    while (people.size() < count) people.push_back(make_person(dice));
    return people;
}

}  // namespace demo
