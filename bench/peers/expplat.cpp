// expplat's rows. A user, and a handle, are made beforehand, as those of the peers are.

#include <benchmark/benchmark.h>

#include <string>

#include "bench/peers/question.hpp"
#include "bench/workload.hpp"

namespace expplat::bench {
namespace {

void expplat_by_key(benchmark::State& state) {
    const Client& asked = client();
    const User user = predictable_user(asked_user);
    const std::string key = flag_key(asked_flag);
    for (auto _ : state) benchmark::DoNotOptimize(asked.variant(key, user));
}
BENCHMARK(expplat_by_key)->ThreadRange(1, 2)->UseRealTime();

void expplat_by_handle(benchmark::State& state) {
    const User user = predictable_user(asked_user);
    const Client::Handle handle = client().handle(flag_key(asked_flag));
    for (auto _ : state) benchmark::DoNotOptimize(handle.variant(user));
}
BENCHMARK(expplat_by_handle)->ThreadRange(1, 2)->UseRealTime();

/// The value as a text of its own, which is what the peers return.
void expplat_string_by_key(benchmark::State& state) {
    const Client& asked = client();
    const User user = predictable_user(asked_user);
    const std::string key = flag_key(asked_flag);
    for (auto _ : state) benchmark::DoNotOptimize(asked.string(key, user, no_answer));
}
BENCHMARK(expplat_string_by_key)->ThreadRange(1, 2)->UseRealTime();

}  // namespace
}  // namespace expplat::bench
