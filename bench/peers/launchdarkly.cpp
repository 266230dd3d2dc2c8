// LaunchDarkly's server-side client (launchdarkly/server_side/client.hpp): its flag JSON, its check and its rows.
//
// The client is as a server program has it by default, following a stream into its memory; the stream comes from the loopback
// (`flag_stream.hpp`). Its events are off, as expplat's exposures are.

#include <benchmark/benchmark.h>

#include <chrono>
#include <future>
#include <launchdarkly/context_builder.hpp>
#include <launchdarkly/server_side/client.hpp>
#include <launchdarkly/server_side/config/config_builder.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "bench/peers/flag_stream.hpp"
#include "bench/peers/question.hpp"
#include "bench/workload.hpp"

namespace expplat::bench {
namespace {

using nlohmann::json;
using Kind = enum launchdarkly::EvaluationReason::Kind;

constexpr std::chrono::seconds start_timeout{30};
/// LaunchDarkly gives each flag one of this length.
constexpr std::string_view salt = "6d3a9f0c5b7e41288c1f2e9ab0d47653";

/// A flag's variants in the order of LaunchDarkly's list `variations`.
std::map<std::string, std::size_t> places_of(const json& flag) {
    std::map<std::string, std::size_t> places;
    for (const auto& [variant, value] : flag.at("variants").items()) places.emplace(variant, places.size());
    return places;
}

json clause_of(const json& leaf) {
    json clause{{"contextKind", "user"}, {"attribute", leaf.at("attribute")}, {"negate", false}};
    if (leaf.contains("in")) {
        clause["op"] = "in";
        clause["values"] = leaf.at("in");
    } else if (leaf.contains("is")) {
        clause["op"] = "in";
        clause["values"] = json::array({leaf.at("is")});
    } else if (leaf.contains("version_at_least")) {  // it has no "at least"
        clause["op"] = "semVerLessThan";
        clause["values"] = json::array({leaf.at("version_at_least")});
        clause["negate"] = true;
    } else if (leaf.contains("ends_with")) {
        clause["op"] = "endsWith";
        clause["values"] = json::array({leaf.at("ends_with")});
    } else {
        require(false, "a condition has no counterpart in LaunchDarkly's format: " + leaf.dump());
    }
    return clause;
}

json flag_of(const std::string& key, const json& flag) {
    const std::map<std::string, std::size_t> places = places_of(flag);
    json rules = json::array();
    for (const json& rule : flag.at("rules")) {
        const json& condition = rule.at("if");
        json clauses = json::array();
        if (condition.contains("all")) {
            for (const json& leaf : condition.at("all")) clauses.push_back(clause_of(leaf));
        } else {
            clauses.push_back(clause_of(condition));
        }
        rules.push_back({{"id", rule.at("id")},
                         {"clauses", std::move(clauses)},
                         {"variation", places.at(rule.at("serve"))},
                         {"trackEvents", false}});
    }
    json weights = json::array();
    for (const json& part : flag.at("default").at("split")) {
        weights.push_back(
            {{"variation", places.at(part.at("variant"))}, {"weight", part.at("weight").get<int>() * 1'000}});
    }
    json variations = json::array();
    for (const auto& [variant, value] : flag.at("variants").items()) variations.push_back(value);
    return {
        {"key", key},
        {"version", 1},
        {"on", true},
        {"salt", salt},
        {"variations", std::move(variations)},
        {"offVariation", places.at(flag.at("off"))},
        {"prerequisites", json::array()},
        {"targets", json::array()},
        {"contextTargets", json::array()},
        {"rules", std::move(rules)},
        {"fallthrough",
         {{"rollout",
           {{"kind", "rollout"}, {"contextKind", "user"}, {"bucketBy", "key"}, {"variations", weights}}}}},
        {"trackEvents", false},
        {"trackEventsFallthrough", false}};
}

std::string put_json() {
    json all = json::object();
    for (const auto& [key, flag] : flags().items()) all[key] = flag_of(key, flag);
    return json{{"path", "/"}, {"data", {{"flags", std::move(all)}, {"segments", json::object()}}}}.dump();
}

launchdarkly::server_side::Config config_of(const std::string& url) {
    launchdarkly::server_side::ConfigBuilder builder("sdk-benchmark");
    builder.ServiceEndpoints().StreamingBaseUrl(url).PollingBaseUrl(url).EventsBaseUrl(url);
    builder.Events().Disable();
    builder.Logging().Logging(
        launchdarkly::server_side::config::builders::LoggingBuilder::BasicLogging().Level(
            launchdarkly::LogLevel::kError));
    auto config = builder.Build();
    require(config.has_value(), "LaunchDarkly's client refuses its configuration");
    return std::move(*config);
}

class Peer {
public:
    Peer() : stream_(put_json()), client_(config_of(stream_.url())) {
        std::future<bool> started = client_.StartAsync();
        require(started.wait_for(start_timeout) == std::future_status::ready && started.get(),
                "LaunchDarkly's client did not start");
    }

    [[nodiscard]] launchdarkly::server_side::IClient& client() { return client_; }

private:
    FlagStream stream_;
    launchdarkly::server_side::Client client_;
};

launchdarkly::server_side::IClient& peer() {
    static Peer instance;
    return instance.client();
}

launchdarkly::Context context_of(const Person& person) {
    return launchdarkly::ContextBuilder()
        .Kind("user", person.key)
        .Set("country", person.country)
        .Set("plan", person.plan)
        .Set("app_version", person.app_version)
        .Set("email", person.email)
        .Set("level", static_cast<double>(person.level))
        .Set("beta", person.beta)
        .Build();
}

/// LaunchDarkly's documented split: 15 digits of the SHA-1 of "key.salt.user" as a fraction of their range.
std::string value_by_split(const Checked& question) {
    const json& flag = flags().at(question.flag);
    const std::string hashed = question.flag + "." + std::string(salt) + "." + question.person.key;
    const double place =
        static_cast<double>(leading_sha1(hashed, 15)) / static_cast<double>(0x0FFF'FFFF'FFFF'FFFF);
    double sum = 0;
    for (const json& part : flag.at("default").at("split")) {
        sum += part.at("weight").get<double>() / 100;
        if (place < sum) return flag.at("variants").at(part.at("variant").get<std::string>());
    }
    return {};
}

void launchdarkly_by_key(benchmark::State& state) {
    launchdarkly::server_side::IClient& asked = peer();
    const launchdarkly::Context context = context_of(person_of(predictable_user(asked_user)));
    const std::string key = flag_key(asked_flag);
    const std::string fallback(no_answer);
    for (auto _ : state) benchmark::DoNotOptimize(asked.StringVariation(context, key, fallback));
}
BENCHMARK(launchdarkly_by_key)->ThreadRange(1, 2)->UseRealTime();

}  // namespace

Answers check_launchdarkly() {
    Answers answers;
    for (const Checked& question : checked()) {
        const launchdarkly::Context context = context_of(question.person);
        const std::string value = peer().StringVariation(context, question.flag, std::string(no_answer));
        const auto detail = peer().StringVariationDetail(context, question.flag, std::string(no_answer));
        const bool by_rule = !question.value_by_rule.empty();
        const std::string expected = by_rule ? question.value_by_rule : value_by_split(question);
        require(value == expected && *detail == expected && detail.Reason().has_value() &&
                    detail.Reason()->Kind() == (by_rule ? Kind::kRuleMatch : Kind::kFallthrough),
                "LaunchDarkly answers `" + value + "` about " + question.flag + " for " +
                    question.person.key + ", and not `" + expected + "`");
        ++(by_rule ? answers.by_rule : answers.by_split);
    }
    return answers;
}

}  // namespace expplat::bench
