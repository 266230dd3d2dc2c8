// ConfigCat's client (configcat/configcatclient.h): its config JSON of version 6, its check and its rows.
//
// The client is as a server program has it, with automatic polling, but for the adapter of HTTP: that one answers from memory.
// Comparisons are in clear text, which is faster than the hashed ones that ConfigCat has too. It records no evaluations.

#include <benchmark/benchmark.h>
#include <configcat/configcatclient.h>
#include <configcat/configcatoptions.h>
#include <configcat/configcatuser.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "bench/peers/question.hpp"
#include "bench/workload.hpp"

namespace expplat::bench {
namespace {

using nlohmann::json;

constexpr std::uint32_t poll_interval_s = 3'600;  // never while the program runs

json value_of(const json& flag, const std::string& variant) {
    return {{"v", {{"s", flag.at("variants").at(variant)}}}, {"i", variant}};
}

/// The country and the e-mail address are attributes that every ConfigCat user has, under these names.
std::string attribute_name(const std::string& attribute) {
    if (attribute == "country") return "Country";
    if (attribute == "email") return "Email";
    return attribute;
}

json condition_of(const json& leaf) {
    json condition{{"a", attribute_name(leaf.at("attribute"))}};
    if (leaf.contains("in")) {
        condition["c"] = configcat::UserComparator::TextIsOneOf;
        condition["l"] = leaf.at("in");
    } else if (leaf.contains("is")) {
        condition["c"] = configcat::UserComparator::TextEquals;
        condition["s"] = leaf.at("is");
    } else if (leaf.contains("version_at_least")) {
        condition["c"] = configcat::UserComparator::SemVerGreaterOrEquals;
        condition["s"] = leaf.at("version_at_least");
    } else if (leaf.contains("ends_with")) {
        condition["c"] = configcat::UserComparator::TextEndsWithAnyOf;
        condition["l"] = json::array({leaf.at("ends_with")});
    } else {
        require(false, "a condition has no counterpart in ConfigCat's format: " + leaf.dump());
    }
    return {{"u", std::move(condition)}};
}

json setting_of(const json& flag) {
    json rules = json::array();
    for (const json& rule : flag.at("rules")) {
        const json& condition = rule.at("if");
        json conditions = json::array();
        if (condition.contains("all")) {
            for (const json& leaf : condition.at("all")) conditions.push_back(condition_of(leaf));
        } else {
            conditions.push_back(condition_of(condition));
        }
        rules.push_back({{"c", std::move(conditions)}, {"s", value_of(flag, rule.at("serve"))}});
    }
    json options = json::array();
    for (const json& part : flag.at("default").at("split")) {
        json option = value_of(flag, part.at("variant"));
        option["p"] = part.at("weight");
        options.push_back(std::move(option));
    }
    json setting = value_of(flag, flag.at("off"));
    setting["t"] = configcat::SettingType::String;
    setting["r"] = std::move(rules);
    setting["p"] = std::move(options);
    return setting;
}

std::string config_json() {
    json settings = json::object();
    for (const auto& [key, flag] : flags().items()) settings[key] = setting_of(flag);
    return json{{"p", {{"u", "https://cdn.invalid"}, {"r", 0}, {"s", "c2FsdA=="}}},
                {"f", std::move(settings)}}
        .dump();
}

/// The network that is none.
class Memory : public configcat::HttpSessionAdapter {
public:
    bool init(std::uint32_t, std::uint32_t) override { return true; }
    configcat::Response get(const std::string&, const std::map<std::string, std::string>&,
                            const std::map<std::string, std::string>&,
                            const std::map<std::string, configcat::ProxyAuthentication>&) override {
        configcat::Response response;
        response.statusCode = 200;
        response.text = config_json();
        return response;
    }
    void close() override {}
};

class Peer {
public:
    Peer() {
        configcat::ConfigCatOptions options;
        options.pollingMode = configcat::PollingMode::autoPoll(poll_interval_s);
        options.httpSessionAdapter = std::make_shared<Memory>();
        client_ = configcat::ConfigCatClient::get("expplat-benchmark-0001/expplat-benchmark-0001", &options);
        require(client_->getAllKeys().size() == flag_count, "ConfigCat's client did not take the config");
    }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    ~Peer() { configcat::ConfigCatClient::close(client_); }

    [[nodiscard]] const configcat::ConfigCatClient& client() const { return *client_; }

private:
    std::shared_ptr<configcat::ConfigCatClient> client_;
};

const configcat::ConfigCatClient& peer() {
    static const Peer instance;
    return instance.client();
}

std::shared_ptr<configcat::ConfigCatUser> user_of(const Person& person) {
    return configcat::ConfigCatUser::create(person.key, person.email, person.country,
                                            {{"plan", person.plan},
                                             {"app_version", person.app_version},
                                             {"level", static_cast<double>(person.level)},
                                             {"beta", person.beta ? "true" : "false"}});
}

/// ConfigCat's documented split: seven digits of the SHA-1 of key and identifier, modulo 100.
std::string value_by_split(const Checked& question) {
    const json& flag = flags().at(question.flag);
    const std::uint64_t place = leading_sha1(question.flag + question.person.key, 7) % 100;
    std::uint64_t sum = 0;
    for (const json& part : flag.at("default").at("split")) {
        sum += part.at("weight").get<std::uint64_t>();
        if (place < sum) return flag.at("variants").at(part.at("variant").get<std::string>());
    }
    return {};
}

void configcat_by_key(benchmark::State& state) {
    const configcat::ConfigCatClient& asked = peer();
    const std::shared_ptr<configcat::ConfigCatUser> user = user_of(person_of(predictable_user(asked_user)));
    const std::string key = flag_key(asked_flag);
    const std::string fallback(no_answer);
    for (auto _ : state) benchmark::DoNotOptimize(asked.getValue(key, fallback, user));
}
BENCHMARK(configcat_by_key)->ThreadRange(1, 2)->UseRealTime();

}  // namespace

Answers check_configcat() {
    Answers answers;
    for (const Checked& question : checked()) {
        const std::shared_ptr<configcat::ConfigCatUser> user = user_of(question.person);
        const std::string value = peer().getValue(question.flag, std::string(no_answer), user);
        const auto details = peer().getValueDetails(question.flag, std::string(no_answer), user);
        const bool by_rule = !question.value_by_rule.empty();
        const std::string expected = by_rule ? question.value_by_rule : value_by_split(question);
        require(!details.isDefaultValue && value == expected && details.value == expected &&
                    details.matchedTargetingRule.has_value() == by_rule &&
                    details.matchedPercentageOption.has_value() == !by_rule,
                "ConfigCat answers `" + value + "` about " + question.flag + " for " + question.person.key +
                    ", and not `" + expected + "`");
        ++(by_rule ? answers.by_rule : answers.by_split);
    }
    return answers;
}

}  // namespace expplat::bench
