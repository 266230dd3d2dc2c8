// What the C face costs over `Client::variant`: the same questions as `evaluate_bench.cpp`, answered into a struct.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/allocations.hpp"
#include "bench/workload.hpp"
#include "expplat/c/expplat.h"

namespace expplat::bench {
namespace {

constexpr std::size_t flag_count = 1'000;

expplat_str str(const std::string& text) { return {text.data(), text.size()}; }

expplat_client* client() {
    static expplat_client* const instance = [] {
        expplat_config* const config = expplat_config_create();
        expplat_config_source_text(config, str(ruleset_json(flag_count, false)));
        expplat_client* const opened = expplat_open(config, nullptr);
        expplat_config_destroy(config);
        return opened;
    }();
    return instance;
}

/// `predictable_user`, attribute by attribute.
expplat_user* user() {
    const User source = predictable_user(7);
    const std::string_view key = source.key();
    expplat_user* const made = expplat_user_create({key.data(), key.size()});
    source.for_each([&](std::string_view name, const User::Stored& stored) {
        const expplat_str named{name.data(), name.size()};
        if (stored.kind == ValueKind::string) {
            const std::string_view text = source.text(stored);
            expplat_user_set_string(made, named, {text.data(), text.size()});
        } else if (stored.kind == ValueKind::boolean) {
            expplat_user_set_bool(made, named, stored.bits != 0);
        } else {
            expplat_user_set_int(made, named, static_cast<std::int64_t>(stored.bits));
        }
    });
    return made;
}

/// Runs `ask(answer)`; ends with an error where it allocates or gives no variant.
template <class Ask>
void measure(benchmark::State& state, Ask&& ask) {
    expplat_answer answer;
    ask(&answer);
    if (answer.variant_size == 0) state.SkipWithError("no variant");
    const std::uint64_t before = allocation_count();
    for (auto _ : state) {
        ask(&answer);
        benchmark::DoNotOptimize(answer);
    }
    if (allocation_count() != before) state.SkipWithError("an answer allocated memory");
}

void c_variant_by_key(benchmark::State& state) {
    expplat_client* const asked = client();
    expplat_user* const whom = user();
    const std::string key = flag_key(500);
    measure(state, [&](expplat_answer* answer) { expplat_variant(asked, str(key), whom, answer); });
    expplat_user_destroy(whom);
}
BENCHMARK(c_variant_by_key)->UseRealTime();

void c_variant_by_handle(benchmark::State& state) {
    expplat_user* const whom = user();
    expplat_handle* const handle = expplat_handle_create(client(), str(flag_key(500)));
    measure(state, [&](expplat_answer* answer) { expplat_handle_variant(handle, whom, answer); });
    expplat_handle_destroy(handle);
    expplat_user_destroy(whom);
}
BENCHMARK(c_variant_by_handle)->UseRealTime();

}  // namespace
}  // namespace expplat::bench
