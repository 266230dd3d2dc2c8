// What an exposure costs on top of an answer: deduplicated, and recorded.
//
// The same flags with `exposures` on and a sink that takes everything. Compare with `variant_by_handle_predictable`:
// `exposure_off` is that question on this ruleset without a sink.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "bench/allocations.hpp"
#include "bench/workload.hpp"
#include "expplat/expplat.hpp"

namespace expplat::bench {
namespace {

Client open_client(bool recording, std::int64_t dedupe_window_ms) {
    Config config;
    config.source = Source::text(ruleset_json(100, true));
    config.dedupe_window_ms = dedupe_window_ms;
    if (recording) {
        config.sink = Sink::custom([](std::span<const exposure::Event> batch) {
            return exposure::Delivery{.acknowledged = batch.size(), .rejected = 0, .message = {}};
        });
    }
    return std::move(Client::open(std::move(config))).value();
}

void ask(benchmark::State& state, const Client& client) {
    const User user = predictable_user(7);
    const Client::Handle handle = client.handle(flag_key(50));
    benchmark::DoNotOptimize(handle.variant(user));
    for (auto _ : state) benchmark::DoNotOptimize(handle.variant(user));
}

void exposure_off(benchmark::State& state) {
    static const Client client = open_client(false, limits::dedupe_window_ms);
    ask(state, client);
}
BENCHMARK(exposure_off)->UseRealTime();

void exposure_deduplicated(benchmark::State& state) {
    static const Client client = open_client(true, limits::dedupe_window_ms);
    const std::uint64_t before = allocation_count();
    ask(state, client);
    state.counters["allocations"] =
        static_cast<double>(allocation_count() - before) / static_cast<double>(state.iterations());
}
BENCHMARK(exposure_deduplicated)->ThreadRange(1, 2)->UseRealTime();

/// A window of 0 records every answer. Bursts that the default queue holds, each into an empty one, which the loop begins
/// to empty meanwhile.
void exposure_recorded(benchmark::State& state) {
    static const Client client = open_client(true, 0);
    const User user = predictable_user(7);
    const Client::Handle handle = client.handle(flag_key(50));
    constexpr int events = limits::queue_events * 9 / 10;
    std::uint64_t recorded = 0;
    for (auto _ : state) {
        state.PauseTiming();
        (void)client.flush(std::chrono::seconds(10));
        state.ResumeTiming();
        for (int i = 0; i < events; ++i) benchmark::DoNotOptimize(handle.variant(user));
        recorded += events;
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(recorded));
    const Stats stats = client.stats();
    state.counters["dropped"] = static_cast<double>(stats.dropped_queue_full);
    state.counters["ns_each"] = benchmark::Counter(static_cast<double>(recorded) * 1e-9,
                                                   benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(exposure_recorded)->Iterations(200)->UseRealTime();

}  // namespace
}  // namespace expplat::bench
