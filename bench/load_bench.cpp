// How fast a ruleset comes in: from a cache file to the first answer, from JSON to an adopted snapshot, one flag's patch.
//
// 10,000 flags of three rules and a split (`workload.hpp`).

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "bench/workload.hpp"
#include "expplat/expplat.hpp"
#include "expplat/image/verify.hpp"
#include "src/ruleset/workspace.hpp"

namespace expplat::bench {
namespace {

constexpr std::size_t flag_count = 10'000;

const std::string& json() {
    static const std::string instance = ruleset_json(flag_count, false);
    return instance;
}

const image::Image& compiled_image() {
    static const image::Image instance =
        std::move(ruleset::Workspace(ruleset::Mode::strict).compile(json())).value().image;
    return instance;
}

std::string temporary_path(const char* name) {
    const char* const folder = std::getenv("TMPDIR");
    return std::string(folder != nullptr ? folder : "/tmp") + "/expplat-bench-" + name;
}

void open_and_ask(benchmark::State& state, const Source& source) {
    const User user = predictable_user(7);
    for (auto _ : state) {
        Config config;
        config.source = source;
        const Result<Client> client = Client::open(std::move(config));
        benchmark::DoNotOptimize(client->variant(flag_key(5'000), user));
    }
}

void cache_file_to_first_answer(benchmark::State& state) {
    const std::string path = temporary_path("ruleset.xpr");
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(compiled_image().bytes().data()),
               static_cast<std::streamsize>(compiled_image().bytes().size()));
    open_and_ask(state, Source::file(path));
    state.counters["image_bytes"] = static_cast<double>(compiled_image().bytes().size());
    std::remove(path.c_str());
}
BENCHMARK(cache_file_to_first_answer)->Unit(benchmark::kMillisecond)->UseRealTime();

void verify_image(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(image::verify(compiled_image().bytes()).ok());
}
BENCHMARK(verify_image)->Unit(benchmark::kMillisecond)->UseRealTime();

void json_to_adopted_snapshot(benchmark::State& state) {
    open_and_ask(state, Source::text(json()));
    state.counters["json_bytes"] = static_cast<double>(json().size());
}
BENCHMARK(json_to_adopted_snapshot)->Unit(benchmark::kMillisecond)->UseRealTime();

void patch_of_one_flag(benchmark::State& state) {
    ruleset::Workspace workspace(ruleset::Mode::tolerant);
    (void)workspace.compile(json());
    for (auto _ : state) {
        const auto patched = workspace.patch(patch_json(77, workspace.version(), workspace.version() + 1));
        if (!patched || patched->compiled_entities != 1)
            state.SkipWithError("a patch of one flag compiled something else");
    }
}
BENCHMARK(patch_of_one_flag)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace expplat::bench
