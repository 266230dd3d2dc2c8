// Asks the three clients the same question in one run and prints a table of times and how many times as fast expplat is by key.
//
// First each peer's answers are checked. The rounds of all rows are drawn in random order, so that a slow minute of the machine
// falls on all alike; a row's figure is the median of its rounds. Google benchmark's options go through. Exit 1 where an answer is
// wrong or a ratio misses its budget.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bench/peers/question.hpp"

namespace expplat::bench {
namespace {

/// At least this many times as fast (ARCHITECTURE, budgets).
constexpr double launchdarkly_budget = 40;
constexpr double configcat_budget = 10;

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// Keeps the times of all rounds and prints nothing until the end.
class Rounds : public benchmark::BenchmarkReporter {
public:
    bool ReportContext(const Context&) override { return true; }

    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& run : runs) {
            require(!run.error_occurred, run.error_message);
            if (run.run_type != Run::RT_Iteration) continue;
            const Row row{run.run_name.function_name, run.threads};
            if (!times_.contains(row)) order_.push_back(row);
            times_[row].push_back(run.GetAdjustedRealTime());
        }
    }

    void print() {
        std::sort(order_.begin(), order_.end(), [](const Row& a, const Row& b) {
            return a.second != b.second ? a.second < b.second : a.first < b.first;
        });
        std::printf("%-24s %7s %8s %10s %10s %10s\n", "answer", "threads", "rounds", "median ns", "fastest",
                    "slowest");
        for (const Row& row : order_) {
            const std::vector<double>& times = times_[row];
            const auto [fastest, slowest] = std::minmax_element(times.begin(), times.end());
            std::printf("%-24s %7lld %8zu %10.1f %10.1f %10.1f\n", row.first.c_str(),
                        static_cast<long long>(row.second), times.size(), median(times), *fastest, *slowest);
        }
    }

    /// How many times as long as expplat by key a row took, on one thread; 0 where either did not run.
    [[nodiscard]] double ratio(const std::string& row) {
        const double ours = median(times_[{"expplat_by_key", 1}]);
        return ours > 0 ? median(times_[{row, 1}]) / ours : 0;
    }

private:
    using Row = std::pair<std::string, std::int64_t>;  // name, threads
    std::map<Row, std::vector<double>> times_;
    std::vector<Row> order_;
};

bool print_ratio(const char* peer, double ratio, double budget) {
    if (ratio == 0) return true;  // filtered away
    std::printf("expplat by key is %.1f times as fast as %s (budget: %.0f): %s\n", ratio, peer, budget,
                ratio >= budget ? "holds" : "missed");
    return ratio >= budget;
}

int run(int argc, char** argv) {
    std::vector<std::string> defaults{argv[0], "--benchmark_enable_random_interleaving=true",
                                      "--benchmark_repetitions=15", "--benchmark_min_time=0.1"};
    std::vector<char*> arguments;
    for (std::string& argument : defaults) arguments.push_back(argument.data());
    arguments.insert(arguments.end(), argv + 1, argv + argc);
    int count = static_cast<int>(arguments.size());
    arguments.push_back(nullptr);
    benchmark::Initialize(&count, arguments.data());
    if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;

    for (const auto& [peer, answers] :
         {std::pair{"LaunchDarkly", check_launchdarkly()}, std::pair{"ConfigCat", check_configcat()}}) {
        require(answers.by_rule > 0 && answers.by_split > 0, "the check asked nothing");
        std::printf("%s answers %zu questions right: %zu by a rule, %zu by a split\n", peer,
                    answers.by_rule + answers.by_split, answers.by_rule, answers.by_split);
    }

    Rounds rounds;
    benchmark::RunSpecifiedBenchmarks(&rounds);
    benchmark::Shutdown();
    rounds.print();
    const bool first = print_ratio("LaunchDarkly", rounds.ratio("launchdarkly_by_key"), launchdarkly_budget);
    const bool second = print_ratio("ConfigCat", rounds.ratio("configcat_by_key"), configcat_budget);
    return first && second ? 0 : 1;
}

}  // namespace
}  // namespace expplat::bench

int main(int argc, char** argv) { return expplat::bench::run(argc, argv); }
