// The budgets of an answer: `variant()` by key and by handle, predictable and random, one thread and two.
//
// 1,000 flags of three rules and a split, users of six attributes (`workload.hpp`). The counter `allocations` is per call.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "bench/allocations.hpp"
#include "bench/workload.hpp"
#include "expplat/expplat.hpp"
#include "src/ruleset/workspace.hpp"

namespace expplat::bench {
namespace {

constexpr std::size_t flag_count = 1'000;
constexpr std::size_t question_count = 16'384;  // a power of two

/// The client that all benchmarks ask; exposures are off.
const Client& client() {
    static const Client instance = [] {
        Config config;
        config.source = Source::text(ruleset_json(flag_count, false));
        return std::move(Client::open(std::move(config))).value();
    }();
    return instance;
}

const std::vector<User>& users() {
    static const std::vector<User> instance = random_users(question_count);
    return instance;
}

/// Of each flag, as a program has them: literals.
const std::vector<std::string>& keys() {
    static const std::vector<std::string> instance = [] {
        std::vector<std::string> result;
        for (std::size_t flag = 0; flag < flag_count; ++flag) result.push_back(flag_key(flag));
        return result;
    }();
    return instance;
}

const std::vector<std::unique_ptr<Client::Handle>>& handles() {
    static const std::vector<std::unique_ptr<Client::Handle>> instance = [] {
        std::vector<std::unique_ptr<Client::Handle>> result;
        for (const std::string& key : keys())
            result.push_back(std::make_unique<Client::Handle>(client().handle(key)));
        return result;
    }();
    return instance;
}

/// Which flag each question is about.
const std::vector<std::size_t>& flags() {
    static const std::vector<std::size_t> instance = random_flags(question_count, flag_count);
    return instance;
}

/// Runs `ask(i)` and reports allocations a call; ends with an error where there are any.
template <class Ask>
void measure(benchmark::State& state, Ask&& ask) {
    benchmark::DoNotOptimize(ask(0));  // warms up: the thread takes its slot
    const std::uint64_t before = allocation_count();
    std::size_t i = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(ask(i));
        i = (i + 1) & (question_count - 1);
    }
    const std::uint64_t allocations = allocation_count() - before;
    state.counters["allocations"] =
        static_cast<double>(allocations) / static_cast<double>(state.iterations());
    if (state.threads() == 1 && allocations > 0) state.SkipWithError("an answer allocated memory");
}

void variant_by_key_predictable(benchmark::State& state) {
    const Client& asked = client();
    const User user = predictable_user(7);
    const std::string key = flag_key(500);
    measure(state, [&](std::size_t) { return asked.variant(key, user); });
}
BENCHMARK(variant_by_key_predictable)->ThreadRange(1, 2)->UseRealTime();

void variant_by_handle_predictable(benchmark::State& state) {
    const User user = predictable_user(7);
    const Client::Handle handle = client().handle(flag_key(500));
    measure(state, [&](std::size_t) { return handle.variant(user); });
}
BENCHMARK(variant_by_handle_predictable)->ThreadRange(1, 2)->UseRealTime();

/// In which order the users come whom random flags are asked about.
enum class Order { in_turns, random };

/// Random flags for the first `user_count` random users.
template <class Ask>
void measure_random(benchmark::State& state, std::size_t user_count, Order order, Ask&& ask) {
    static const std::vector<std::size_t> drawn = random_order(question_count, question_count);
    static const std::vector<std::size_t> turns = [] {
        std::vector<std::size_t> result(question_count);
        std::iota(result.begin(), result.end(), std::size_t{0});
        return result;
    }();
    const std::vector<std::size_t>& places = order == Order::random ? drawn : turns;
    measure(state, [&flag = flags(), &user = users(), &places, &ask, last_user = user_count - 1](
                       std::size_t i) { return ask(flag[i], user[places[i] & last_user]); });
}

void variant_by_key_random(benchmark::State& state, std::size_t user_count, Order order) {
    measure_random(state, user_count, order,
                   [&asked = client(), &key = keys()](std::size_t flag, const User& user) {
                       return asked.variant(key[flag], user);
                   });
}
void variant_by_handle_random(benchmark::State& state, std::size_t user_count, Order order) {
    measure_random(state, user_count, order, [&handle = handles()](std::size_t flag, const User& user) {
        return handle[flag]->variant(user);
    });
}
// The users of a game server, which stay in the core's own cache; who come in turns are learned by the processor.
BENCHMARK_CAPTURE(variant_by_key_random, 256_in_turns, 256, Order::in_turns)->UseRealTime();
BENCHMARK_CAPTURE(variant_by_handle_random, 256_in_turns, 256, Order::in_turns)->UseRealTime();
BENCHMARK_CAPTURE(variant_by_key_random, 256, 256, Order::random)->UseRealTime();
BENCHMARK_CAPTURE(variant_by_handle_random, 256, 256, Order::random)->UseRealTime();
// 12 MB of them, which do not.
BENCHMARK_CAPTURE(variant_by_key_random, 16384_in_turns, question_count, Order::in_turns)->UseRealTime();
BENCHMARK_CAPTURE(variant_by_handle_random, 16384_in_turns, question_count, Order::in_turns)->UseRealTime();
BENCHMARK_CAPTURE(variant_by_key_random, 16384, question_count, Order::random)->UseRealTime();
BENCHMARK_CAPTURE(variant_by_handle_random, 16384, question_count, Order::random)->UseRealTime();

/// The header-only path: no client, no library.
void evaluate_header_only(benchmark::State& state) {
    const Snapshot snapshot = client().snapshot();
    const image::View view = snapshot.view();
    const User user = predictable_user(7);
    const std::string key = flag_key(500);
    measure(state, [&](std::size_t) { return eval::evaluate(view, key, user); });
}
BENCHMARK(evaluate_header_only)->UseRealTime();

void user_of_six_attributes(benchmark::State& state) {
    measure(state, [](std::size_t) {
        return User("user-42", {{"country", "DE"},
                                {"plan", "pro"},
                                {"app_version", "4.3.2"},
                                {"email", "person@example.com"},
                                {"level", 31},
                                {"beta", true}});
    });
}
BENCHMARK(user_of_six_attributes);

}  // namespace
}  // namespace expplat::bench
